"""Messages of a queue: each is a turn, and those that could not be are the ones that come again."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from s3sessions.awslambda.refusals import BadRequest
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import function_url, queue_event, queue_message
from tests.awslambda.talking import Talking


def message(session_id: str, said: str, message_id: str, *, group: str | None = None) -> Any:
    return queue_message({"session_id": session_id, "message": said}, message_id, group=group)


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The fields of what was logged at warning level."""
    records: list[Any] = [record for record in caplog.records if record.name == "s3sessions"]
    assert all(record.levelno == logging.WARNING for record in records)
    return [record.s3sessions for record in records]


def test_each_message_is_a_turn_in_its_order() -> None:
    talking = Talking()
    records = [message(s, f"{s}{n}", f"m-{s}{n}") for n in range(2) for s in "ab"]
    assert talking.take_queue(queue_event(*records)) == []
    assert talking.said("a") == ["a0", "you said: a0", "a1", "you said: a1"]
    assert talking.said("b") == ["b0", "you said: b0", "b1", "you said: b1"]


def test_a_message_that_comes_again_is_answered_with_what_is_stored() -> None:
    talking = Talking()
    event = queue_event(message("s", "hi", "m-1"), message("s", "ho", "m-2"))
    for _ in range(3):
        assert talking.take_queue(event) == []
    assert talking.heard == ["hi", "ho"]
    assert len(talking.said("s")) == 4


def test_a_message_whose_turn_was_cut_off_goes_on_when_it_comes_again() -> None:
    talking = Talking()
    failures = iter([ZeroDivisionError()])

    def fail_once(turn: Any) -> None:
        for failure in failures:
            raise failure

    talking.during = fail_once
    event = queue_event(message("s", "hi", "m-1"))
    assert talking.take_queue(event) == ["m-1"]
    assert talking.said("s") == ["hi"]
    assert talking.take_queue(event) == []
    assert talking.said("s") == ["hi", "you said: hi"]


def test_a_message_whose_session_is_busy_fails_and_the_others_do_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talking = Talking()
    event = queue_event(*(message(s, "hi", f"m-{s}") for s in "abc"))
    with talking.sessions.open("b").turn(lease=60):
        assert talking.take_queue(event) == ["m-b"]
    (failure,) = told(caplog)
    assert (failure["message"], failure["kind"]) == ("m-b", "session_busy")
    assert talking.take_queue(event) == []
    assert talking.heard == ["hi"] * 3


def test_an_error_of_the_turn_function_fails_its_message_alone_and_quotes_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talking = Talking()

    def fail(turn: Any) -> None:
        if turn.session_id == "b":
            raise LookupError("they said: hunter2")

    talking.during = fail
    event = queue_event(*(message(s, "hunter2", f"m-{s}") for s in "abc"))
    assert talking.take_queue(event) == ["m-b"]
    (failure,) = told(caplog)
    assert failure["kind"] == "turn_raised"
    assert failure["reason"].startswith("LookupError in fail, ")
    assert __file__ in failure["reason"]
    assert "hunter2" not in caplog.text


def test_an_interpreter_that_is_to_end_is_not_held_up() -> None:
    talking = Talking()

    def stop(turn: Any) -> None:
        raise KeyboardInterrupt

    talking.during = stop
    with pytest.raises(KeyboardInterrupt):
        talking.take_queue(queue_event(message("s", "hi", "m-1")))


def test_the_group_of_a_fifo_queue_is_the_session_where_the_body_names_none() -> None:
    talking = Talking()
    records = [
        queue_message({"message": "by group"}, "m-1", group="of-group"),
        queue_message({"message": "by body", "session_id": "of-body"}, "m-2", group="of-group"),
        queue_message({"message": "by null", "session_id": None}, "m-3", group="of-group"),
    ]
    assert talking.take_queue(queue_event(*records)) == []
    assert talking.said("of-group")[::2] == ["by group", "by null"]
    assert talking.said("of-body")[::2] == ["by body"]


def test_the_group_of_any_other_queue_names_no_session() -> None:
    # Fair queues: there it says whose share of the queue a message takes.
    talking = Talking()
    record = queue_message({"message": "hi"}, "m-1")
    record["attributes"]["MessageGroupId"] = "acme"
    assert talking.take_queue(queue_event(record)) == ["m-1"]
    assert talking.requests == 0


def test_behind_a_failure_the_rest_of_its_group_fails_unread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talking = Talking()
    records = [
        message("a", "a0", "m-1", group="a"),
        queue_message("no JSON", "m-2", group="a"),
        message("b", "b0", "m-3", group="b"),
        message("a", "a1", "m-4", group="a"),
        message("b", "b1", "m-5", group="b"),
        queue_message("no JSON either", "m-6", group="a"),
    ]
    assert talking.take_queue(queue_event(*records)) == ["m-2", "m-4", "m-6"]
    assert talking.heard == ["a0", "b0", "b1"]
    kinds = [failure["kind"] for failure in told(caplog)]
    assert kinds == ["bad_request", "behind_a_failure", "behind_a_failure"]


def test_when_the_time_is_nearly_over_the_rest_fails_unread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    talking = Talking(reserve=0.5)
    context = LambdaContext(milliseconds=10_000)
    talking.during = lambda turn: context.pass_time(4)
    event = queue_event(*(message("s", f"{n}", f"m-{n}") for n in range(4)))
    # After two turns 2 s are left, the reserve apart 1.5, and a turn takes 4.
    assert talking.take_queue(event, context) == ["m-2", "m-3"]
    assert talking.heard == ["0", "1"]
    assert [failure["kind"] for failure in told(caplog)] == ["too_late", "too_late"]


def test_without_time_nothing_is_begun() -> None:
    talking = Talking()
    event = queue_event(message("s", "hi", "m-1"))
    assert talking.take_queue(event, LambdaContext(milliseconds=900)) == ["m-1"]
    assert (talking.heard, talking.requests) == ([], 0)


def test_a_message_of_another_tenant_fails() -> None:
    talking = Talking(tenant_from=lambda event, context: event["attributes"]["SenderId"])
    own = message("s", "hi", "m-1")
    other = queue_message({"session_id": "s", "tenant_id": "globex"}, "m-2")
    assert talking.take_queue(queue_event(own, other)) == ["m-2"]
    sender = own["attributes"]["SenderId"]
    assert [ref.id for ref in talking.sessions.under(sender).list()] == ["s"]


@pytest.mark.parametrize(
    "event",
    [
        None,
        {},
        {"Records": None},
        {"Records": [{"s3": {}}]},
        {"Records": [None]},
        {"Records": [{"messageId": ""}]},
        function_url("POST", "/sessions/s", {"message": "hi"}),
    ],
    ids=lambda event: str(event)[:30],
)
def test_an_event_of_no_queue_is_refused_whole(event: Any) -> None:
    talking = Talking()
    with pytest.raises(BadRequest, match="queue"):
        talking.take_queue(event)
    assert talking.requests == 0


def test_no_messages_are_no_failures() -> None:
    assert Talking().take_queue(queue_event()) == []


def test_an_id_cannot_forge_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    talking = Talking()
    forged = queue_message({"session_id": "s\nforged line"}, "m\nforged line")
    assert talking.take_queue(queue_event(forged)) == ["m\nforged line"]
    (record,) = caplog.records
    assert "\n" not in record.getMessage()


def test_metrics_are_printed_once_for_all_messages(capsys: pytest.CaptureFixture[str]) -> None:
    talking = Talking(metrics="shop")
    talking.take_queue(queue_event(*(message("s", f"{n}", f"m-{n}") for n in range(3))))
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert '"Turns": 3' in out


def test_metrics_count_every_message_that_comes_again(capsys: pytest.CaptureFixture[str]) -> None:
    talking = Talking(metrics="shop")
    context = LambdaContext(milliseconds=10_000)
    talking.during = lambda turn: context.pass_time(9)
    records = [
        message("busy", "hi", "m-1"),
        queue_message("no JSON", "m-2", group="a"),
        message("a", "behind", "m-3", group="a"),
        message("b", "in time", "m-4", group="b"),
        message("b", "too late", "m-5", group="b"),
    ]
    with talking.sessions.open("busy").turn(lease=60):
        assert talking.take_queue(queue_event(*records), context) == ["m-1", "m-2", "m-3", "m-5"]
    metrics = json.loads(capsys.readouterr().out)
    assert (metrics["Turns"], metrics["Busy"], metrics["Failures"]) == (1, 1, 3)
