"""A model, or a store, that fails for a while; every wait is asked for and none is spent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from strands.types.exceptions import EventLoopException, ModelThrottledException

from s3sessions import Sessions
from s3sessions.chat import is_transient
from s3sessions.chat.backoff import Backoff
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.cli.chatting import Chatting


class StatusError(Exception):
    """An error as HTTP clients of models raise it."""

    def __init__(self, status_code: int) -> None:
        super().__init__(f"status {status_code}")
        self.status_code = status_code


class Failing:
    """A model that raises these errors, one a call, and then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self, messages: list[dict[str, Any]]) -> str:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return f"heard {len(messages)}"


@pytest.fixture
def chatting(monkeypatch: pytest.MonkeyPatch) -> Chatting:
    return Chatting(Sessions(store=MemoryStore()), monkeypatch)


def test_an_answer_after_two_transient_errors_is_stored_once(chatting: Chatting) -> None:
    model = Failing(ConnectionError("reset"), StatusError(529))
    chatted = chatting.talk(model, "hello")
    assert (chatted.code, chatted.out, model.calls) == (0, "heard 1\n", 3)
    assert chatting.stored() == [("user", "hello", None), ("assistant", "heard 1", None)]
    assert len(chatted.waited) == 2
    assert "try 1 of 5: ConnectionError: reset" in chatted.err
    assert "try 2 of 5: StatusError: status 529" in chatted.err


def test_a_model_that_keeps_failing_is_given_up_and_the_next_turn_goes_on(
    chatting: Chatting,
) -> None:
    model = Failing(*[TimeoutError("slow")] * 5)
    chatted = chatting.talk(model, "hello", "still there?")
    assert chatted.out == "heard 2\n"
    assert "the model failed: TimeoutError: slow" in chatted.err
    assert (model.calls, len(chatted.waited), chatted.code) == (6, 4, 1)
    assert chatting.stored() == [
        ("user", "hello", None),
        ("user", "still there?", None),
        ("assistant", "heard 2", None),
    ]


@pytest.mark.parametrize("error", [ValueError("no"), StatusError(403), StatusError(404)], ids=str)
def test_a_permanent_error_is_not_tried_again(chatting: Chatting, error: Exception) -> None:
    model = Failing(error)
    chatted = chatting.talk(model, "hello")
    assert (model.calls, list(chatted.waited)) == (1, [])
    assert f"the model failed: {type(error).__name__}" in chatted.err
    assert chatting.stored() == [("user", "hello", None)]


def test_a_stream_that_breaks_in_the_middle_is_kept_as_partial_and_not_asked_again(
    chatting: Chatting,
) -> None:
    calls = []

    def breaks(messages: list[dict[str, Any]]) -> Iterator[str]:
        calls.append(messages)
        yield "one "
        yield "two "
        raise ConnectionError("reset")

    chatted = chatting.talk(breaks, "count")
    assert chatted.out == "one two \n"
    assert (len(calls), list(chatted.waited)) == (1, [])
    assert "is kept, as a partial message" in chatted.err
    assert "the model failed: ConnectionError: reset" in chatted.err
    assert chatting.stored() == [("user", "count", None), ("assistant", "one two ", "partial")]


def test_waits_are_within_the_bounds_of_full_jitter() -> None:
    for attempt, bound in ((1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (9, 8.0)):
        assert Backoff(chance=lambda: 0.0).delay(attempt) == 0
        assert Backoff(chance=lambda: 0.5).delay(attempt) == bound / 2
        assert all(0 <= Backoff().delay(attempt) < bound for _ in range(100))


def test_a_backoff_waits_what_chance_says_and_gives_up_at_its_budget() -> None:
    waited: list[float] = []
    backoff = Backoff(attempts=4, base=1.0, sleep=waited.append, chance=lambda: 0.25)

    def fail() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        backoff.run(fail, is_transient=is_transient, tell=lambda failure: None)
    assert waited == [0.25, 0.5, 1.0]


def _client_error(code: str, status: int) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ConverseStream")


def _caused_by(cause: Exception) -> Exception:
    error = RuntimeError("it failed")
    error.__cause__ = cause
    return error


class APITimeoutError(Exception):
    """As the SDKs of models name it."""


class SlowModelError(APITimeoutError):
    """One that is told by its base."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        *((StatusError(status), True) for status in (408, 429, 500, 502, 503, 504, 529)),
        *((StatusError(status), False) for status in (400, 401, 403, 404, 413, 422)),
        (_client_error("ThrottlingException", 400), True),
        (_client_error("ServiceUnavailableException", 503), True),
        (_client_error("AccessDeniedException", 403), False),
        (_client_error("ValidationException", 400), False),
        (EndpointConnectionError(endpoint_url="http://nowhere"), True),
        (ModelThrottledException("slow down"), True),
        (EventLoopException(ConnectionResetError()), True),
        (EventLoopException(ValueError()), False),
        (_caused_by(StatusError(503)), True),
        (SlowModelError(), True),
        (ValueError(), False),
        (KeyError("status"), False),
        (KeyboardInterrupt(), False),
    ],
    ids=repr,
)
def test_errors_that_may_pass_are_told_from_those_that_do_not(
    error: BaseException, expected: bool
) -> None:
    assert is_transient(error) is expected


def test_a_store_that_refuses_and_loses_answers_has_each_message_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FaultyStore(MemoryStore())
    chatting = Chatting(Sessions(store=store), monkeypatch)
    store.add(
        Rule(Fault.LOST_ANSWER, verb="put", key="*message_0*"),
        Rule(Fault.REFUSED, verb="put", key="*message_1*", count=6),
        Rule(Fault.LOST_ANSWER, verb="put", key="*message_1*"),
    )
    chatted = chatting.talk(Failing(), "hello")
    assert (chatted.code, chatted.out) == (0, "heard 1\n")
    assert "the store does not answer, try 1 of 5" in chatted.err
    assert store.injected == {Fault.LOST_ANSWER: 2, Fault.REFUSED: 6}
    assert chatting.stored() == [("user", "hello", None), ("assistant", "heard 1", None)]


def test_a_turn_that_cannot_be_claimed_is_taken_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FaultyStore(MemoryStore(), Rule(Fault.REFUSED, key="*lease.json", count=None))
    chatting = Chatting(Sessions(store=store), monkeypatch)
    assert chatting.talk(Failing(), "hello").out == "heard 1\n"
    assert store.injected[Fault.REFUSED] > 0
    assert chatting.stored() == [("user", "hello", None), ("assistant", "heard 1", None)]


def test_what_the_store_does_not_take_is_told_and_stored_in_its_place_with_the_next_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FaultyStore(MemoryStore())
    chatting = Chatting(Sessions(store=store), monkeypatch)

    refused = Rule(Fault.REFUSED, verb="put", key="*message_1*", count=None)
    chatted = chatting.talk(
        Failing(), lambda: store.add(refused), "hello", store.clear, "still there?"
    )
    assert chatted.out == "heard 1\nheard 3\n"
    assert "1 message not stored yet: the next line tries again" in chatted.err
    assert chatted.code == 0
    texts = [text for _, text, _ in chatting.stored()]
    assert texts == ["hello", "heard 1", "still there?", "heard 3"]


def test_a_chat_that_ends_with_something_unsaved_says_so_and_ends_with_code_1(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = FaultyStore(MemoryStore())
    chatting = Chatting(Sessions(store=store), monkeypatch)
    refused = Rule(Fault.REFUSED, verb="put", key="*message_1*", count=None)
    chatted = chatting.talk(Failing(), lambda: store.add(refused), "hello", "/save")
    assert (chatted.code, chatted.out.splitlines()[0]) == (1, "heard 1")
    assert "1 message stored in session s at memory: 1 pending" in chatted.out
    store.clear()
    assert chatting.stored() == [("user", "hello", None)]
