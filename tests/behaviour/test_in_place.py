"""What changing one message in place promises, on every store and in both colours."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import Conflict, CorruptObject, InvalidMessage, MessageNotFound
from tests.rig import Rig

MESSAGES = "session_s/agents/agent_default/messages"
SECRET = "4111-1111-1111-1111"
SPOKEN = {"role": "user", "content": [{"text": f"my card is {SECRET}"}]}


def key(index: int) -> str:
    return f"{MESSAGES}/message_{index}.json"


def document(rig: Rig, index: int) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(rig.body(key(index)))
    return body


def check_the_secret_is_in_no_object(rig: Rig) -> None:
    for name in rig.keys():
        assert SECRET.encode() not in rig.body(name), name


def test_what_is_redacted_is_in_no_object_any_more(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user", "content": [{"text": "hello"}]})
    chat.append(SPOKEN)
    redacted = chat.redact(1)
    check_the_secret_is_in_no_object(rig)
    assert redacted.payload == {"role": "user", "content": [{"text": "[redacted]"}]}
    assert redacted.redacted_at is not None
    history = rig.sessions().open("s").restore()
    assert history.messages[1] == redacted
    assert history.payloads[0] == {"role": "user", "content": [{"text": "hello"}]}


def test_a_message_of_a_batch_is_redacted_and_stays_in_its_place(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append_many([SPOKEN, SPOKEN, SPOKEN])
    for index in (1, 0, 2):
        chat.redact(index)
    check_the_secret_is_in_no_object(rig)
    history = rig.sessions().open("s").restore()
    assert [m.index for m in history.messages] == [0, 1, 2]
    assert all(m.redacted_at for m in history.messages)


def member(index: int, write_id: str, batch: str, commit: int) -> bytes:
    """What a try of a batch puts behind its commit."""
    stamp = {"v": 1, "write_id": write_id, "batch": {"id": batch, "commit": commit, "position": 1}}
    return json.dumps({"message": SPOKEN, "message_id": index, "s3sessions": stamp}).encode()


@pytest.mark.parametrize("verb", ["redact", "remove"])
def test_copies_that_a_failed_try_of_a_batch_left_are_redacted_too(
    memory_rig: Rig, verb: str
) -> None:
    sessions = memory_rig.sessions()
    sessions.open("s").append({"n": 0})
    memory_rig.plant(key(2), member(2, "call/1", "dead", commit=1))
    sessions.open("s").append({"n": 1})
    messages = sessions.open("s").append_many([{"n": 3}, SPOKEN], write_id="call")
    assert [message.index for message in messages] == [3, 4]
    getattr(sessions.open("s"), verb)(4)
    check_the_secret_is_in_no_object(memory_rig)
    assert document(memory_rig, 2)["s3sessions"]["batch"]["id"] == "dead"
    seen = [0, 1, 3, 4] if verb == "redact" else [0, 1, 3]
    assert [m.index for m in sessions.open("s").restore().messages] == seen


def test_only_copies_are_redacted_with_a_message(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    chat = sessions.open("s")
    chat.append_many([{"n": 0}, {"n": 1}], write_id="call")
    chat.append({"n": 2})
    memory_rig.plant(key(3), member(3, "another call/1", "dead", commit=2))
    for n in range(25):
        chat.append({"n": n})
    # So long ago that it was not recognised: a message in its own right.
    messages = sessions.open("s").append_many([{"n": 0}, {"n": 1}], write_id="call")
    before = {name: memory_rig.body(name) for name in memory_rig.keys()}
    chat.redact(messages[1].index)
    after = {name: memory_rig.body(name) for name in memory_rig.keys()}
    assert [name for name in after if after[name] != before[name]] == [key(messages[1].index)]


@pytest.mark.parametrize(
    ("payload", "left"),
    [
        ({"role": "user", "content": SECRET}, {"role": "user", "content": "[redacted]"}),
        ({"content": [{"text": SECRET}]}, {"content": [{"text": "[redacted]"}]}),
        (
            {"role": "assistant", "content": [{"type": "text", "text": SECRET}], "x": SECRET},
            {"role": "assistant", "content": [{"type": "text", "text": "[redacted]"}]},
        ),
        ({"role": [SECRET], "text": SECRET}, {"content": [{"text": "[redacted]"}]}),
        ({"role": "tool", "content": {}}, {"role": "tool", "content": [{"text": "[redacted]"}]}),
    ],
)
def test_a_redaction_leaves_the_role_and_the_kind_of_the_content(
    memory_rig: Rig, payload: dict[str, Any], left: dict[str, Any]
) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append(payload)
    assert chat.redact(0).payload == left == chat.read(0).payload
    check_the_secret_is_in_no_object(memory_rig)


def test_a_redaction_can_say_something_else_instead(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append(SPOKEN)
    instead = {"role": "user", "content": [{"text": "a card number"}]}
    assert chat.redact(0, replacement=instead).payload == instead
    puts = chat.requests.by_verb["put"]
    chat.redact(0)
    chat.redact(0, replacement=instead)
    assert chat.requests.by_verb["put"] == puts, "what is redacted already is left alone"
    other = {"role": "user", "content": [{"text": "[removed]"}]}
    assert chat.redact(0, replacement=other).payload == other
    check_the_secret_is_in_no_object(rig)


def test_fields_that_may_hold_the_secret_go_with_a_redaction_and_with_a_removal(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    for index in (0, 1):
        chat.append(SPOKEN)
        body = document(memory_rig, index)
        body["redact_message"] = {"role": "user", "content": [{"text": "hidden"}]}
        body["trace"] = SECRET
        body["created_at"] = SECRET
        body["s3sessions"] |= {"usage": {"inputTokens": 12}, "note": SECRET}
        memory_rig.plant(key(index), json.dumps(body).encode())
    chat.redact(0)
    chat.remove(1)
    check_the_secret_is_in_no_object(memory_rig)
    for index in (0, 1):
        body = document(memory_rig, index)
        assert body["redact_message"] is None
        assert body["s3sessions"]["usage"] == {"inputTokens": 12}
        assert body["s3sessions"]["write_id"]


def test_an_update_changes_the_payload_and_keeps_everything_else(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"role": "user", "content": "first"}, write_id="mine")
    body = document(memory_rig, 0)
    body["from_the_future"] = {"x": 1}
    body["redact_message"] = {"role": "user", "content": "hidden"}
    body["s3sessions"]["mark"] = [1]
    memory_rig.plant(key(0), json.dumps(body).encode())
    read = chat.read(0)
    payload = {"role": "user", "content": "second", "raw": b"\x00\xff"}
    updated = chat.update(read, payload)
    assert updated == memory_rig.sessions().open("s").read(0)
    assert (updated.payload, updated.write_id, updated.index) == (payload, "mine", 0)
    assert updated.created_at == read.created_at
    assert updated.updated_at > read.updated_at
    assert (updated.extra, updated.stamp) == ({"from_the_future": {"x": 1}}, {"mark": [1]})


def test_an_update_of_a_version_that_is_past_is_a_conflict(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    appended = chat.append({"n": 0})
    other = rig.sessions().open("s")
    first = other.update(other.read(0), {"n": 1})
    with pytest.raises(Conflict, match="changed since it was read"):
        chat.update(appended, {"n": 2})
    assert rig.sessions().open("s").read(0) == first
    assert chat.update(first, {"n": 2}).payload == {"n": 2}


def test_an_update_of_what_was_redacted_can_be_redacted_again(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"content": "x"})
    updated = chat.update(chat.redact(0), {"content": SECRET})
    assert updated.redacted_at is None
    chat.redact(0)
    check_the_secret_is_in_no_object(memory_rig)


def test_the_time_of_a_change_moves_forward_whatever_the_clock_says(memory_rig: Rig) -> None:
    clock = [1_800_000_000.0]
    chat = memory_rig.sessions(clock=lambda: clock[0]).open("s")
    message = chat.append({"n": 0})
    times = [message.updated_at]
    for n in range(3):
        clock[0] -= 3600
        message = chat.update(message, {"n": n})
        times.append(message.updated_at)
    assert times == sorted(set(times))
    assert message.created_at == times[0]


def test_a_partial_message_is_completed_into_one_ordinary_message(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user", "content": "tell me"})
    partial = chat.append({"role": "assistant", "content": "Once up"}, status="partial")
    whole = {"role": "assistant", "content": "Once upon a time"}
    done = chat.complete(1, whole)
    assert (done.payload, done.status, done.created_at) == (whole, None, partial.created_at)
    assert rig.sessions().open("s").restore().messages[1:] == [done]
    puts = chat.requests.by_verb["put"]
    assert chat.complete(1, whole) == done, "a redelivery"
    assert chat.requests.by_verb["put"] == puts
    with pytest.raises(Conflict, match="is complete already"):
        chat.complete(1, {"role": "assistant", "content": "something else"})


def test_what_was_redacted_does_not_come_back_with_the_end_of_its_stream(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append(SPOKEN, status="partial")
    chat.redact(0)
    with pytest.raises(Conflict, match="was redacted"):
        chat.complete(0, SPOKEN)
    check_the_secret_is_in_no_object(memory_rig)


def test_a_removed_message_is_gone_and_its_index_is_never_used_again(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user", "content": [{"text": "hello"}]})
    chat.append(SPOKEN)
    assert chat.remove(1) is None
    puts = chat.requests.by_verb["put"]
    chat.remove(1)
    assert chat.requests.by_verb["put"] == puts, "what is removed already is left alone"
    check_the_secret_is_in_no_object(rig)
    assert document(rig, 1)["message"] == {"role": "user", "content": []}
    assert chat.append({"n": 2}).index == 2
    history = rig.sessions().open("s").restore()
    assert [m.index for m in history.messages] == [0, 2]
    assert history.holes == ()
    with pytest.raises(MessageNotFound):
        chat.read(1)


def test_a_commit_that_is_removed_leaves_the_rest_of_its_batch(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append_many([{"n": 0}, {"n": 1}, {"n": 2}])
    chat.remove(0)
    chat.remove(2)
    assert rig.sessions().open("s").restore().payloads == [{"n": 1}]
    assert chat.redact(1).index == 1


def test_what_is_not_there_or_not_seen_cannot_be_changed(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    chat.remove(0)
    invisible = {"id": "b", "commit": 0, "position": 1}
    member = {"message": {"n": 1}, "s3sessions": {"v": 1, "write_id": "w", "batch": invisible}}
    memory_rig.plant(key(1), json.dumps(member).encode())
    before = [memory_rig.body(name) for name in memory_rig.keys()]
    for index in (0, 1, 7):
        with pytest.raises(MessageNotFound, match=f"there is no message {index}"):
            chat.redact(index)
        with pytest.raises(MessageNotFound):
            chat.complete(index, {})
    for index in (1, 7):
        with pytest.raises(MessageNotFound):
            chat.remove(index)
    assert [memory_rig.body(name) for name in memory_rig.keys()] == before


def test_a_message_that_cannot_be_read_is_left_as_it_is(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    message = chat.append({"n": 0})
    memory_rig.plant(key(0), b'{"message":')
    changes: list[Callable[[], object]] = [
        lambda: chat.redact(0),
        lambda: chat.remove(0),
        lambda: chat.complete(0, {}),
        lambda: chat.update(message, {}),
    ]
    for change in changes:
        with pytest.raises(CorruptObject, match="message_0"):
            change()
    assert memory_rig.body(key(0)) == b'{"message":'


def test_a_payload_is_checked_before_any_request(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions(max_message_bytes=500)
    chat = sessions.open("s")
    message = chat.append({"n": 0})
    before = sessions.requests.total
    for payload in ({"x": {1}}, {"x": "y" * 500}):
        with pytest.raises(InvalidMessage):
            chat.update(message, payload)
        with pytest.raises(InvalidMessage):
            chat.complete(0, payload)
        with pytest.raises(InvalidMessage):
            chat.redact(0, replacement=payload)
    assert sessions.requests.total == before


def test_a_change_in_place_is_one_get_and_one_put(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    message = chat.append({"n": 0}, status="partial")
    chat.append_many([{"n": 1}, {"n": 2}])
    changes: list[tuple[Callable[[], object], int]] = [
        (lambda: chat.update(message, {"n": 9}), 1),
        (lambda: chat.complete(0, {"n": 10}), 1),
        # And one for each of the two segments in which a copy could stand.
        (lambda: chat.redact(0), 3),
        (lambda: chat.remove(0), 3),
        (lambda: chat.redact(1), 3),
    ]
    for change, gets in changes:
        before = chat.requests.by_verb
        change()
        assert chat.requests.by_verb == {
            **before,
            "get": before["get"] + gets,
            "put": before["put"] + 1,
        }


def test_a_handle_that_changed_its_newest_message_extends_it(memory_rig: Rig) -> None:
    clock = [1_800_000_000.0]
    chat = memory_rig.sessions(clock=lambda: clock[0], trust=60).open("s")
    chat.append({"n": 0}, status="partial")
    chat.restore()
    chat.complete(0, {"n": 1})
    clock[0] += 3600
    assert chat.append({"n": 2}).index == 1


def test_what_another_changed_is_not_extended_unseen(memory_rig: Rig) -> None:
    clock = [1_800_000_000.0]
    sessions = memory_rig.sessions(clock=lambda: clock[0], trust=60)
    chat = sessions.open("s")
    chat.append({"n": 0})
    chat.restore()
    sessions.open("s").redact(0)
    clock[0] += 3600
    with pytest.raises(Conflict):
        chat.append({"n": 1})
