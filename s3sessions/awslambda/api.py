"""The sessions of a session function over HTTP: turns, and what there is to read and delete.

`POST /sessions/{id}` is a turn, and `POST /sessions` one in a new session; without a body it only
gives a new id. `GET /sessions` lists, `GET /sessions/{id}` reads and `DELETE /sessions/{id}`
deletes. What comes before `/sessions` in a path does not matter. Who may do all that is for what
stands before the function to say: an authorizer, IAM.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from s3sessions.awslambda.http import HttpHandler, named_tenant, session_in_path, take_turn
from s3sessions.awslambda.http_request import HttpRequest
from s3sessions.awslambda.http_response import respond
from s3sessions.awslambda.invocation import Invocation
from s3sessions.awslambda.pages import list_page, read_page
from s3sessions.awslambda.refusals import MethodNotAllowed, RouteNotFound

if TYPE_CHECKING:
    from s3sessions.sync import Sessions

__all__ = ["ApiHandler"]


class ApiHandler(HttpHandler):
    """The handler of a function that serves sessions; made by `SessionFunction.api`."""

    def _act(self, request: HttpRequest, event: Any, invocation: Invocation) -> dict[str, Any]:
        session_id = session_in_path(request)
        if session_id is None and request.in_sessions is None:
            raise RouteNotFound("nothing stands under this path: there is /sessions")
        if request.method == "POST" and (session_id is not None or request.body):
            return self._take_turn(request, event, invocation)
        routes = _OF_ALL if session_id is None else _OF_ONE
        act = routes.get(request.method)
        if act is None:
            allow = tuple(routes) if session_id is None else ("POST", *routes)
            raise MethodNotAllowed(f"this path knows {', '.join(allow)}", allow=allow)
        with invocation.in_time():
            sessions = invocation.sessions(event, named_tenant(request))
            return act(sessions, request, session_id or "")

    def _take_turn(
        self, request: HttpRequest, event: Any, invocation: Invocation
    ) -> dict[str, Any]:
        new_id = None
        # Sent again it would begin a session again. So who may send it again names the session.
        if "idempotency-key" not in request.headers:
            new_id = invocation.sessions(event, named_tenant(request)).new_id()
        return take_turn(request, event, invocation, self._answerer, otherwise=new_id)


def _begin(sessions: Sessions, request: HttpRequest, _: str) -> dict[str, Any]:
    """Give an id that nobody has; the first turn creates the session. Requests: none."""
    session_id = sessions.new_id()
    # Relative to /sessions, wherever that stands.
    headers = {"location": f"sessions/{session_id}"}
    return respond(request.source, 201, {"session_id": session_id}, headers=headers)


def _delete(sessions: Sessions, request: HttpRequest, session_id: str) -> dict[str, Any]:
    """Delete a session. Requests and errors: those of `Sessions.delete`."""
    report = sessions.delete(session_id)
    fields = {"session_id": session_id, "objects": report.objects, "bytes": report.bytes}
    return respond(request.source, 200, fields)


_OF_ALL: dict[str, Callable[[Sessions, HttpRequest, str], dict[str, Any]]] = {
    "GET": list_page,
    "POST": _begin,
}
_OF_ONE: dict[str, Callable[[Sessions, HttpRequest, str], dict[str, Any]]] = {
    "GET": read_page,
    "DELETE": _delete,
}
