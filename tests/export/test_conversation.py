"""What a line of JSON says, read and written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.errors import InvalidMessage, UnsupportedVersion
from s3sessions.export.conversation import Conversation

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = (
    TEXT
    | st.sampled_from(["id", "s3sessions", "v", "~"])
    | st.sampled_from(
        ["__bytes_encoded__", "data", "session_id", "agent_id", "created_at", "messages", "state"]
    )
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
TIMES = st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC))
SESSIONS = st.fixed_dictionaries({}, optional={"title": TEXT, "user": TEXT, "metadata": OBJECTS})


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    messages = draw(st.lists(OBJECTS, max_size=4))
    count = len(messages)
    times = st.lists(st.none() | TIMES, min_size=count, max_size=count)
    return Conversation(
        draw(st.text(min_size=1)),
        draw(st.text(min_size=1)),
        messages,
        times=draw(times),
        created_at=draw(st.none() | TIMES),
        metadata=draw(OBJECTS),
        state=draw(st.none() | OBJECTS),
        session=draw(SESSIONS),
        usage=[{"tokens": draw(st.integers())} for _ in messages] or (),
        usage_total=draw(st.none() | st.just({"cost": 0.5})),
        summary=draw(st.none() | st.text(min_size=1)),
    )


@given(conversations())
def test_a_line_that_was_written_is_read_back_as_it_was(conversation: Conversation) -> None:
    line = conversation.line()
    assert Conversation.parse(line) == conversation
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@given(conversations(), st.data())
def test_equal_write_ids_mean_equal_beginnings(one: Conversation, data: st.DataObject) -> None:
    shared = data.draw(st.integers(0, len(one.messages)))
    messages = one.messages[:shared] + data.draw(st.lists(OBJECTS, max_size=2))
    other = Conversation(one.session_id, one.agent_id, messages)
    canonical = [json.dumps(m, sort_keys=True, default=repr) for m in (*one.messages, *messages)]
    mine, theirs = canonical[: len(one.messages)], canonical[len(one.messages) :]
    for index, ids in enumerate(zip(one.write_ids(), other.write_ids(), strict=False), 1):
        assert (ids[0] == ids[1]) == (mine[:index] == theirs[:index])


def parsed(fields: Any, **options: Any) -> Conversation:
    return Conversation.parse(json.dumps(fields).encode(), **options)


def test_write_ids_never_change_for_they_are_what_an_import_is_resumed_by() -> None:
    line = {"id": "a", "messages": [{"role": "user", "content": "é"}, {"n": [1, None, 0.5]}]}
    assert parsed(line).write_ids() == [
        "aefa2e6474c8bcb3014bbf0969046041",
        "6d8d58b4b3ddbb8ca08dda7dab844eee",
    ]


def test_the_order_of_fields_makes_no_difference_to_write_ids() -> None:
    one = parsed({"id": "a", "messages": [{"role": "user", "content": "x"}]})
    other = parsed({"messages": [{"content": "x", "role": "user"}], "id": "a", "extra": 1})
    assert one.write_ids() == other.write_ids()


def test_the_ids_are_part_of_the_write_ids() -> None:
    ids = {
        parsed({"session_id": session, "agent_id": agent, "messages": [{}]}).write_ids()[0]
        for session, agent in [("a", "b"), ("b", "a"), ("ab", ""), ("", "ab")]
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("fields", "options", "ids"),
    [
        ({"id": "i", "messages": []}, {}, ("i", "default")),
        ({"id": "i", "session_id": "s", "messages": []}, {}, ("s", "default")),
        ({"id": "i", "session_id": None, "messages": []}, {}, ("i", "default")),
        ({"id": 7, "agent_id": 0, "messages": []}, {}, ("7", "0")),
        ({"id": "i", "agent_id": None, "messages": []}, {}, ("i", "default")),
        ({"id": "i", "t": "x", "messages": []}, {"session_id_field": "t"}, ("x", "default")),
    ],
    ids=str,
)  # fmt: skip
def test_ids_come_from_the_line(
    fields: dict[str, Any], options: dict[str, Any], ids: tuple[str, str]
) -> None:
    conversation = parsed(fields, **options)
    assert (conversation.session_id, conversation.agent_id) == ids


def test_all_other_fields_are_the_metadata_of_the_agent() -> None:
    rest = {"source": "o/r", "tools": [{"name": "f"}], "state": "CA", "created_at": "2024-05-01"}
    conversation = parsed({"session_id": "s", "agent_id": "a", "messages": [{}], "id": 1, **rest})
    assert conversation.metadata == {"id": 1, **rest}
    assert conversation.state is None
    assert conversation.created_at == datetime(2024, 5, 1, tzinfo=UTC)


def test_bytes_are_decoded_only_in_lines_that_an_export_wrote() -> None:
    marker = {"__bytes_encoded__": True, "data": "AAE="}
    assert parsed({"id": "a", "messages": [{"x": marker}]}).messages == [{"x": marker}]
    export = {"session_id": "a", "messages": [{"x": marker}], "s3sessions": {"v": 1}}
    assert parsed(export).messages == [{"x": b"\x00\x01"}]


def test_another_writers_lone_surrogate_is_written_as_an_escape() -> None:
    messages = [{"text": "\ud83d broken"}]
    line = Conversation("s", "a", messages).line()
    assert json.loads(line)["messages"] == messages


STAMPED = {"id": "a", "messages": [{}]}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{", "line is not JSON"),
        (b"\xff\xfe", "line is not JSON"),
        (b'{"id": "a", "messages": [{"x": NaN}]}', "NaN is no JSON number"),
        (b'{"id": "a", "messages": ' + b"[" * 100_000, "line is not JSON"),
        (b"[1]", "line is JSON, but no object: list"),
        (b'{"messages": [{}]}', "no session id: give it the field session_id or id"),
        (b'{"id": ["a"], "messages": [{}]}', "the field 'id' is no id: list"),
        (b'{"id": true, "messages": [{}]}', "the field 'id' is no id: bool"),
        (b'{"id": "a", "agent_id": {}, "messages": [{}]}', "the field 'agent_id' is no id"),
        (b'{"id": "a"}', "line has no messages"),
        (b'{"id": "a", "messages": {"role": "user"}}', "line has no messages"),
        (b'{"id": "a", "messages": [{}, "hello"]}', r"messages\[1\] is no object: str"),
        (b'{"id": "a", "messages": [{}, 1]}', r"messages\[1\] is no object: int"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_line_that_is_no_conversation_says_why(line: bytes, why: str) -> None:
    with pytest.raises(InvalidMessage, match=why):
        Conversation.parse(line)


@pytest.mark.parametrize(
    "stamp",
    [
        {},
        "x",
        {"v": "1"},
        {"v": 1, "created_at": "x"},
        {"v": 1, "created_at": [None, None]},
        {"v": 1, "metadata": []},
        {"v": 1, "session": []},
        {"v": 1, "session": {"title": 5}},
        {"v": 1, "session": {"unknown": "x"}},
    ],
    ids=str,
)
def test_a_stamp_that_no_export_wrote_is_refused(stamp: Any) -> None:
    with pytest.raises(InvalidMessage, match=r"s3sessions.*remove it"):
        parsed({**STAMPED, "s3sessions": stamp})


def test_bytes_that_are_no_base64_and_a_state_that_is_no_object_are_refused() -> None:
    marker = {"__bytes_encoded__": True, "data": "!"}
    with pytest.raises(InvalidMessage, match="encoded bytes are no base64"):
        parsed({"id": "a", "messages": [{"x": marker}], "s3sessions": {"v": 1}})
    with pytest.raises(InvalidMessage, match="the field 'state' is no object: int"):
        parsed({**STAMPED, "state": 1, "s3sessions": {"v": 1}})


def test_a_line_of_a_newer_version_says_to_upgrade() -> None:
    with pytest.raises(UnsupportedVersion, match="upgrade s3sessions"):
        parsed({**STAMPED, "s3sessions": {"v": 2}})


def test_a_session_id_field_that_is_missing_makes_the_line_bad() -> None:
    with pytest.raises(InvalidMessage, match="give it the field thread"):
        parsed({"id": "a", "messages": [{}]}, session_id_field="thread")
