"""What it costs to hide what was said, to restore what is left, and to count what was used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest

from tests.behaviour.counting import Counted

Act: TypeAlias = Callable[[Any], object]

VERBS: Final[dict[str, tuple[Act, int]]] = {
    "truncate": (lambda chat: chat.truncate(2), 1),
    "summarize": (lambda chat: chat.summarize("so far", keep_last=3), 1),
    "clear": (lambda chat: chat.clear(), 1),
    "replace": (lambda chat: chat.replace([{"n": "a"}, {"n": "b"}]), 1 + 2),
}
"""What hides messages, and its PUTs: history.json, and the messages that replace the others."""


@pytest.mark.parametrize("verb", VERBS)
def test_hiding_what_was_said_is_one_list_two_gets_and_one_put(counted: Counted, verb: str) -> None:
    act, puts = VERBS[verb]
    counted.fill(5)
    sessions = counted.rig.sessions()
    chat = sessions.open("s")
    chat.restore()
    known = {"list": 1, "get": 2, "put": puts}
    assert counted.cost(lambda _: act(chat), sessions) == known
    chat.append({"n": 5})
    # history.json is there by now, and not read again; a fresh handle restores first.
    assert counted.cost(lambda _: chat.summarize("more", keep_last=1), sessions) == {
        **known,
        "put": 1,
    }
    visible, documents = 1, 3
    hidden = 5 if verb != "replace" else 7
    chat.append({"n": 6})
    assert counted.cost(lambda s: s.open("s").truncate(1)) == {
        "list": 2,
        "get": min(32, hidden + visible + 1) + documents + 2,
        "put": 1,
    }


def test_compacting_is_a_list_three_gets_and_a_deletion_for_each_thousand(counted: Counted) -> None:
    counted.fill(5)
    assert counted.cost(lambda s: s.open("s").compact(min_age=0)) == {"list": 1, "get": 1}
    counted.rig.sessions().open("s").truncate(2)
    hidden = counted.cost(lambda s: s.open("s").compact(min_age=0))
    # session.json, history.json, and the newest message, which stays.
    assert hidden == {"list": 1, "get": 3, "delete_many": 1}
    assert counted.cost(lambda s: s.open("s").compact(min_age=0)) == {"list": 1, "get": 2}


def test_a_restore_reads_nothing_that_is_hidden_but_what_goes_out_with_the_documents(
    counted: Counted,
) -> None:
    counted.fill(9)
    counted.rig.sessions().open("s").summarize("so far", keep_last=6)
    documents, narrow = 3, counted.rig.sessions(width=4)

    def cost(act: Callable[[Any], object]) -> dict[str, int]:
        return counted.cost(lambda sessions: act(sessions.open("s")), narrow)

    assert cost(lambda chat: chat.restore()) == {"list": 1, "get": 6 + documents}
    assert cost(lambda chat: chat.restore(last=2)) == {"list": 1, "get": 2 + documents}
    assert cost(lambda chat: list(chat.iterate())) == {"list": 1, "get": 6 + 2}
    # As wide as by default, all nine go out before it is known where the history begins.
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 1, "get": 9 + documents}
    narrow.open("s").compact(min_age=0)
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 1, "get": 6 + documents}
    # What lacks at the beginning says nothing of the end: the newest message is read for it.
    assert counted.cost(lambda s: s.open("s").append({})) == {"list": 1, "get": 2, "put": 1}


def test_usage_and_the_end_of_a_stream_cost_no_request_of_their_own(counted: Counted) -> None:
    sessions = counted.rig.sessions()
    chat = sessions.open("s")
    chat.append({"n": 0})
    used = {"inputTokens": 12}
    begun: list[Any] = []

    def begin(_: Any) -> None:
        begun.append(chat.append({"n": 1}, usage=used, status="partial"))

    assert counted.cost(begin, sessions) == {"put": 1}
    index = begun[0].index
    assert counted.cost(lambda _: chat.complete(index, {"n": 2}, usage=used), sessions) == {
        "get": 1,
        "put": 1,
    }
    assert counted.cost(lambda _: chat.append_many([{}, {}], usage=[None, used]), sessions) == {
        "put": 2
    }
