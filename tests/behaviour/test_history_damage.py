"""A history whose documents are damaged, lost or of another life, and verbs that are misused."""

from __future__ import annotations

import json
import logging
from contextlib import suppress

import pytest

from s3sessions import Conflict, CorruptObject, InvalidMessage, InvalidSettings, UnsupportedVersion
from tests.behaviour.speaking import (
    HISTORY_DOCUMENT,
    SESSION_DOCUMENT,
    VERBS,
    Act,
    document,
    heard,
    message_key,
    spoken,
)
from tests.rig import Rig


def test_what_is_no_number_and_no_text_is_refused_before_any_request(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    chat = sessions.open("s")
    for keep_last in (-1, True, 1.5, "3", None):
        with pytest.raises(InvalidSettings, match="keep_last"):
            chat.truncate(keep_last)
    for keep_last in (-1, False, 2.0):
        with pytest.raises(InvalidSettings, match="keep_last"):
            chat.summarize("so far", keep_last=keep_last)
    for text in (None, b"so far", ["so far"], "lone \ud800"):
        with pytest.raises(InvalidMessage):
            chat.summarize(text)
    for min_age in (-1, True, float("nan"), "1 day", None):
        with pytest.raises(InvalidSettings, match="min_age"):
            chat.compact(min_age=min_age)
    for payloads in ([{"n": 0}] * 1001, [{"n": 0}, {"n": {1}}], [["n"]]):
        with pytest.raises(InvalidMessage):
            chat.replace(payloads)
    with pytest.raises(InvalidSettings, match="partial"):
        chat.restore(partial="hide")
    assert sessions.requests.total == 0


UNREADABLE = {
    "empty": b"",
    "cut": b'{"first": 3, "repl',
    "a list": b"[]",
    "foreign": b'{"theme": "dark"}',
    "a first that is none": b'{"first": -1, "s3sessions": {"v": 1}}',
    "a summary that is none": b'{"first": 0, "summary": "text", "s3sessions": {"v": 1}}',
    "a usage that is none": b'{"first": 0, "usage": {"x": "y"}, "s3sessions": {"v": 1}}',
    "another version": b'{"first": 3, "s3sessions": {"v": 99}}',
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_history_document_that_cannot_be_read_costs_no_message_and_is_never_overwritten(
    memory_rig: Rig, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    spoken(memory_rig, 5).truncate(2)
    memory_rig.plant(HISTORY_DOCUMENT, UNREADABLE[kind])
    error = UnsupportedVersion if kind == "another version" else CorruptObject
    chat = memory_rig.sessions().open("s")
    with caplog.at_level(logging.WARNING, "s3sessions"):
        history = chat.restore(on_corrupt="report")
    assert [record.getMessage().count(HISTORY_DOCUMENT) for record in caplog.records] == [1]
    assert history.payloads == [{"n": n} for n in range(5)], "what is hidden is not known"
    assert [(type(each), each.key) for each in history.corrupt] == [(error, HISTORY_DOCUMENT)]
    assert len(list(memory_rig.sessions().open("s").iterate())) == 5
    if kind == "another version":
        with pytest.raises(UnsupportedVersion):
            memory_rig.sessions().open("s").restore()
    assert chat.append({"n": 5}).index == 5
    assert memory_rig.sessions().open("s").append({"n": 6}).index == 6
    keys = memory_rig.keys()
    verbs: dict[str, Act] = {**VERBS, "compact": lambda chat: chat.compact(min_age=0)}
    for act in verbs.values():
        with pytest.raises(error):
            act(memory_rig.sessions().open("s"))
    assert memory_rig.body(HISTORY_DOCUMENT) == UNREADABLE[kind]
    assert memory_rig.keys() == keys, "nothing was written and nothing deleted"


def test_fields_of_another_version_in_a_history_document_survive_a_change(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.truncate(4)
    body = document(memory_rig)
    body |= {"from_the_future": [1]}
    body["s3sessions"]["mark"] = "x"
    memory_rig.plant(HISTORY_DOCUMENT, json.dumps(body).encode())
    chat.truncate(2)  # another etag that says the same is no conflict
    after = document(memory_rig)
    assert (after["from_the_future"], after["s3sessions"]["mark"]) == ([1], "x")
    assert (after["first"], after["created_at"]) == (3, body["created_at"])


def test_a_session_document_that_was_lost_brings_nothing_back(memory_rig: Rig) -> None:
    spoken(memory_rig, 6).truncate(3)
    memory_rig.remove(SESSION_DOCUMENT)
    assert heard(memory_rig) == [3, 4, 5]
    memory_rig.sessions().open("s").append({"n": 6})
    assert SESSION_DOCUMENT in memory_rig.keys()
    assert heard(memory_rig) == [3, 4, 5, 6]
    memory_rig.remove(SESSION_DOCUMENT)
    memory_rig.sessions().open("s").truncate(1)
    assert SESSION_DOCUMENT in memory_rig.keys()
    assert heard(memory_rig) == [6]


def test_a_session_document_that_is_lost_meanwhile_is_a_conflict_once(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.restore()
    memory_rig.remove(SESSION_DOCUMENT)
    with pytest.raises(Conflict):
        chat.truncate(1)
    chat.restore()
    chat.truncate(1)
    assert heard(memory_rig) == [4]


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_said_behind_messages_that_were_lost_is_never_hidden(
    memory_rig: Rig, verb: str
) -> None:
    chat = spoken(memory_rig, 5)
    chat.restore()
    for index in (3, 4):
        memory_rig.remove(message_key(index))
    with suppress(Conflict):
        VERBS[verb](chat)
    memory_rig.sessions().open("s").append({"n": "next"})
    assert "next" in heard(memory_rig)


def test_what_an_earlier_life_of_the_id_has_left_hides_nothing(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    spoken(memory_rig, 5).summarize("of the first life", keep_last=1)
    left = memory_rig.body(HISTORY_DOCUMENT)
    sessions.delete("s")
    spoken(memory_rig, 3)
    memory_rig.plant(HISTORY_DOCUMENT, left)
    history = sessions.open("s").restore()
    assert (history.payloads, history.summary) == ([{"n": n} for n in range(3)], None)
    assert len(list(sessions.open("s").iterate())) == 3
    assert sessions.open("s").compact(min_age=0).objects == 0
    assert heard(memory_rig) == [0, 1, 2]
    sessions.open("s").truncate(1)
    assert heard(memory_rig) == [2]
