"""What changing packed messages in place promises: as with loose ones, in the segment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3sessions import Conflict, CorruptObject, InvalidMessage, MessageNotFound
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.packing import ARCHIVE, documents, lines, pack, segment_key, segments
from tests.behaviour.planting import member, message
from tests.behaviour.speaking import AGENT, message_key, stored
from tests.rig import Rig

SECRET = "4111-1111-1111-1111"
SPOKEN = {"role": "user", "content": [{"text": f"my card is {SECRET}"}]}


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


def packed(rig: Rig, count: int = 5) -> Any:
    """Give a handle on a history with a secret at 1 and a partial message at 2, packed."""
    chat = rig.sessions().open("s")
    for n in range(count):
        payload = SPOKEN if n == 1 else {"n": n}
        chat.append(payload, status="partial" if n == 2 else None)
    pack(rig)
    return chat


def check_the_secret_is_in_no_object(rig: Rig) -> None:
    assert [key for key in rig.keys() if SECRET.encode() in rig.body(key)] == []


def check_others_are_as_they_were(rig: Rig, *changed: int, before: list[dict[str, Any]]) -> None:
    for index, document in enumerate(documents(rig, 0, 2)):
        assert (document == before[index]) is (index not in changed)


def test_a_packed_message_is_redacted_in_its_segment(memory_rig: Rig) -> None:
    chat = packed(memory_rig)
    before = documents(memory_rig, 0, 2)
    redacted = chat.redact(1)
    check_the_secret_is_in_no_object(memory_rig)
    check_others_are_as_they_were(memory_rig, 1, before=before)
    assert redacted.payload == {"role": "user", "content": [{"text": "[redacted]"}]}
    assert redacted == memory_rig.sessions().open("s").read(1)
    assert (redacted.write_id, redacted.created_at) == (
        before[1]["s3sessions"]["write_id"],
        chat.read(1).created_at,
    )
    assert stored(memory_rig) == [3, 4]
    puts = chat.requests.by_verb["put"]
    chat.redact(1)
    assert chat.requests.by_verb["put"] == puts, "what is redacted already is left alone"
    instead = {"role": "user", "content": [{"text": "a card number"}]}
    assert chat.redact(1, replacement=instead).payload == instead


def test_a_packed_message_is_removed_completed_and_updated(memory_rig: Rig) -> None:
    chat = packed(memory_rig)
    before = documents(memory_rig, 0, 2)
    chat.remove(1)
    chat.remove(1)
    check_the_secret_is_in_no_object(memory_rig)
    with pytest.raises(MessageNotFound):
        chat.read(1)
    whole = {"role": "assistant", "content": [{"text": "whole"}]}
    completed = chat.complete(2, whole, usage={"outputTokens": 3})
    assert chat.complete(2, whole) == completed
    assert (completed.status, completed.payload) == (None, whole)
    updated = chat.update(chat.read(0), {"n": "zero"})
    check_others_are_as_they_were(memory_rig, 0, 1, 2, before=before)
    history = memory_rig.sessions().open("s").restore()
    assert history.messages[:2] == [updated, completed]
    assert history.usage == {"outputTokens": 3}
    assert (history.next_index, history.holes) == (5, ())
    assert stored(memory_rig) == [3, 4]


def test_what_cannot_be_changed_of_a_loose_message_cannot_be_of_a_packed_one(
    memory_rig: Rig,
) -> None:
    chat = packed(memory_rig)
    body = memory_rig.body(segment_key(0, 2))
    with pytest.raises(Conflict):
        chat.complete(0, {"n": "another"})
    with pytest.raises(InvalidMessage):
        chat.update(chat.read(0), {"x": {1}})
    with pytest.raises(MessageNotFound):
        chat.redact(17)
    chat.redact(2)
    with pytest.raises(Conflict, match="was redacted"):
        chat.complete(2, {"n": 2})
    chat.remove(2)
    with pytest.raises(MessageNotFound):
        chat.redact(2)
    assert lines(memory_rig, 0, 2)[:2] == body.split(b"\n")[1:3]


def test_a_packing_is_no_change_of_a_message_that_somebody_wants_to_update(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    messages = [chat.append({"n": n}) for n in range(5)]
    pack(memory_rig)
    chat.redact(0)
    updated = chat.update(messages[1], {"n": "one"})
    assert updated.payload == {"n": "one"}
    assert updated.etag == chat.read(2).etag, "it is that of the segment"
    # Another message of the segment was changed since.
    chat.redact(2)
    assert chat.update(updated, {"n": "uno"}).payload == {"n": "uno"}
    for past in (messages[1], updated, messages[0]):
        with pytest.raises(Conflict):
            chat.update(past, {"n": "late"})
    assert memory_rig.sessions().open("s").read(1).payload == {"n": "uno"}


def test_an_update_of_a_packed_message_of_another_writer_goes_by_what_it_says(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(5):
        chat.append({"n": n})
    theirs = {"message": {"n": 1}, "message_id": 1, "updated_at": "2026-11-21T09:00:00+00:00"}
    memory_rig.plant(message_key(1), json.dumps(theirs, indent=2).encode())
    read = chat.read(1)
    theirs["message"] = {"n": "uno"}
    memory_rig.plant(message_key(1), json.dumps(theirs, indent=2).encode())
    now = chat.read(1)
    pack(memory_rig)
    with pytest.raises(Conflict):
        chat.update(read, {"n": "late"})
    assert chat.update(now, {"n": "one"}).payload == {"n": "one"}


def test_a_batch_is_changed_in_its_segment(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0})
    chat.append_many([{"n": 1}, SPOKEN])
    for n in range(3, 5):
        chat.append({"n": n})
    pack(memory_rig)
    chat.redact(2)
    check_the_secret_is_in_no_object(memory_rig)
    chat.remove(1)
    messages = memory_rig.sessions().open("s").restore().messages
    assert [m.index for m in messages] == [0, 2, 3, 4]


@pytest.mark.parametrize("verb", ["redact", "remove"])
def test_packed_copies_that_a_failed_try_of_a_batch_left_are_redacted_too(
    memory_rig: Rig, verb: str
) -> None:
    sessions = memory_rig.sessions()
    chat = sessions.open("s")
    chat.append({"n": 0})
    copy = json.loads(message(2, SPOKEN, write_id="call/1", **member(2, 1, batch="dead")))
    memory_rig.plant(message_key(2), json.dumps(copy).encode())
    chat.append({"n": 1})
    messages = chat.append_many([{"n": 3}, SPOKEN], write_id="call")
    assert [m.index for m in messages] == [3, 4]
    for n in range(5, 8):
        chat.append({"n": n})
    pack(memory_rig)
    assert segments(memory_rig) == [(0, 5)]
    getattr(sessions.open("s"), verb)(4)
    check_the_secret_is_in_no_object(memory_rig)
    assert documents(memory_rig, 0, 5)[2]["s3sessions"]["batch"]["id"] == "dead"
    seen = [0, 1, 3, 4, 5, 6, 7] if verb == "redact" else [0, 1, 3, 5, 6, 7]
    assert [m.index for m in sessions.open("s").restore().messages] == seen


CHANGES: dict[str, Callable[[Any], object]] = {
    "update": lambda chat: chat.update(chat.read(1), {"n": "new"}),
    "complete": lambda chat: chat.complete(2, {"n": "new"}),
    "redact": lambda chat: chat.redact(1),
    "remove": lambda chat: chat.remove(1),
}


@pytest.mark.parametrize(
    ("count", "change", "gets"),
    # Where it is not, in the small segment, and of what is taken out whether the large has a copy.
    [(5, "complete", 2), (5, "redact", 3), (5, "remove", 3), (8, "complete", 3), (8, "redact", 3)],
)
def test_a_change_of_a_packed_message_is_one_put_and_a_get_for_each_place_in_which_it_may_be(
    memory_rig: Rig, count: int, change: str, gets: int
) -> None:
    chat = packed(memory_rig, count)
    assert segments(memory_rig) == [(0, 2) if count == 5 else (0, 5)]
    before = chat.requests.by_verb
    CHANGES[change](chat)
    after = chat.requests.by_verb
    assert {verb: n - before[verb] for verb, n in after.items() if n != before[verb]} == {
        "get": gets,
        "put": 1,
    }


@pytest.mark.parametrize("change", CHANGES)
def test_the_loose_message_is_changed_where_a_packing_left_one(
    memory_rig: Rig, change: str
) -> None:
    chat = packed(memory_rig)
    for index, line in enumerate(lines(memory_rig, 0, 2)):
        memory_rig.plant(message_key(index), line)
    CHANGES[change](chat)
    at = 2 if change == "complete" else 1
    is_copied = memory_rig.body(message_key(at)) == lines(memory_rig, 0, 2)[at]
    assert is_copied is (change in ("redact", "remove"))
    seen = memory_rig.sessions().open("s").restore().messages
    pack(memory_rig)
    assert memory_rig.sessions().open("s").restore().messages == seen
    assert stored(memory_rig) == [3, 4]
    if change != "complete":
        check_the_secret_is_in_no_object(memory_rig)


@pytest.mark.parametrize("verb", ["redact", "remove"])
def test_a_secret_goes_from_a_copy_that_a_redaction_which_died_has_left(
    memory_rig: Rig, verb: str
) -> None:
    chat = packed(memory_rig, 7)
    small = memory_rig.body(segment_key(0, 2))
    chat.append({"n": 7})
    pack(memory_rig)
    whole = memory_rig.body(segment_key(0, 5))
    memory_rig.plant(segment_key(0, 2), small)
    getattr(chat, verb)(1)
    memory_rig.plant(segment_key(0, 5), whole)
    # The small one is as it should be; the large one was not reached.
    getattr(memory_rig.sessions().open("s"), verb)(1)
    check_the_secret_is_in_no_object(memory_rig)
    assert lines(memory_rig, 0, 5)[1] == lines(memory_rig, 0, 2)[1]


def test_a_secret_goes_from_both_where_two_messages_stand_under_one_index(
    memory_rig: Rig,
) -> None:
    chat = packed(memory_rig)
    memory_rig.plant(message_key(1), message(1, SPOKEN, write_id="another"))
    chat.redact(1)
    check_the_secret_is_in_no_object(memory_rig)
    ids = [json.loads(memory_rig.body(message_key(1))), documents(memory_rig, 0, 2)[1]]
    assert len({document["s3sessions"]["write_id"] for document in ids}) == 2


def test_a_segment_that_cannot_be_read_is_not_written(memory_rig: Rig) -> None:
    chat = packed(memory_rig)
    whole = memory_rig.body(segment_key(0, 2))
    for damage in (b"garbage", whole[:-1], whole.replace(SECRET.encode(), b'"')):
        memory_rig.plant(segment_key(0, 2), damage)
        for change in (chat.redact, chat.remove):
            with pytest.raises(CorruptObject) as caught:
                change(1)
            assert caught.value.key == segment_key(0, 2)
            assert SECRET not in str(caught.value)
        assert memory_rig.body(segment_key(0, 2)) == damage


def test_deleting_a_session_takes_its_segments(memory_rig: Rig) -> None:
    packed(memory_rig, 8)
    sessions = memory_rig.sessions()
    sessions.open("s", "other").append({"n": 0})
    sessions.delete("s", agent="default")
    assert [key for key in memory_rig.keys() if key.startswith((ARCHIVE, AGENT))] == []
    sessions.delete("s")
    assert memory_rig.keys() == []
