"""Errors as HTTP says them: `application/problem+json`, RFC 9457.

What the sender can put right is said in the error's own words. What only the operator can is in the
log, and the sender is told which request it was: no key, no name of a bucket, no cause.
"""

from __future__ import annotations

import math
from typing import Any, Final

from s3sessions import errors
from s3sessions.awslambda.http_request import Source
from s3sessions.awslambda.http_response import respond
from s3sessions.awslambda.refusals import EventRefused, MethodNotAllowed
from s3sessions.errors import S3SessionsError

__all__ = ["problem_response", "status_of"]

# The first class that an error is of; what is not here is 500.
_STATUS: Final[tuple[tuple[type[S3SessionsError], int], ...]] = (
    (errors.SessionDeleted, 410),
    (errors.NotFound, 404),
    (errors.InvalidId, 400),
    (errors.InvalidMessage, 400),
    (errors.Conflict, 409),
    (errors.AlreadyExists, 409),
    (errors.TooManyMessages, 413),
    (errors.StoreUnavailable, 503),
    (errors.PartialDelete, 503),
    (errors.DeadlineExceeded, 504),
)

_TITLES: Final = {
    400: "The request cannot be read",
    403: "Not for this tenant",
    404: "There is no such thing",
    405: "The path knows other methods",
    409: "Somebody else is faster",
    410: "The session is being deleted",
    413: "Too large",
    500: "The service cannot do it",
    503: "The store does not answer",
    504: "The time is over",
}

_AGAIN: Final = "send the request again, with the same Idempotency-Key if it had one"

# Neither tells whether the turn is stored.
_LATER: Final = {
    503: f"the store does not answer now: {_AGAIN}",
    504: f"the time of the invocation was over before the turn was: {_AGAIN}",
}

_LONGEST_WAIT: Final = 30


def status_of(error: S3SessionsError) -> int:
    """Give the HTTP status that says what an error says."""
    if isinstance(error, EventRefused):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_response(source: Source, error: S3SessionsError, request_id: str) -> dict[str, Any]:
    """Make the response that an error ends a request with.

    Args:
        request_id: of the invocation, by which the log is found.
    """
    status = status_of(error)
    problem = {
        "type": f"urn:s3sessions:problem:{error.kind}",
        "title": _TITLES[status],
        "status": status,
        "detail": _detail(error, status, request_id),
        "kind": error.kind,
    }
    return respond(
        source,
        status,
        problem,
        content_type="application/problem+json",
        headers=_headers(error, status),
    )


def _detail(error: S3SessionsError, status: int, request_id: str) -> str:
    if isinstance(error, errors.PartialDelete):
        return "some of the session could not be deleted: delete it again, it goes on"
    if isinstance(error, errors.TooManyMessages):
        return f"{error.message}: ask for fewer with ?last=, or for pages with ?start= and ?limit="
    if status < 500:
        return error.message
    by_the_operator = f"this is for the operator to put right: the log of request {request_id}"
    return _LATER.get(status, f"{by_the_operator} says what")


def _headers(error: S3SessionsError, status: int) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed):
        return {"allow": ", ".join(error.allow)}
    if isinstance(error, errors.SessionBusy):
        # A lease lasts as long as an invocation can; most end long before.
        seconds = min(max(1, math.ceil(error.seconds_left)), _LONGEST_WAIT)
        return {"retry-after": str(seconds)}
    return {"retry-after": "1"} if status in (409, 503) else {}
