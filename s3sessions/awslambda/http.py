"""A turn for each HTTP request: of a function URL, an API Gateway or a load balancer.

`POST …/sessions/{id}` with a JSON object, or `POST` to any path with `session_id` in it, or to the
path of a gateway's route that has a parameter `session_id`. The content type is not looked at. What
cannot be read is refused before anything is asked of the store; see `s3sessions.awslambda.problems`
for what is said then.

The header `Idempotency-Key` names one request: sent again, it is answered with what is stored,
whatever its body says then. Without it a request that is sent again is another turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3sessions.awslambda.addressee import (
    agent_named,
    same_tenant,
    session_named,
    tenant_named,
    visible,
)
from s3sessions.awslambda.answering import Answerer, TurnFunction, answerer_of
from s3sessions.awslambda.answers import answer_fields
from s3sessions.awslambda.delivery import Delivery
from s3sessions.awslambda.http_request import HttpRequest, Source
from s3sessions.awslambda.http_response import fits, respond, room_for
from s3sessions.awslambda.invocation import Invocation
from s3sessions.awslambda.json_body import parse_body
from s3sessions.awslambda.refusals import AnswerTooLarge, MethodNotAllowed, RouteNotFound
from s3sessions.errors import S3SessionsError
from s3sessions.log import INFO, WARNING, emit

if TYPE_CHECKING:
    from s3sessions.awslambda.function import SessionFunction

__all__ = ["HttpHandler", "named_tenant", "session_in_path", "take_turn"]


class HttpHandler:
    """The handler of a function that answers `POST` with a turn; made by `SessionFunction.http`."""

    def __init__(self, function: SessionFunction, turn_function: TurnFunction | Answerer) -> None:
        self._function = function
        self._answerer = answerer_of(turn_function)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Answer an event with a response of its source's shape.

        Raises nothing of this package: that becomes a problem (RFC 9457). What the turn function
        raises of its own leaves as it is, so that Lambda counts it.
        """
        source = Source.of(event)
        with self._function.invocation(context) as invocation:
            try:
                return self._act(HttpRequest.of(event), event, invocation)
            except S3SessionsError as error:
                return _problem(source, error, invocation.request_id)

    def _act(self, request: HttpRequest, event: Any, invocation: Invocation) -> dict[str, Any]:
        if request.method != "POST":
            raise MethodNotAllowed("a turn is a POST", allow=("POST",))
        return take_turn(request, event, invocation, self._answerer)


def _problem(source: Source, error: S3SessionsError, request_id: str) -> dict[str, Any]:
    """Log why a request came to nothing, and give the response that says so."""
    # Imported here: most requests have no problem.
    from s3sessions.awslambda.problems import problem_response, status_of

    status = status_of(error)
    what = {"status": status, "kind": error.kind, "request": request_id}
    if status < 500:
        emit(INFO, "request_refused", **what)
    else:
        emit(WARNING, "request_failed", **what, error=str(error))
    return problem_response(source, error, request_id)


def take_turn(
    request: HttpRequest,
    event: Any,
    invocation: Invocation,
    answerer: Answerer,
    *,
    otherwise: str | None = None,
) -> dict[str, Any]:
    """Answer a POST with a turn of the session that its path or its body names.

    Args:
        otherwise: id of the session where neither names one.

    Raises:
        EventRefused: it cannot be read; nothing was asked of the store.
        AnswerTooLarge: the answer is stored, and over what Lambda gives back.
        S3SessionsError: as `Invocation.take`.
    """
    # The path is looked at first: it costs nothing.
    in_path = session_in_path(request)
    body = parse_body(request.body, is_base64=request.is_base64)
    if in_path is None and body.get("session_id") is None:
        in_path = otherwise
    delivery = Delivery(
        session_named(body, in_path),
        agent_named(body),
        _write_id(request, invocation),
        body,
        same_tenant(named_tenant(request), tenant_named(body)),
        event,
    )
    answer = invocation.take(delivery, answerer)
    response = respond(request.source, 200, answer_fields(answer))
    if fits(request.source, response):
        return response
    raise AnswerTooLarge(
        f"the answer is stored as message {answer.message.index}, and over the "
        f"{room_for(request.source)} bytes that a response may have: read it from the store"
    )


def session_in_path(request: HttpRequest) -> str | None:
    """Give the session's id that the path names. Raises RouteNotFound for more than an id."""
    if "session_id" in request.path_parameters:
        return request.path_parameters["session_id"]
    behind = request.in_sessions or ()
    if len(behind) > 1:
        raise RouteNotFound(
            "nothing stands under this path: it ends with the session's id, which has no slash"
        )
    return behind[0] if behind else None


def named_tenant(request: HttpRequest) -> str | None:
    """Give the tenant that the header `X-Tenant-Id` claims."""
    return request.headers.get("x-tenant-id")


def _write_id(request: HttpRequest, invocation: Invocation) -> str:
    """Give the name under which the turn is stored: the sender's own for it, if it has one."""
    key = request.headers.get("idempotency-key")
    return invocation.request_id if key is None else visible(key, "Idempotency-Key")
