"""Change in place when answers are lost, refused or overtaken, step by step."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import (
    AccessDenied,
    Conflict,
    DeadlineExceeded,
    MessageNotFound,
    Sessions,
    StoreUnavailable,
)
from s3sessions.stores.memory import MemoryStore
from tests.dao.mishaps import Mishap, raced, repeated, unanswered, unsent
from tests.interposed import Hook, Interposed

MESSAGE = "message_0.json"
KEY = f"session_s/agents/agent_default/messages/{MESSAGE}"
SECRET = "hunter2"


class Late:
    """Has no answer, and takes effect only beside the next request."""

    def __init__(self) -> None:
        self._calls: list[Callable[[], Any]] = []

    def first(self, call: Callable[[], Any]) -> Any:
        self._calls.append(call)
        raise StoreUnavailable("timeout")

    def second(self, call: Callable[[], Any]) -> Any:
        self._calls[0]()
        return call()


class Place:
    """A session with one message, in which the PUTs of a change meet one fault after the other."""

    def __init__(self, *faults: Mishap, status: str | None = None, **options: Any) -> None:
        self.memory = MemoryStore()
        self.message = self.open().append({"content": SECRET}, status=status)
        self._faults = list(faults)
        self.puts = 0
        self.store = Interposed(self.memory, self._meet)
        self.chat = Sessions(store=self.store, **options).open("s")

    def _meet(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb != "put" or not key.endswith(MESSAGE):
            return call()
        self.puts += 1
        return self._faults.pop(0)(call) if self._faults else call()

    def open(self, hook: Hook | None = None) -> Any:
        store = self.memory if hook is None else Interposed(self.memory, hook)
        return Sessions(store=store).open("s")

    def overtaken_by(self, act: Callable[[Any], object]) -> Mishap:
        """Another changes the message just before the PUT arrives."""

        def fault(call: Callable[[], Any]) -> Any:
            act(self.open())
            return call()

        return fault

    def expect(self, *faults: Mishap) -> None:
        self._faults += faults


VERBS: dict[str, Callable[[Place], Any]] = {
    "update": lambda place: place.chat.update(place.message, {"content": "new"}),
    "redact": lambda place: place.chat.redact(0),
    "complete": lambda place: place.chat.complete(0, {"content": "new"}),
    "remove": lambda place: place.chat.remove(0),
}
DONE: dict[str, list[dict[str, str]]] = {
    "update": [{"content": "new"}],
    "redact": [{"content": "[redacted]"}],
    "complete": [{"content": "new"}],
    "remove": [],
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", [unanswered, repeated])
def test_our_own_success_whose_answer_was_lost_is_a_success(verb: str, fault: Mishap) -> None:
    place = Place(fault, status="partial")
    message = VERBS[verb](place)
    assert place.puts == 1
    assert place.open().restore().payloads == DONE[verb]
    if message is not None:
        assert message == place.open().read(0)
        again = place.chat.update(message, {"content": "x"})  # it carries the etag of what stands
        assert again.payload == {"content": "x"}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("faults", [[unsent], [unsent, unsent], [raced, raced], [unsent, raced]])
def test_a_request_that_did_nothing_is_sent_again(verb: str, faults: list[Mishap]) -> None:
    place = Place(*faults, status="partial")
    VERBS[verb](place)
    assert place.puts == len(faults) + 1
    assert place.open().restore().payloads == DONE[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_put_that_arrives_late_is_recognised_behind_a_second_one(verb: str) -> None:
    late = Late()
    place = Place(late.first, late.second, status="partial")
    VERBS[verb](place)
    assert place.puts == 2
    assert place.open().restore().payloads == DONE[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_a_store_that_answers_to_nothing_is_asked_three_times(verb: str) -> None:
    place = Place(*[unsent] * 9, status="partial")
    with pytest.raises(StoreUnavailable, match="may still take effect") as caught:
        VERBS[verb](place)
    assert (place.puts, caught.value.key) == (3, KEY)
    assert place.open().restore().payloads == [{"content": SECRET}]


def test_the_last_of_three_tries_is_looked_at_too() -> None:
    place = Place(unsent, unsent, unanswered)
    assert place.chat.redact(0).payload == {"content": "[redacted]"}


@pytest.mark.parametrize("verb", VERBS)
def test_a_refusal_that_is_final_is_passed_on(verb: str) -> None:
    def denied(call: Callable[[], Any]) -> Any:
        raise AccessDenied("not allowed")

    place = Place(denied, status="partial")
    with pytest.raises(AccessDenied):
        VERBS[verb](place)
    assert place.puts == 1


@pytest.mark.parametrize("verb", ["redact", "remove"])
def test_what_is_to_go_goes_in_whatever_version_is_met(verb: str) -> None:
    place = Place()
    place.expect(place.overtaken_by(lambda other: other.update(other.read(0), {"content": SECRET})))
    VERBS[verb](place)
    assert place.puts == 2
    assert place.open().restore().payloads == DONE[verb]
    assert SECRET.encode() not in place.memory.get(KEY).data


def test_an_update_never_replaces_what_its_caller_has_not_read() -> None:
    place = Place()
    place.expect(place.overtaken_by(lambda other: other.redact(0)))
    with pytest.raises(Conflict, match="changed since it was read"):
        VERBS["update"](place)
    assert place.puts == 1
    assert place.open().restore().payloads == [{"content": "[redacted]"}]


def test_of_two_that_complete_a_message_differently_the_second_has_a_conflict() -> None:
    place = Place(status="partial")
    place.expect(place.overtaken_by(lambda other: other.complete(0, {"content": "theirs"})))
    with pytest.raises(Conflict, match="complete already"):
        VERBS["complete"](place)
    assert place.open().restore().payloads == [{"content": "theirs"}]


def test_of_two_that_complete_a_message_alike_both_succeed() -> None:
    place = Place(status="partial")
    place.expect(place.overtaken_by(lambda other: other.complete(0, {"content": "new"})))
    assert VERBS["complete"](place).payload == {"content": "new"}
    assert place.puts == 1


def test_a_message_that_changes_under_each_try_is_a_conflict_in_the_end() -> None:
    place = Place(attempts=4)
    other = place.overtaken_by(lambda other: other.update(other.read(0), {"content": SECRET}))
    place.expect(*[other] * 9)
    with pytest.raises(Conflict, match="changed under each of 4 tries"):
        place.chat.redact(0)
    assert place.puts == 4


def test_a_change_of_what_was_deleted_meanwhile_brings_nothing_back() -> None:
    place = Place()

    def gone(call: Callable[[], Any]) -> Any:
        Sessions(store=place.memory).delete("s")
        return call()

    place.expect(gone)
    with pytest.raises(MessageNotFound):
        place.chat.redact(0)
    assert place.memory.list("").entries == []


@pytest.mark.parametrize(("fault", "fate"), [(None, "not_written"), (unsent, "unknown")])
def test_a_change_whose_time_is_over_says_whether_its_fate_is_known(
    fault: Mishap | None, fate: str
) -> None:
    clock = [1_800_000_000.0]
    place = Place(clock=lambda: clock[0])

    def meet(verb: str, key: str, call: Callable[[], Any]) -> Any:
        clock[0] += 2
        if fault is not None and verb == "put":
            return fault(call)
        return call()

    chat = Sessions(store=Interposed(place.memory, meet), clock=lambda: clock[0]).open("s")
    with pytest.raises(DeadlineExceeded) as caught:
        chat.redact(0, deadline=1 if fault is None else 3)
    assert caught.value.fate == fate


def test_a_redaction_that_died_before_the_copies_is_ended_by_the_next_one() -> None:
    memory = MemoryStore()
    taken = [False]

    def overtake(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith("message_1.json") and not taken[0]:
            taken[0] = True
            Sessions(store=memory).open("s").append({"n": "theirs"})
        return call()

    Sessions(store=memory).open("s").append({"n": 0})
    chat = Sessions(store=Interposed(memory, overtake)).open("s")
    index = chat.append_many([{"n": 1}, {"content": SECRET}])[1].index
    assert _keys_with_the_secret(memory) == 2

    class KilledError(BaseException):
        """The process dies here."""

    def kill(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "list":
            raise KilledError
        return call()

    with pytest.raises(KilledError):
        Sessions(store=Interposed(memory, kill)).open("s").redact(index)
    assert _keys_with_the_secret(memory) == 1
    before = Sessions(store=memory).open("s").restore()
    Sessions(store=memory).open("s").redact(index)
    assert _keys_with_the_secret(memory) == 0
    assert Sessions(store=memory).open("s").restore() == before


def _keys_with_the_secret(memory: MemoryStore) -> int:
    bodies = [memory.get(entry.key).data for entry in memory.list("").entries]
    return sum(SECRET.encode() in body for body in bodies)


def test_a_change_is_logged_without_what_it_changed(caplog: pytest.LogCaptureFixture) -> None:
    place = Place(status="partial")
    caplog.set_level(logging.INFO, logger="s3sessions")
    place.chat.update(place.chat.complete(0, {"content": SECRET}), {"content": SECRET})
    place.chat.redact(0)
    place.chat.remove(0)
    events = [record.s3sessions for record in caplog.records]  # type: ignore[attr-defined]
    assert [event["event"] for event in events] == [
        "message_completed",
        "message_updated",
        "message_redacted",
        "message_removed",
    ]
    assert all((e["session"], e["agent"], e["index"]) == ("s", "default", 0) for e in events)
    assert SECRET not in caplog.text
