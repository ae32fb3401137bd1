"""What the S3 stores change at a client of an SDK: handlers of its events.

But for the removal of `Expect`, they touch the requests of the stores alone: a client that was
given serves its owner as before.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from s3sessions.deadline import seconds_left
from s3sessions.stores.s3_answers import PAGE
from s3sessions.stores.s3_exchange import exchange_under_way
from s3sessions.stores.s3_listing import parse_page

__all__ = ["RetriesEnded", "end_retries", "prepare_client"]

_LONGEST_PAUSE: Final = 20
"""Seconds between two tries of the SDK, in its standard mode."""

_SLOW_DOWN: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})


def prepare_client(client: Any) -> None:
    """Register our handlers on a client; doing it again changes nothing."""
    events = client.meta.events
    events.register("before-sign.s3.PutObject", _drop_expect, unique_id="s3sessions-no-expect")
    events.register("before-call.s3.DeleteObjects", _put_body, unique_id="s3sessions-body")
    events.register("needs-retry.s3", _keep_pace, unique_id="s3sessions-pace")
    end_retries(client, "s3")
    # By this pattern it comes before the SDK's own handlers, one of which parses the whole body.
    events.register("before-parse.*.ListObjectsV2", _read_page, unique_id="s3sessions-page")


def end_retries(client: Any, service: str) -> None:
    """Let the retries of a client for that service end with the deadline of the call."""
    client.meta.events.register(
        f"needs-retry.{service}", _end_retries, unique_id="s3sessions-deadline"
    )


def _drop_expect(request: Any, **_: Any) -> None:
    # With it, a PUT waits for a "100 Continue" before it sends its few bytes: one more round trip.
    if "Expect" in request.headers:
        del request.headers["Expect"]


def _put_body(params: dict[str, Any], **_: Any) -> None:
    exchange = exchange_under_way()
    if exchange is not None and exchange.call.body is not None:
        params["body"] = exchange.call.body


def _keep_pace(response: Any, **_: Any) -> None:
    exchange = exchange_under_way()
    if exchange is not None and response is not None and response[0].status_code in _SLOW_DOWN:
        exchange.refused()


def _end_retries(response: Any, caught_exception: Any = None, attempts: int = 1, **_: Any) -> None:
    left = seconds_left()
    # The SDK pauses for a part of that before it tries again, and looks at no clock meanwhile.
    if left is None or left > min(2 ** (attempts - 1), _LONGEST_PAUSE):
        return
    if caught_exception is not None:
        raise caught_exception
    status = response[0].status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RetriesEnded(f"answer {status} at the end of the time given")


def _read_page(
    response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    exchange = exchange_under_way()
    if exchange is None or response_dict["status_code"] != HTTPStatus.OK:
        return
    body = response_dict["body"]
    page = parse_page(body)
    if page is not None:
        exchange.received(len(body))
        customized_response_dict[PAGE] = page
        response_dict["body"] = b""


class RetriesEnded(OSError):
    """The caller's time is over before the SDK got an answer that it would not ask for again."""
