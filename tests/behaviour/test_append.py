"""What an append promises, on every store and in both colours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from s3sessions import AppendConflict, InvalidMessage, InvalidSettings, MessageNotFound
from tests.rig import Rig


def say(text: str, role: str = "user") -> dict[str, str]:
    return {"role": role, "content": text}


def test_messages_come_back_in_order_with_all_their_fields(rig: Rig) -> None:
    payloads = [
        say("hello"),
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "function": {"name": "f"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "42", "reasoning": {"codex": [1, 2.5]}},
        {"role": "assistant", "content": [{"toolUse": {"input": {"x": "é🙂"}}}], "model": "m-1"},
    ]
    chat = rig.sessions().open("order-42", agent="support")
    indexes = [chat.append(payload).index for payload in payloads]
    assert indexes == [0, 1, 2, 3]
    assert rig.sessions().open("order-42", agent="support").restore().payloads == payloads


def test_more_than_ten_messages_are_ordered_by_number_not_by_key(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    for n in range(12):
        chat.append(say(str(n)))
    restored = rig.sessions().open("s").restore()
    assert [m.payload["content"] for m in restored.messages] == [str(n) for n in range(12)]
    assert [m.index for m in restored.messages] == list(range(12))


def test_the_index_that_append_returns_can_be_read(rig: Rig) -> None:
    sessions = rig.sessions()
    stored = sessions.open("s").append(say("x"))
    assert sessions.open("s").read(stored.index).payload == say("x")
    with pytest.raises(MessageNotFound, match="there is no message 1"):
        sessions.open("s").read(1)


def test_bytes_come_back_as_bytes_and_a_look_alike_as_it_was(rig: Rig) -> None:
    image = bytes(range(256)) * 4096
    look_alike = {"__bytes_encoded__": True, "data": "abc"}
    payload = {"role": "user", "content": [{"image": {"source": {"bytes": image}}}, look_alike]}
    rig.sessions().open("s").append(payload)
    assert rig.sessions().open("s").restore().payloads == [payload]


def test_what_two_processes_append_to_one_session_is_all_there(rig: Rig) -> None:
    first, second = rig.sessions().open("s"), rig.sessions().open("s")
    for n in range(3):
        first.append(say(f"a{n}"))
        second.append(say(f"b{n}"))
    contents = [m.payload["content"] for m in rig.sessions().open("s").restore().messages]
    assert contents == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_a_handle_that_restored_is_told_of_another_writer(rig: Rig) -> None:
    rig.sessions().open("s").append(say("first"))
    strict = rig.sessions().open("s")
    strict.restore()
    rig.sessions().open("s").append(say("theirs"))
    with pytest.raises(AppendConflict, match="index 1") as caught:
        strict.append(say("ours"))
    assert caught.value.index == 1
    assert rig.sessions().open("s").restore().payloads == [say("first"), say("theirs")]
    strict.restore()
    assert strict.append(say("ours")).index == 2


def test_on_conflict_overrides_what_a_handle_does_by_default(rig: Rig) -> None:
    strict = rig.sessions().open("s", on_conflict="raise")
    strict.append(say("0"))
    shared = rig.sessions().open("s", on_conflict="rebase")
    shared.restore()
    assert shared.append(say("1")).index == 1
    with pytest.raises(AppendConflict):
        strict.append(say("lost"))
    strict.restore()
    strict.append(say("2"))
    assert shared.append(say("3")).index == 3


def test_the_first_append_writes_the_documents_that_strands_reads(rig: Rig) -> None:
    rig.sessions().open("s").append(say("x"))
    agent = "session_s/agents/agent_default"
    assert rig.keys() == [
        f"{agent}/agent.json",
        f"{agent}/messages/message_0.json",
        "session_s/session.json",
    ]


def test_nothing_is_stored_for_a_handle_that_is_never_used(rig: Rig) -> None:
    sessions = rig.sessions()
    for n in range(50):
        sessions.open(f"s{n}", title="never")
    assert rig.keys() == []
    assert sessions.requests.total == 0


def test_a_write_id_that_is_stored_already_returns_its_message(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    stored = chat.append(say("once"), write_id="request-1/0")
    assert chat.append(say("once"), write_id="request-1/0") == stored
    fresh = rig.sessions().open("s")
    assert fresh.append(say("once"), write_id="request-1/0").index == 0
    restored = rig.sessions().open("s")
    restored.restore()
    assert restored.append(say("once"), write_id="request-1/0").index == 0
    assert len(rig.sessions().open("s").restore().messages) == 1


def test_a_message_keeps_the_time_that_it_was_given(rig: Rig) -> None:
    made = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    chat = rig.sessions().open("s")
    chat.append(say("old"), created_at=made)
    before = datetime.now(UTC) - timedelta(seconds=1)
    chat.append(say("new"))
    old, new = rig.sessions().open("s").restore().messages
    assert old.created_at == made
    assert new.created_at is not None
    assert before <= new.created_at <= datetime.now(UTC)


def test_a_time_without_a_zone_is_refused_before_any_request(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidSettings, match="has no time zone"):
        sessions.open("s").append({}, created_at=datetime(2024, 1, 1))
    with pytest.raises(InvalidSettings, match="has no time zone"):
        sessions.open("s", created_at=datetime(2024, 1, 1))
    with pytest.raises(InvalidSettings, match="title must be a string"):
        sessions.open("s", title=5)
    with pytest.raises(InvalidMessage, match=r"metadata\.x is of type set"):
        sessions.open("s", metadata={"x": {1}})
    assert sessions.requests.total == 0


def test_a_large_message_round_trips_and_one_over_the_limit_is_refused(rig: Rig) -> None:
    large = say("x" * 11 * 1024 * 1024)
    chat = rig.sessions(max_message_bytes=12 * 1024 * 1024).open("s")
    chat.append(large)
    with pytest.raises(InvalidMessage, match="the limit is 12,582,912"):
        chat.append(say("x" * 13 * 1024 * 1024))
    assert rig.sessions().open("s").restore().payloads == [large]


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("hello", "a message is a mapping"),
        ({"x": float("nan")}, r"message\.x is nan"),
        ({"x": [{"y": float("inf")}]}, r"message\.x\[0\]\.y is inf"),
        ({"x": {1: "int key"}}, "keys of a JSON object are strings"),
        ({"x": (1, 2)}, r"message\.x is of type tuple"),
        ({"x": {1, 2}}, r"message\.x is of type set"),
        ({"x": datetime(2024, 1, 1)}, r"message\.x is of type datetime"),
        ({"x": "\ud800"}, "lone surrogate"),
        ({"x": 10**5000}, "cannot be written as JSON"),
    ],
    ids=["str", "nan", "inf", "int key", "tuple", "set", "datetime", "surrogate", "huge int"],
)
def test_what_json_cannot_hold_is_refused_before_any_request(
    memory_rig: Rig, payload: object, why: str
) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidMessage, match=why):
        sessions.open("s").append(payload)
    assert sessions.requests.total == 0


def test_a_payload_that_contains_itself_is_refused(memory_rig: Rig) -> None:
    payload: dict[str, object] = {}
    payload["self"] = payload
    with pytest.raises(InvalidMessage, match="nested deeper than 200"):
        memory_rig.sessions().open("s").append(payload)


def test_characters_that_json_writers_get_wrong_come_back_unaltered(rig: Rig) -> None:
    payload = say(
        "NUL \x00, U+2028 \u2028, U+2029 \u2029, BOM \ufeff, \ufffe, \U0001f9d1\u200d\U0001f680"
    )
    rig.sessions().open("s").append(payload)
    assert rig.sessions().open("s").restore().payloads == [payload]


def test_after_a_lost_race_a_handle_knows_where_its_message_went(memory_rig: Rig) -> None:
    chat, other = memory_rig.sessions().open("s"), memory_rig.sessions().open("s")
    chat.append({"n": 0})
    other.append({"n": 1})
    assert chat.append({"n": 2}).index == 2
    before = chat.requests.total
    assert chat.append({"n": 3}).index == 3
    assert chat.requests.total == before + 1


def test_a_refused_append_says_under_which_write_id_to_repeat_it(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.restore()
    memory_rig.sessions().open("s").append({"n": 0})
    with pytest.raises(AppendConflict) as caught:
        chat.append({"n": 1}, write_id="event-1")
    assert caught.value.write_id == "event-1"
