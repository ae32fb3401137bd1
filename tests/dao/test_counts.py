"""What is counted equals what is there, whatever failed while it was written."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeAlias

import pytest

from s3sessions import Sessions, StoreUnavailable
from s3sessions.stores.memory import MemoryStore
from s3sessions.usage import fold
from tests.dao.deleting import KillAt, KilledError
from tests.interposed import Interposed

Speak: TypeAlias = Callable[[Any, int], object]

USED = {"messages": 1, "toolCalls": 2, "cost": 0.1}
TURNS = 3


def say_one(chat: Any, turn: int) -> None:
    chat.append({"turn": turn}, write_id=f"w{turn}", usage=USED)


def say_three(chat: Any, turn: int) -> None:
    chat.append_many([{"turn": turn}] * 3, write_id=f"w{turn}", usage=[USED] * 3)


def redelivered(memory: MemoryStore, hook: Any, speak: Speak) -> None:
    """Speak, and whatever dies is begun again by another process until it has ended."""
    for turn in range(TURNS):
        for store in (Interposed(memory, hook), memory):
            with suppress(KilledError, StoreUnavailable):
                speak(Sessions(store=store).open("s"), turn)
                break


@pytest.mark.parametrize("speak", [say_one, say_three], ids=lambda speak: str(speak.__name__))
@pytest.mark.parametrize("error", [KilledError(), StoreUnavailable("timeout")], ids=type)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_counts_and_totals_equal_what_adding_up_anew_gives_after_a_crash_at_any_request(
    speak: Speak, error: BaseException, after: bool
) -> None:
    expected = TURNS * (3 if speak is say_three else 1)
    for request in range(1, 99):
        memory = MemoryStore()
        hook = KillAt(request, after=after, error=error)
        redelivered(memory, hook, speak)
        sessions = Sessions(store=memory)
        history = sessions.open("s").restore()
        seen = list(sessions.open("s").iterate())
        assert len(history.messages) == len(seen) == expected
        assert history.usage == fold(seen)
        assert history.usage["toolCalls"] == 2 * expected
        keys = [entry.key for entry in memory.list("session_s/").entries]
        objects = sum("/messages/" in key for key in keys)
        assert sessions.info("s").messages == sessions.stats().messages == objects
        assert objects >= expected, "members that nobody committed are objects too"
        if not hook.struck:
            break
    assert request > TURNS
