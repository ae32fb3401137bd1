"""The time that a caller gives: retries end with it, and the error says what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import (
    AsyncSessions,
    DeadlineExceeded,
    InvalidSettings,
    PreconditionFailed,
    S3SessionsError,
    Sessions,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.bridge import Blocking
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Interposed

MESSAGE_0 = "message_0.json"


class Clockwork:
    """A clock that each request moves on, and each wait."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.now, self.seconds = 1_000_000.0, seconds

    def __call__(self) -> float:
        return self.now


class Slow(Interposed):
    """Takes time for each request, and for each wait as long as it should."""

    def __init__(self, memory: Any, clock: Clockwork, hook: Any) -> None:
        def timed(verb: str, key: str, call: Callable[[], Any]) -> Any:
            clock.now += clock.seconds
            return hook(verb, key, call)

        super().__init__(memory, timed)
        self._clock = clock

    def sleep(self, seconds: float) -> None:
        self._clock.now += seconds

    def observed(self, observer: Any) -> Any:
        return self


def passing(verb: str, key: str, call: Callable[[], Any]) -> Any:
    return call()


def failing(error: type[S3SessionsError], *, after: bool = False) -> Any:
    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put" and key.endswith(MESSAGE_0):
            if after:
                call()
            raise error("no")
        return call()

    return hook


def chat_of(memory: MemoryStore, clock: Clockwork, hook: Any, colour: str) -> Any:
    store = Slow(memory, clock, hook)
    if colour == "sync":
        return Sessions(store=store, clock=clock).open("s").append

    def append(*args: Any, **kwargs: Any) -> Any:
        sessions = AsyncSessions(store=Blocking(store), clock=clock)
        return asyncio.run(sessions.open("s").append(*args, **kwargs))

    return append


def stored(memory: MemoryStore) -> list[Any]:
    return [payload["n"] for payload in Sessions(store=memory).open("s").restore().payloads]


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_an_append_in_time_is_an_append(colour: str) -> None:
    memory = MemoryStore()
    append = chat_of(memory, Clockwork(), passing, colour)
    assert append({"n": 0}, deadline=60).index == 0
    assert stored(memory) == [0]


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_past_the_deadline_no_request_is_begun_and_nothing_is_written(colour: str) -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=3.0)
    append = chat_of(memory, clock, passing, colour)
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, deadline=2)
    assert caught.value.fate == "not_written"
    assert caught.value.write_id
    assert stored(memory) == []


def test_the_fate_of_a_redelivery_is_unknown_until_its_write_id_was_looked_up() -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=3.0)
    append = chat_of(memory, clock, passing, "sync")
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, write_id="event-1", deadline=2)
    assert (caught.value.fate, caught.value.write_id) == ("unknown", "event-1")
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, write_id="event-1", deadline=5)
    assert (caught.value.fate, caught.value.write_id) == ("not_written", "event-1")
    assert stored(memory) == []


def test_a_fate_that_was_unknown_stays_so_for_the_handle() -> None:
    """The first request may arrive as long as nobody has taken its index."""
    memory, clock = MemoryStore(), Clockwork(seconds=1.0)
    append = chat_of(memory, clock, failing(StoreUnavailable), "sync")
    for _ in range(2):
        with pytest.raises(DeadlineExceeded) as caught:
            append({"n": 0}, write_id="event-1", deadline=6)
        assert caught.value.fate == "unknown"


def test_refusals_are_retried_until_the_deadline_and_the_fate_is_known() -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=0.1)
    append = chat_of(memory, clock, failing(WriteRace), "sync")
    began = clock.now
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, deadline=5)
    assert caught.value.fate == "not_written"
    assert clock.now - began == pytest.approx(5, abs=0.2)


@pytest.mark.parametrize("after", [False, True], ids=["unsent", "unanswered"])
def test_silence_is_waited_out_until_the_deadline_and_the_fate_is_not_known(after: bool) -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=0.1)

    def silent(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if key.endswith(MESSAGE_0):
            if verb == "put" and after and not memory.list("session_s/agents/").entries:
                call()
            raise StoreUnavailable("timeout")
        return call()

    append = chat_of(memory, clock, silent, "sync")
    began = clock.now
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, deadline=5)
    assert caught.value.fate == "unknown"
    assert clock.now - began == pytest.approx(5, abs=0.3)
    again = Sessions(store=memory).open("s").append({"n": 0}, write_id=caught.value.write_id)
    assert again.index == 0
    assert stored(memory) == [0]


def test_with_a_deadline_a_storm_is_survived_that_is_longer_than_three_tries() -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=0.01)
    refused: list[str] = []

    def storm(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if len(refused) < 8:
            refused.append(verb)
            raise StoreUnavailable("slow down")
        return call()

    append = chat_of(memory, clock, storm, "sync")
    assert append({"n": 0}, deadline=60).index == 0
    assert stored(memory) == [0]


def test_a_deadline_ends_with_the_call_that_it_was_given_to() -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=3.0)
    chat = Sessions(store=Slow(memory, clock, passing), clock=clock).open("s")
    with pytest.raises(DeadlineExceeded):
        chat.restore(deadline=1)
    chat.append({"n": 0})
    assert stored(memory) == [0]


def test_every_verb_of_a_handle_ends_in_time() -> None:
    memory, clock = MemoryStore(), Clockwork()
    chat = Sessions(store=Slow(memory, clock, passing), clock=clock).open("s")
    message = chat.append({"n": 0}, status="partial")
    calls: list[Callable[[], Any]] = [
        lambda: chat.append({"n": 1}, deadline=0),
        lambda: chat.append_many([{"n": 1}, {"n": 2}], deadline=0),
        lambda: chat.restore(deadline=0),
        lambda: chat.refresh(deadline=0),
        lambda: chat.update(message, {"n": 1}, deadline=0),
        lambda: chat.redact(0, deadline=0),
        lambda: chat.complete(0, {"n": 1}, deadline=0),
        lambda: chat.remove(0, deadline=0),
        lambda: chat.save_state({"n": 1}, deadline=0),
    ]
    for call in calls:
        with pytest.raises(DeadlineExceeded):
            call()
    assert stored(memory) == [0]


@pytest.mark.parametrize("deadline", [-1, float("nan")])
def test_a_deadline_that_is_none_is_refused_before_any_request(deadline: Any) -> None:
    memory = MemoryStore()
    with pytest.raises(InvalidSettings, match="deadline="):
        Sessions(store=memory).open("s").append({"n": 0}, deadline=deadline)
    assert memory.list("").entries == []


def test_our_own_success_behind_a_refusal_is_found_in_time_or_its_fate_is_open() -> None:
    memory, clock = MemoryStore(), Clockwork(seconds=1.0)
    append = chat_of(memory, clock, failing(PreconditionFailed, after=True), "sync")
    # A list, a get, the put with its documents; then the time is over and nobody has read it.
    with pytest.raises(DeadlineExceeded) as caught:
        append({"n": 0}, deadline=5)
    assert caught.value.fate == "unknown"
    assert stored(memory) == [0]
