"""What is wrong with an event, said before anything is asked of the store or written."""

from __future__ import annotations

from typing import ClassVar

from s3sessions.errors import S3SessionsError

__all__ = [
    "AnswerTooLarge",
    "BadRequest",
    "BodyTooLarge",
    "EventRefused",
    "MethodNotAllowed",
    "RouteNotFound",
    "TenantRefused",
]


class EventRefused(S3SessionsError, ValueError):
    """Base of what is said to the sender of an event.

    Its text is a fixed one, without anything out of the event but ids.

    Attributes:
        status: the HTTP status that says the same.
    """

    kind = "event_refused"
    status: ClassVar[int] = 400


class BadRequest(EventRefused):
    """The event cannot be read, or names no session."""

    kind = "bad_request"


class TenantRefused(EventRefused):
    """The event names another tenant than the one that the invocation is trusted for, or none."""

    kind = "tenant_refused"
    status = 403


class RouteNotFound(EventRefused):
    """Nothing stands under the path."""

    kind = "route_not_found"
    status = 404


class MethodNotAllowed(EventRefused):
    """The path knows other methods.

    Attributes:
        allow: those.
    """

    kind = "method_not_allowed"
    status = 405

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        allow: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.allow = allow


class BodyTooLarge(EventRefused):
    """The body is over what Lambda takes."""

    kind = "body_too_large"
    status = 413


class AnswerTooLarge(EventRefused):
    """What was asked for is over what Lambda gives back; the text says how to get it in pages."""

    kind = "answer_too_large"
    status = 413
