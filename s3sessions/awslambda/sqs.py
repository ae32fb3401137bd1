"""A turn for each message of a queue, and Lambda is told which of them are to come again.

The event source mapping needs `ReportBatchItemFailures`. A message's body is a JSON object with
`session_id`, `agent` (`default` if not given), and what the turn function reads; in a FIFO queue
the message group is the session where the body names none. A message that comes again is known by
its id, and answered with what is stored. What tells the tenant (`tenant_from`) is given the record
of the message as the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from s3sessions.awslambda.addressee import agent_named, session_named, tenant_named
from s3sessions.awslambda.answering import Answerer, TurnFunction, answerer_of
from s3sessions.awslambda.delivery import Delivery
from s3sessions.awslambda.invocation import Invocation
from s3sessions.awslambda.json_body import parse_body
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.errors import S3SessionsError
from s3sessions.log import WARNING, emit
from s3sessions.record import Record

if TYPE_CHECKING:
    from s3sessions.awslambda.function import SessionFunction

__all__ = ["SqsHandler"]

_LEAST_SECONDS: Final = 1.0
"""No turn is begun with less."""


class QueueMessage(Record):
    """One record of an event.

    Attributes:
        group: the message group, in a FIFO queue.
        record: all of it.
    """

    id: str
    group: str | None
    record: Mapping[str, Any]

    @classmethod
    def of(cls, record: Any) -> QueueMessage:
        """Read a record. Raises BadRequest where it has no id that could be told to Lambda."""
        message_id = record.get("messageId") if isinstance(record, Mapping) else None
        if not isinstance(message_id, str) or not message_id:
            raise BadRequest("the event is of no queue: a record of it has no messageId")
        attributes = record.get("attributes")
        group = attributes.get("MessageGroupId") if isinstance(attributes, Mapping) else None
        # In other queues a group is no order, but a share of the queue: that of a tenant, say.
        is_fifo = str(record.get("eventSourceARN")).endswith(".fifo")
        return cls(message_id, group if is_fifo and isinstance(group, str) else None, record)

    def delivery(self) -> Delivery:
        """Give what is to be answered. Raises EventRefused."""
        body = parse_body(self.record.get("body"))
        session_id = session_named(body, self.group if body.get("session_id") is None else None)
        return Delivery(
            session_id, agent_named(body), self.id, body, tenant_named(body), self.record
        )


class SqsHandler:
    """The handler of a function that reads a queue; made by `SessionFunction.sqs`."""

    def __init__(self, function: SessionFunction, turn_function: TurnFunction | Answerer) -> None:
        self._function = function
        self._answerer = answerer_of(turn_function)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer each message, one after the other; say which failed.

        A message fails that cannot be read, whose session is in another's turn, or whose turn
        raised, and so do all that follow it in its message group, unread. So do those for which
        the time is too short: less than the longest turn before them took, or 1 s. Each is logged
        at warning level with its reason, and without anything that it says. Metrics count each of
        them (`Failures`, `Busy`, `Conflicts`), the errors of Lambda none.

        Returns:
            `{"batchItemFailures": [{"itemIdentifier": <message id>}, …]}`.

        Raises:
            BadRequest: the event is of no queue.
        """
        records = event.get("Records") if isinstance(event, Mapping) else None
        if not isinstance(records, list):
            raise BadRequest("the event is of no queue: it has no list of Records")
        messages = [QueueMessage.of(record) for record in records]
        with self._function.invocation(context) as invocation:
            failed = _Batch(invocation, self._answerer).answer(messages)
        return {"batchItemFailures": [{"itemIdentifier": each.id} for each in failed]}


class _Batch:
    """The messages of one invocation, as they are answered."""

    def __init__(self, invocation: Invocation, answerer: Answerer) -> None:
        self._invocation = invocation
        self._answerer = answerer
        self._stopped: set[str] = set()
        self._longest = _LEAST_SECONDS

    def answer(self, messages: list[QueueMessage]) -> list[QueueMessage]:
        """Answer all that can be; give the others."""
        failed = []
        for message in messages:
            reason = self._reason_to_leave(message)
            if reason is not None:
                self._invocation.tally.failures += 1
            else:
                reason = self._failure_of(message)
            if reason is None:
                continue
            failed.append(message)
            if message.group is not None:
                self._stopped.add(message.group)
            request_id = self._invocation.request_id
            emit(WARNING, "message_failed", message=message.id, request=request_id, **reason)
        return failed

    def _reason_to_leave(self, message: QueueMessage) -> dict[str, str] | None:
        if message.group in self._stopped:
            return {"kind": "behind_a_failure", "reason": "a message before it in its group failed"}
        if self._invocation.seconds_left < self._longest:
            return {"kind": "too_late", "reason": "the time of the invocation is nearly over"}
        return None

    def _failure_of(self, message: QueueMessage) -> dict[str, str] | None:
        """Answer a message; say why it failed, if it did."""
        before = self._invocation.seconds_left
        try:
            with self._invocation.tally.of_failures():
                delivery = message.delivery()
            self._invocation.take(delivery, self._answerer)
        except S3SessionsError as error:
            return {"kind": error.kind, "reason": str(error)}
        except Exception as error:
            # The others are not to wait for it. Its text may quote what was said.
            return {"kind": "turn_raised", "reason": f"{type(error).__name__} {_place_of(error)}"}
        self._longest = max(self._longest, before - self._invocation.seconds_left)
        return None


def _place_of(error: BaseException) -> str:
    """Say where an error was raised."""
    from traceback import extract_tb  # only failures pay for it

    frame = extract_tb(error.__traceback__)[-1]
    return f"in {frame.name}, {frame.filename}:{frame.lineno}"
