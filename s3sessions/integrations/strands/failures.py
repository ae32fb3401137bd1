"""What becomes of an error while an agent runs: raised in Strands' own terms, or logged."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, Literal

from strands.types.exceptions import SessionException

from s3sessions.errors import AppendConflict, InvalidSettings, S3SessionsError
from s3sessions.log import emit


class Overtaken(AppendConflict):
    """Another delivery of the same invocation was faster, and its model took another path.

    Raised whatever is to be done about errors: to go on would be to answer calls that nobody made.
    """


class Failures:
    """Counts errors, tells of them, and raises them unless they are to be logged only.

    Attributes:
        count: errors that were logged and not raised.
    """

    def __init__(
        self,
        session_id: str,
        on_error: Literal["raise", "log"],
        tell: Callable[[S3SessionsError], None] | None,
    ) -> None:
        if on_error not in ("raise", "log"):
            raise InvalidSettings(f"on_error={on_error!r}: must be 'raise' or 'log'")
        self._session_id = session_id
        self._is_raised = on_error == "raise"
        self._tell = tell
        self.count = 0

    def meet(self, error: S3SessionsError) -> None:
        """Raise the error, or log and count it; whoever is to be told is told first.

        Raises:
            S3SessionsError: it, as a SessionException of Strands too.
        """
        if self._tell is not None:
            self._tell(error)
        if self._is_raised or isinstance(error, Overtaken):
            raise as_strands(error)
        self.count += 1
        emit(
            logging.ERROR,
            "strands_not_saved",
            session=self._session_id,
            error=error.kind,
            key=error.key,
            count=self.count,
        )


def as_strands(error: S3SessionsError) -> S3SessionsError:
    """Make an error one that `except SessionException` catches too; it stays what it is."""
    if not isinstance(error, SessionException):
        kind: Any = type(error)
        error.__class__ = _both(kind)
    return error


@functools.cache
def _both(kind: Any) -> Any:
    """Make the class of an error that is both; it is pickled as what it was."""

    def pickled(error: S3SessionsError) -> tuple[Any, ...]:
        return _unpickled, (kind, error.args, error.__dict__)

    body = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
        "__reduce__": pickled,
    }
    return type(kind.__name__, (kind, SessionException), body)


def _unpickled(kind: Any, args: tuple[Any, ...], fields: dict[str, Any]) -> S3SessionsError:
    error = kind(*args)
    error.__dict__.update(fields)
    return as_strands(error)
