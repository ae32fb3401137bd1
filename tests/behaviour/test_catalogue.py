"""What describing, ending and reopening a session promise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import (
    CorruptObject,
    InvalidMessage,
    InvalidSettings,
    SessionDeleted,
    SessionNotFound,
)
from tests.rig import Rig

DOCUMENT = "session_s/session.json"
JOINED = "📦 注文 \U0001f469\u200d\U0001f4bb \u0645\u06cc\u200c\u062e"
"""An emoji of two that a joiner holds together, and a Persian word that one tells apart."""


def begin(rig: Rig, **details: Any) -> None:
    rig.sessions().open("s", **details).append({"role": "user", "content": "hello"})


def test_what_is_described_is_what_every_reader_is_told(rig: Rig) -> None:
    begin(rig, user="anna")
    metadata = {"workspace": "/src", "bytes": b"\x00"}
    said = rig.sessions().describe(
        "s", title="A lamp", model="m-1", source="web", tags=["refund", "vip"], metadata=metadata
    )
    info = rig.sessions().info("s")
    for told in (said, info):
        assert (told.title, told.user, told.model, told.source) == ("A lamp", "anna", "m-1", "web")
        assert told.tags == ("refund", "vip")
        assert told.metadata == metadata
    assert said.created_at == info.created_at
    assert rig.sessions().open("s").restore().payloads == [{"role": "user", "content": "hello"}]


def test_what_is_not_given_stays_and_none_takes_away(memory_rig: Rig) -> None:
    begin(memory_rig, title="T", user="u", tags=["a"], metadata={"x": 1, "y": None, "z": 3})
    sessions = memory_rig.sessions()
    said = sessions.describe("s", user=None, metadata={"x": None, "new": 4})
    assert (said.title, said.user, said.tags) == ("T", None, ("a",))
    assert said.metadata == {"y": None, "z": 3, "new": 4}
    assert sessions.describe("s", title="", tags=[], metadata={"z": None}).title is None
    assert sessions.info("s").tags == ()
    assert "tags" not in json.loads(memory_rig.body(DOCUMENT))["s3sessions"]


def test_a_title_made_by_a_model_never_replaces_the_user_s(memory_rig: Rig) -> None:
    begin(memory_rig, metadata={"topic": "lamps"})
    sessions = memory_rig.sessions()
    guess: dict[str, Any] = {"title": "Guessed", "model": "m-1", "tags": ["auto"]}
    said = sessions.describe("s", only_unset=True, **guess, metadata={"topic": "x", "mood": "?"})
    assert (said.title, said.model, said.tags) == ("Guessed", "m-1", ("auto",))
    assert said.metadata == {"topic": "lamps", "mood": "?"}
    sessions.describe("s", title="Mine")
    said = sessions.describe("s", only_unset=True, title="Again", model=None, tags=["other"])
    assert (said.title, said.model, said.tags) == ("Mine", "m-1", ("auto",))


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("  A\t lamp,\r\n broken \x00\x1b", "A lamp, broken"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("invoice\u202efdp.exe\u2066\u200f", "invoicefdp.exe"),
        ("\u200b \u202e\n", None),
        ("", None),
        (JOINED, JOINED),
        ("joined\u200dletters", "joinedletters"),
        ("x" * 100 + "\u200b  ", "x" * 100),
    ],
)
def test_a_title_is_stored_without_what_nobody_sees(
    memory_rig: Rig, title: str, kept: str | None
) -> None:
    sessions = memory_rig.sessions()
    begin(memory_rig, title=title)
    sessions.create("created", title=title)
    assert sessions.info("s").title == kept
    assert sessions.info("created").title == kept
    assert sessions.describe("s", title=title).title == kept


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"title": "x" * 101}, "title has 101 characters"),
        ({"title": 7}, "title must be a string"),
        ({"user": "\ud800"}, "lone surrogate"),
        ({"tags": "refund"}, "tags must be a list"),
        ({"tags": ["a", " "]}, "not blank"),
        ({"tags": ["x" * 101]}, "1 to 100 characters"),
        ({"tags": [7]}, "must be a string"),
        ({"tags": [str(n) for n in range(51)]}, "51 tags: give at most 50"),
    ],
)
def test_a_detail_that_cannot_stand_is_refused_before_a_request(
    memory_rig: Rig, details: dict[str, Any], reason: str
) -> None:
    begin(memory_rig)
    sessions = memory_rig.sessions()
    for refused in (sessions.open, sessions.create, sessions.describe):
        with pytest.raises(InvalidSettings, match=reason):
            refused("s", **details)
    assert sessions.requests.total == 0


def test_what_cannot_be_described_is_refused_before_a_request(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidSettings, match="parent of a session cannot be changed"):
        sessions.describe("s", parent="p")
    with pytest.raises(InvalidMessage):
        sessions.describe("s", metadata={"x": float("nan")})
    with pytest.raises(InvalidSettings, match="reason has 201"):
        sessions.end("s", "x" * 201)
    assert sessions.requests.total == 0


def test_describing_costs_one_get_and_one_put_and_saying_it_again_no_put(memory_rig: Rig) -> None:
    begin(memory_rig)
    acts: list[Callable[[Any], object]] = [
        lambda s: s.describe("s", title="T", tags=["a"], metadata={"x": 1}),
        lambda s: s.end("s", "done"),
        lambda s: s.reopen("s"),
    ]
    for act in acts:
        sessions = memory_rig.sessions()
        act(sessions)
        assert sessions.requests.by_verb == {"get": 1, "put": 1}
        act(sessions)
        assert sessions.requests.by_verb == {"get": 2, "put": 1}


def test_of_a_session_that_is_not_there_nothing_can_be_said(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(SessionNotFound):
        sessions.describe("s", title="T")
    with pytest.raises(SessionNotFound):
        sessions.end("s")
    assert memory_rig.keys() == []


def test_of_a_session_that_is_being_deleted_nothing_can_be_said(memory_rig: Rig) -> None:
    begin(memory_rig)
    document = memory_rig.body(DOCUMENT).replace(b'"life"', b'"deleted_at":"x","life"')
    memory_rig.plant(DOCUMENT, document)
    with pytest.raises(SessionDeleted):
        memory_rig.sessions().describe("s", title="T")
    with pytest.raises(SessionDeleted):
        memory_rig.sessions().end("s")
    with pytest.raises(SessionDeleted):
        memory_rig.sessions().reopen("s")
    assert memory_rig.body(DOCUMENT) == document


@pytest.mark.parametrize(
    "damage",
    [b"torn", b'{"session_id":"s","s3sessions":{"v":1,"tags":"x"}}'],
    ids=["torn", "wrong kind"],
)
def test_a_session_document_that_cannot_be_read_stays_as_it_is(
    memory_rig: Rig, damage: bytes
) -> None:
    begin(memory_rig)
    memory_rig.plant(DOCUMENT, damage)
    with pytest.raises(CorruptObject):
        memory_rig.sessions().describe("s", title="T")
    assert memory_rig.body(DOCUMENT) == damage


def test_fields_of_other_writers_survive_a_description(memory_rig: Rig) -> None:
    strands = {"session_id": "s", "session_type": "AGENT", "created_at": "2025-01-02T00:00:00Z"}
    memory_rig.plant(DOCUMENT, json.dumps({**strands, "theirs": [1], "updated_at": "x"}).encode())
    memory_rig.sessions().describe("s", title="T")
    memory_rig.sessions().end("s")
    stored = json.loads(memory_rig.body(DOCUMENT))
    assert {name: stored[name] for name in strands} == strands
    assert (stored["theirs"], stored["s3sessions"]["title"]) == ([1], "T")


def test_of_two_ends_the_first_and_its_reason_stay(sync_rig: Rig) -> None:
    begin(sync_rig)
    first = sync_rig.sessions().end("s", "solved")
    second = sync_rig.sessions().end("s", "timeout")
    info = sync_rig.sessions().info("s")
    assert first.end_reason == second.end_reason == info.end_reason == "solved"
    assert first.ended_at == second.ended_at == info.ended_at
    assert info.ended_at is not None


def test_a_reopened_session_goes_on_and_can_end_again(memory_rig: Rig) -> None:
    begin(memory_rig)
    memory_rig.sessions().end("s", "solved")
    assert memory_rig.sessions().reopen("s").ended_at is None
    assert memory_rig.sessions().open("s").append({"n": 1}).index == 1
    assert memory_rig.sessions().end("s", "timeout").end_reason == "timeout"
    assert len(memory_rig.sessions().open("s").restore().messages) == 2


def test_an_end_is_a_statement_and_stops_no_append(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    memory_rig.sessions().end("s")
    assert chat.append({"n": 1}).index == 1
    assert memory_rig.sessions().info("s").ended_at is not None


def test_a_system_prompt_that_changes_leaves_old_messages_as_they_were(memory_rig: Rig) -> None:
    begin(memory_rig, metadata={"system_prompt": "be kind"})
    before = memory_rig.body("session_s/agents/agent_default/messages/message_0.json")
    memory_rig.sessions().describe("s", metadata={"system_prompt": "be brief"})
    assert memory_rig.sessions().info("s").metadata == {"system_prompt": "be brief"}
    assert memory_rig.body("session_s/agents/agent_default/messages/message_0.json") == before
