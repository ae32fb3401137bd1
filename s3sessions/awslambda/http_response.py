"""An HTTP response in the form that an event's source takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from s3sessions.awslambda.http_request import Source
from s3sessions.awslambda.response_size import MAX_RESPONSE_BYTES, bytes_of
from s3sessions.errors import InvalidMessage
from s3sessions.values import dumps

__all__ = ["ENVELOPE_BYTES", "fits", "respond", "room_for"]

_MAX_BALANCED_BYTES: Final = 1024 * 1024
"""The most that a load balancer takes back from a function."""

ENVELOPE_BYTES: Final = 4096
"""For all of a response but its body."""

_REASONS: Final = {
    200: "OK",
    201: "Created",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def respond(
    source: Source,
    status: int,
    body: Mapping[str, Any],
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make a response: JSON in UTF-8. Whether browsers of other origins may read it is not said.

    That is for the function URL or the gateway to say (CORS).
    """
    all_headers = {
        "content-type": content_type,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        **(headers or {}),
    }
    response: dict[str, Any] = {"statusCode": status}
    if source.is_load_balancer:
        response["statusDescription"] = f"{status} {_REASONS.get(status, '')}".rstrip()
    if source is Source.LOAD_BALANCER_LISTS:
        response["multiValueHeaders"] = {name: [value] for name, value in all_headers.items()}
    else:
        response["headers"] = all_headers
    return {**response, "body": _text(body), "isBase64Encoded": False}


def room_for(source: Source) -> int:
    """Give the most bytes that a response may have."""
    return _MAX_BALANCED_BYTES if source.is_load_balancer else MAX_RESPONSE_BYTES


def fits(source: Source, response: Mapping[str, Any]) -> bool:
    """Tell whether Lambda and what stands before it take a response."""
    body: str = response["body"]
    # No character is longer than two escapes; most bodies are short.
    if len(body) * 12 + ENVELOPE_BYTES < room_for(source):
        return True
    return bytes_of(body) + ENVELOPE_BYTES <= room_for(source)


def _text(body: Mapping[str, Any]) -> str:
    try:
        return dumps(body)
    except InvalidMessage:
        # Other writers of the format may have stored a lone surrogate: as an escape it is JSON.
        return json.dumps(body, separators=(",", ":"))
