"""One log line for each event, for people and for machines; never a payload.

The text is `event name=value …` with values as JSON, so that an id cannot forge a line; the same
fields are on the record as `record.s3sessions`. `logging` is not imported for it: a process that
has not done so has set up no handler, and would see nothing below a warning.
"""

from __future__ import annotations

import functools
import json
import sys
from typing import TYPE_CHECKING, Any, Final

from s3sessions.keys import Root
from s3sessions.ports import Observer, Request

if TYPE_CHECKING:
    from logging import Logger

__all__ = ["DEBUG", "INFO", "WARNING", "emit", "request_log"]

DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
"""The levels of `logging`."""


def emit(level: int, event: str, **fields: Any) -> None:
    """Log an event of a session."""
    if (logger := _listening(level)) is not None:
        text = " ".join(
            f"{name}={json.dumps(value, default=str)}" for name, value in fields.items()
        )
        logger.log(level, "%s %s", event, text, extra={"s3sessions": {"event": event, **fields}})


def _listening(level: int) -> Logger | None:
    """Give the logger, if what is logged at this level is heard."""
    if level < WARNING and "logging" not in sys.modules:
        return None
    return _logger() if _logger().isEnabledFor(level) else None


@functools.cache
def _logger() -> Logger:
    import logging

    return logging.getLogger("s3sessions")


def request_log(root: Root) -> Observer:
    """Make an observer that logs each request at debug level, with its session and agent."""

    def observe(request: Request) -> None:
        if _listening(DEBUG) is None:
            return
        place = root.parse(request.key)
        emit(
            DEBUG,
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
