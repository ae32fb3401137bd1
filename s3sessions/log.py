"""One log line for each event, for people and for machines; never a payload.

The text is `event name=value …` with values as JSON, so that an id cannot forge a line; the same
fields are on the record as `record.s3sessions`.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from s3sessions.keys import Root
from s3sessions.ports import Observer, Request

__all__ = ["LOGGER", "emit", "request_log"]

LOGGER = logging.getLogger("s3sessions")


def emit(level: int, event: str, **fields: Any) -> None:
    """Log an event of a session."""
    if LOGGER.isEnabledFor(level):
        text = " ".join(
            f"{name}={json.dumps(value, default=str)}" for name, value in fields.items()
        )
        LOGGER.log(level, "%s %s", event, text, extra={"s3sessions": {"event": event, **fields}})


def request_log(root: Root) -> Observer:
    """Make an observer that logs each request at debug level, with its session and agent."""

    def observe(request: Request) -> None:
        if not LOGGER.isEnabledFor(logging.DEBUG):
            return
        place = root.parse(request.key)
        emit(
            logging.DEBUG,
            "request",
            verb=request.verb,
            key=request.key,
            session=place.session_id if place else None,
            agent=place.agent_id if place else None,
            status=request.status,
            sent=request.sent,
            received=request.received,
            milliseconds=round(request.milliseconds, 3),
            attempts=request.attempts,
        )

    return observe
