"""What hiding and summarising what was said promise, on every store and in both colours."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from s3sessions import Conflict, Sessions
from s3sessions.models import HistoryChange, Summary
from s3sessions.stores.memory import MemoryStore
from tests.behaviour.planting import commit, member, plant_message
from tests.behaviour.speaking import (
    HISTORY_DOCUMENT,
    SESSION_DOCUMENT,
    VERBS,
    Act,
    document,
    heard,
    message_key,
    say,
    spoken,
    stored,
)
from tests.rig import Rig

every_verb = pytest.mark.parametrize("verb", VERBS)


def test_a_truncation_keeps_the_newest_and_what_comes_stands_behind_them(rig: Rig) -> None:
    chat = spoken(rig, 10)
    assert chat.truncate(4) == HistoryChange(first=6, hidden=6, summary=None, usage={})
    assert heard(rig) == [6, 7, 8, 9]
    assert chat.append({"n": 10}).index == 10
    assert rig.sessions().open("s").append({"n": 11}).index == 11
    history = rig.sessions().open("s").restore()
    assert (history.first, history.next_index, history.holes) == (6, 12, ())
    assert stored(rig) == list(range(12)), "nothing is deleted until it is compacted"


@pytest.mark.parametrize(
    ("keep_last", "kept"), [(0, []), (1, [2]), (3, [0, 1, 2]), (100, [0, 1, 2])]
)
def test_a_truncation_to_none_hides_all_and_one_to_more_than_there_are_hides_none(
    memory_rig: Rig, keep_last: int, kept: list[int]
) -> None:
    change = spoken(memory_rig, 3).truncate(keep_last)
    assert heard(memory_rig) == kept
    assert (change.hidden, change.first) == (3 - len(kept), 3 - len(kept))
    assert (HISTORY_DOCUMENT in memory_rig.keys()) == (len(kept) < 3)


def test_what_is_hidden_stays_hidden(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 6)
    chat.truncate(2)
    before = memory_rig.body(HISTORY_DOCUMENT)
    assert chat.truncate(5).hidden == 0
    assert memory_rig.body(HISTORY_DOCUMENT) == before, "a change of nothing is no write"
    say(chat, [6, 7])
    chat.truncate(5)
    assert heard(memory_rig) == [4, 5, 6, 7]
    chat.truncate(3)
    assert heard(memory_rig) == [5, 6, 7]


def test_a_truncation_cuts_no_batch(memory_rig: Rig) -> None:
    for keep_last, kept in enumerate(
        [[], [5, 6], [5, 6], [4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]]
    ):
        chat = memory_rig.sessions().open(f"s{keep_last}")
        chat.append({"n": 0})
        chat.append_many([{"n": 1}, {"n": 2}, {"n": 3}])
        chat.append({"n": 4})
        chat.append_many([{"n": 5}, {"n": 6}])
        chat.truncate(keep_last)
        history = memory_rig.sessions().open(f"s{keep_last}").restore()
        assert [payload["n"] for payload in history.payloads] == kept
        newest = memory_rig.sessions().open(f"s{keep_last}").restore(last=1)
        assert [payload["n"] for payload in newest.payloads] == kept[-2:]


def test_a_batch_that_stands_apart_is_hidden_whole_or_not_at_all(memory_rig: Rig) -> None:
    spoken(memory_rig, 1)
    plant_message(memory_rig, 1, {"n": 1}, **commit(1, 3))
    plant_message(memory_rig, 2, {"n": "dead"}, **member(2, 1, batch="another"))
    plant_message(memory_rig, 3, {"n": 2}, **member(3, 1))
    plant_message(memory_rig, 4, {"n": 3})
    chat = memory_rig.sessions().open("s")
    assert chat.truncate(2).first == 1
    assert heard(memory_rig) == [1, 2, 3]
    assert chat.truncate(1).hidden == 2
    assert heard(memory_rig) == [3]


def test_what_counts_are_the_messages_and_not_what_documents_say(memory_rig: Rig) -> None:
    spoken(memory_rig, 10)
    # Another writer of the layout, and a crash that left no documents.
    memory_rig.plant(message_key(10), json.dumps({"message": {"n": 10}}).encode())
    memory_rig.remove("session_s/agents/agent_default/agent.json")
    memory_rig.remove(SESSION_DOCUMENT)
    memory_rig.sessions().open("s").truncate(4)
    assert heard(memory_rig) == [7, 8, 9, 10]


def test_a_summary_is_none_before_it_is_set_and_is_set_replaced_and_taken_away(
    memory_rig: Rig,
) -> None:
    chat = spoken(memory_rig, 3)
    assert chat.restore().summary is None
    assert chat.summarize("first").summary == Summary("first", covers_to=3)
    assert memory_rig.sessions().open("s").restore().summary == Summary("first", covers_to=3)
    say(chat, [3])
    assert chat.summarize("sécond 🎈", keep_last=1).summary == Summary("sécond 🎈", covers_to=3)
    history = memory_rig.sessions().open("s").restore()
    assert (history.summary, heard(memory_rig)) == (Summary("sécond 🎈", covers_to=3), [3])
    chat.truncate(0)
    assert memory_rig.sessions().open("s").restore().summary == history.summary
    assert chat.summarize("").summary is None
    assert memory_rig.sessions().open("s").restore().summary is None


def test_a_long_conversation_is_summarised_and_compacted_and_goes_on(rig: Rig) -> None:
    chat = spoken(rig, 20)
    change = chat.summarize("we have counted to 15", keep_last=4)
    assert (change.first, change.hidden) == (16, 16)
    assert chat.compact(min_age=0).objects == 16
    history = rig.sessions().open("s").restore()
    assert history.payloads == [{"n": n} for n in range(16, 20)]
    assert history.summary == Summary("we have counted to 15", covers_to=16)
    assert chat.append({"n": 20}).index == 20


def test_a_cleared_history_is_empty_and_goes_on_at_the_next_index(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(3):
        chat.append({"n": n}, usage={"inputTokens": 10})
    chat.summarize("so far")
    change = chat.clear()
    assert change == HistoryChange(first=3, hidden=3, summary=None, usage={"inputTokens": 30})
    history = memory_rig.sessions().open("s").restore()
    assert (history.messages, history.summary, history.next_index) == ([], None, 3)
    assert history.usage == {"inputTokens": 30}
    assert memory_rig.sessions().open("s").append({"n": 3}).index == 3
    assert heard(memory_rig) == [3]


@every_verb
def test_other_sessions_and_agents_stay_as_they_are(memory_rig: Rig, verb: str) -> None:
    sessions = memory_rig.sessions()
    others = [sessions.open(*ids) for ids in (("sa",), ("s", "two"), ("s1", "default"))]
    for chat in (sessions.open("s"), *others):
        say(chat, range(5))
    VERBS[verb](sessions.open("s"))
    sessions.open("s").compact(min_age=0)
    for chat in others:
        history = memory_rig.sessions().open(chat.session_id, chat.agent_id).restore()
        assert history.payloads == [{"n": n} for n in range(5)]
        assert (history.summary, history.first) == (None, 0)


@every_verb
def test_whoever_began_a_session_can_move_its_beginning(memory_rig: Rig, verb: str) -> None:
    chat = memory_rig.sessions().open("s")
    chat.restore()
    say(chat, range(5))
    VERBS[verb](chat)
    assert document(memory_rig)["first"] == {
        "summarize alone": 0,
        "truncate": 3,
        "summarize": 3,
    }.get(verb, 5)
    chat.append({"n": 9})
    assert heard(memory_rig)[-1] == 9


@every_verb
def test_a_session_in_which_nobody_spoke_has_a_past_too(memory_rig: Rig, verb: str) -> None:
    chat = memory_rig.sessions().open("s")
    VERBS[verb](chat)
    history = memory_rig.sessions().open("s").restore()
    if verb in ("truncate", "clear"):
        assert memory_rig.keys() == [], "a change of nothing creates no session"
    assert history.payloads == ([{"n": "new"}] if verb == "replace" else [])
    assert (history.summary is not None) == verb.startswith("summarize")
    chat.append({"n": 1})
    assert heard(memory_rig)[-1] == 1


def test_a_handle_goes_on_where_another_has_hidden_what_it_knows(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.restore()
    memory_rig.sessions().open("s").truncate(1)
    assert chat.append({"n": 5}).index == 5, "its end is what it was"
    assert heard(memory_rig) == [4, 5]
    memory_rig.sessions().open("s").append({"n": 6})
    assert [message.payload["n"] for message in chat.refresh()] == [6]
    with pytest.raises(Conflict):
        chat.truncate(2)
    assert heard(memory_rig) == [4, 5, 6]
    chat.restore()
    chat.truncate(2)
    assert heard(memory_rig) == [5, 6]


@pytest.mark.parametrize(
    "read",
    [
        lambda chat: chat.restore(last=2),
        lambda chat: chat.restore(start=5),
        lambda chat: chat.append({"n": 7}),
    ],
    ids=["the newest", "from a start", "nothing"],
)
def test_who_has_read_a_part_counts_the_whole(memory_rig: Rig, read: Act) -> None:
    spoken(memory_rig, 7)
    chat = memory_rig.sessions().open("s")
    read(chat)
    chat.append({"n": 8})
    chat.truncate(4)
    assert len(heard(memory_rig)) == 4


@pytest.mark.parametrize("by_another", [False, True])
def test_a_message_that_was_removed_does_not_count(memory_rig: Rig, by_another: bool) -> None:
    chat = spoken(memory_rig, 5)
    chat.restore()
    (memory_rig.sessions().open("s") if by_another else chat).remove(3)
    assert chat.truncate(2).hidden == 2
    assert heard(memory_rig) == [2, 4]


def test_who_shares_a_log_counts_what_others_have_said(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s", on_conflict="rebase")
    for n in range(3):
        chat.append({"n": n}, usage={"tokens": 1})
    chat.restore()
    memory_rig.sessions().open("s").append({"n": 3}, usage={"tokens": 1})
    assert chat.append({"n": 4}, usage={"tokens": 1}).index == 4
    assert chat.truncate(1).usage == {"tokens": 4}
    assert heard(memory_rig) == [4]


@pytest.mark.parametrize("second", VERBS)
@pytest.mark.parametrize("first", VERBS)
def test_who_does_not_know_of_another_change_has_a_conflict_and_changes_nothing(
    memory_rig: Rig, first: str, second: str
) -> None:
    spoken(memory_rig, 5)
    one, two = (memory_rig.sessions().open("s") for _ in range(2))
    one.restore()
    two.restore()
    VERBS[first](one)
    before = memory_rig.sessions().open("s").restore()
    with pytest.raises(Conflict):
        VERBS[second](two)
    after = memory_rig.sessions().open("s").restore()
    assert (after.payloads, after.summary) == (before.payloads, before.summary)
    two.restore()
    VERBS[second](two)
    assert two.append({"n": 9}).payload == heard_last(memory_rig)


def heard_last(rig: Rig) -> dict[str, Any]:
    payloads: list[dict[str, Any]] = rig.sessions().open("s").restore().payloads
    return payloads[-1]


def test_what_others_say_while_it_is_summarised_is_all_kept() -> None:
    memory = MemoryStore()
    say(Sessions(store=memory).open("s"), range(10))
    errors: list[BaseException] = []
    newest: set[int] = set()

    def talk() -> None:
        try:
            say(Sessions(store=memory).open("s", on_conflict="rebase"), range(10, 60))
        except BaseException as error:
            errors.append(error)

    talker = threading.Thread(target=talk)
    talker.start()
    chat = Sessions(store=memory).open("s")
    for turn in range(10):
        known = [message.index for message in chat.restore().messages]
        chat.summarize(f"summary {turn}", keep_last=5)
        newest.update(known[-5:])
        left = {message.index for message in Sessions(store=memory).open("s").restore().messages}
        assert set(known[-5:]) <= left
    talker.join()
    assert errors == []
    history = Sessions(store=memory).open("s").restore()
    assert history.next_index == 60
    assert history.summary is not None
    assert [m.index for m in history.messages] == list(range(history.first, 60))
    assert history.first <= max(newest)
