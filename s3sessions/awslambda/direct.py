"""A turn for each event that is its own body: of an invoke, awaited or not, or of EventBridge.

The event has `session_id`, `agent` (`default` if not given), and what the turn function reads. An
event of EventBridge has all that in its `detail`, and is known by its own id, as EventBridge may
deliver it in two invocations; of any other, Lambda's retries are known by their request id.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3sessions.awslambda.addressee import agent_named, session_named, tenant_named
from s3sessions.awslambda.answering import Answerer, TurnFunction, answerer_of
from s3sessions.awslambda.answers import answer_fields
from s3sessions.awslambda.delivery import Delivery
from s3sessions.awslambda.json_body import checked_body
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.awslambda.response_size import MAX_RESPONSE_BYTES, bytes_of

if TYPE_CHECKING:
    from s3sessions.awslambda.function import SessionFunction

__all__ = ["DirectHandler"]


class DirectHandler:
    """The handler of a function that is invoked by name; made by `SessionFunction.direct`."""

    def __init__(self, function: SessionFunction, turn_function: TurnFunction | Answerer) -> None:
        self._function = function
        self._answerer = answerer_of(turn_function)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an event with `session_id`, `agent_id`, `index`, `message` and `redelivered`.

        The turn is done once its answer is stored. So one that is over the 6 MB that Lambda takes
        back is no error: `message` is None then, and `index` says where it stands.

        Raises:
            EventRefused: it cannot be read; nothing was asked of the store.
            S3SessionsError: as `Invocation.take`. Lambda tries an event again that nobody waits
                for, and a turn that was answered is answered the same.
        """
        with self._function.invocation(context) as invocation:
            delivery = _delivery_of(event, invocation.request_id)
            fields = answer_fields(invocation.take(delivery, self._answerer))
        return fields if bytes_of(fields) <= MAX_RESPONSE_BYTES else {**fields, "message": None}


def _delivery_of(event: Any, request_id: str) -> Delivery:
    if not isinstance(event, Mapping):
        raise BadRequest("the event is no JSON object: give session_id and what the turn is about")
    body, write_id = event, request_id
    if "detail-type" in event:
        body, write_id = event.get("detail", {}), event.get("id", request_id)
        if not isinstance(body, Mapping) or not isinstance(write_id, str):
            raise BadRequest("the event of EventBridge has no JSON object as its detail, or no id")
    body = checked_body(body)
    named = (session_named(body), agent_named(body))
    return Delivery(*named, write_id, body, tenant_named(body), event)
