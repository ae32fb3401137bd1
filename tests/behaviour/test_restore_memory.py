"""What a restore holds in memory: so much for each message, however many there are."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from s3sessions import Sessions

MESSAGE = {"role": "user", "content": "x" * 1000}


def loose(sessions: Sessions, count: int) -> None:
    chat = sessions.open("s")
    for _ in range(count):
        chat.append(MESSAGE)


def packed(sessions: Sessions, count: int) -> None:
    loose(sessions, count)
    sessions.open("s").compact(pack=True, min_age=0)


def peak(history: Callable[[Sessions, int], None], count: int) -> float:
    """Give the most bytes that a restore holds at once, for each message."""
    with Sessions("memory://") as sessions:
        history(sessions, count)
        sessions.open("s").restore(last=2)  # what is imported once is not counted
        gc.collect()
        tracemalloc.start()
        try:
            restored = sessions.open("s").restore()
            return tracemalloc.get_traced_memory()[1] / len(restored.messages)
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("history", [loose, packed])
def test_a_restore_holds_as_much_for_each_message_of_a_long_history_as_of_a_short_one(
    history: Callable[[Sessions, int], None],
) -> None:
    of_a_short_one, of_a_long_one = peak(history, 500), peak(history, 3_000)
    assert of_a_long_one < 1.2 * of_a_short_one
    # The body as it came, and what it says: no copy more.
    assert of_a_long_one < 4 * len(str(MESSAGE))
