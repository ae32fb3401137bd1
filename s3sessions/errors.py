"""The error tree: one class for each thing that a caller would do next.

Every error has a stable `kind` for programs and a text for people: lower case, the key as
`key=…`, the way out, and the cause last. No error of an SDK or of the operating system leaves
the package; the original is chained as `__cause__`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

if TYPE_CHECKING:
    from s3sessions.models import Message

__all__ = [
    "AccessDenied",
    "AlreadyExists",
    "Ambiguous",
    "AmbiguousAgent",
    "AmbiguousSession",
    "AppendConflict",
    "Conflict",
    "CorruptObject",
    "DeadlineExceeded",
    "InvalidId",
    "InvalidMessage",
    "InvalidSettings",
    "MessageNotFound",
    "MissingExtra",
    "NotFound",
    "PartialDelete",
    "PreconditionFailed",
    "S3SessionsError",
    "SessionBusy",
    "SessionDeleted",
    "SessionNotFound",
    "SessionUnfinished",
    "StoreUnavailable",
    "TooManyMessages",
    "UnsupportedVersion",
    "WriteRace",
]


class S3SessionsError(Exception):
    """Base of every error that this package raises.

    Attributes:
        kind: stable name of the error for programs; never changes once released.
        message: what happened and what to do about it.
        key: the object's key, where one object is to blame.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, key: str | None = None, cause: object = None) -> None:
        # Only the message is positional, so that pickling calls cls(message) and then restores
        # the attributes: errors travel between processes (an executor, a worker pool).
        super().__init__(message)
        self.message = message
        self.key = key
        self.cause = None if cause is None else str(cause)

    def __str__(self) -> str:
        text = self.message
        if self.key is not None:
            text += f" | key={self.key}"
        if self.cause:
            text += f" | cause: {self.cause}"
        return text


class NotFound(S3SessionsError, KeyError):
    """There is no such object."""

    kind = "not_found"


class SessionNotFound(NotFound):
    """There is no such session."""

    kind = "session_not_found"


class SessionDeleted(SessionNotFound):
    """The session (or the agent) carries the mark of a deletion that has not ended yet."""

    kind = "session_deleted"


class SessionUnfinished(SessionNotFound):
    """A fork has begun to make the session and has not ended yet.

    Nobody can read or write it; forking again with the same id ends it, deleting takes it away.
    """

    kind = "session_unfinished"


class MessageNotFound(NotFound):
    """There is no message at that index."""

    kind = "message_not_found"


class Conflict(S3SessionsError):
    """Somebody else changed what this write builds on: read again, then try again."""

    kind = "conflict"


class PreconditionFailed(Conflict):
    """A conditional write found another object, or none, than its condition says."""

    kind = "precondition_failed"


class WriteRace(Conflict):
    """The store refused a conditional write while another one was under way (S3's 409).

    Nothing was written; the same request may be sent again after a short wait.
    """

    kind = "write_race"


class AppendConflict(Conflict):
    """Another writer extended the history after this handle read it.

    Attributes:
        index: the index at which the handle expected to append.
        messages: what the others appended from there on, the first 100 of it; empty where they
            were only faster, time and again.
        write_id: of the append that was refused; none of it is visible.
    """

    kind = "append_conflict"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        index: int = -1,
        messages: Sequence[Message] = (),
        write_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.index = index
        self.messages = tuple(messages)
        self.write_id = write_id


class SessionBusy(Conflict):
    """Another invocation holds the turn.

    Attributes:
        holder: the id of its turn.
        seconds_left: until its lease expires, if it is not renewed.
    """

    kind = "session_busy"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        holder: str = "",
        seconds_left: float = 0.0,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.holder = holder
        self.seconds_left = seconds_left


class AlreadyExists(S3SessionsError):
    """What should have been created is there already."""

    kind = "already_exists"


class InvalidId(S3SessionsError, ValueError):
    """An id that cannot stand in a key."""

    kind = "invalid_id"


class InvalidSettings(S3SessionsError, ValueError):
    """A setting, an argument or an environment variable that cannot work."""

    kind = "invalid_settings"


class InvalidMessage(S3SessionsError, ValueError):
    """A payload that JSON cannot hold unaltered, or that is over the size limit."""

    kind = "invalid_message"


class CorruptObject(S3SessionsError):
    """A stored object cannot be read as what its key says it is. Retrying does not help."""

    kind = "corrupt_object"


class UnsupportedVersion(S3SessionsError):
    """A stored object was written by a newer version of this package. Upgrade to read it."""

    kind = "unsupported_version"


class TooManyMessages(S3SessionsError):
    """The history is longer than `max_messages`; no message was read.

    Attributes:
        count: messages in the history.
        limit: the limit that was given.
    """

    kind = "too_many_messages"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        count: int = 0,
        limit: int = 0,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.count = count
        self.limit = limit


class StoreUnavailable(S3SessionsError):
    """The store did not answer, or answered that it cannot now; try again later.

    A write that ends so may have taken effect or not.

    Attributes:
        write_id: of the append that ended so; appending again with this write id is safe.
    """

    kind = "store_unavailable"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        write_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.write_id = write_id


class DeadlineExceeded(S3SessionsError):
    """The time that the caller gave is over; no request was begun after it.

    Attributes:
        fate: of what this call wrote: `not_written`, and never will be, or `unknown`, because an
            answer is outstanding. An earlier call with the same write id has a fate of its own.
        write_id: of the append that ended so; appending again with this write id is safe.
    """

    kind = "deadline_exceeded"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        fate: Literal["not_written", "unknown"] = "not_written",
        write_id: str | None = None,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.fate: Literal["not_written", "unknown"] = fate
        self.write_id = write_id


class AccessDenied(S3SessionsError):
    """The store refuses this caller.

    Attributes:
        action: the IAM action (S3) or the file permission (local) that is missing, if known.
    """

    kind = "access_denied"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        action: str | None = None,
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.action = action


class PartialDelete(S3SessionsError):
    """Some objects could not be deleted; run the deletion again, it goes on where it stopped.

    Attributes:
        left: for each key that is left, why.
    """

    kind = "partial_delete"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        left: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.left = tuple(left)


class Ambiguous(S3SessionsError):
    """More than one thing goes by what was given; name one.

    Attributes:
        ids: the ids that it could be (the first ones, where there are many).
    """

    kind = "ambiguous"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        cause: object = None,
        ids: Sequence[str] = (),
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.ids = tuple(ids)


class AmbiguousSession(Ambiguous):
    """More than one session id begins with what was given."""

    kind = "ambiguous_session"


class AmbiguousAgent(Ambiguous):
    """The session has several agents and none was named."""

    kind = "ambiguous_agent"


class MissingExtra(S3SessionsError, ImportError):
    """A feature needs a package that is not installed.

    Attributes:
        extra: the extra to install: `pip install 's3sessions[<extra>]'`.
    """

    kind = "missing_extra"

    def __init__(
        self, message: str, *, key: str | None = None, cause: object = None, extra: str = ""
    ) -> None:
        super().__init__(message, key=key, cause=cause)
        self.extra = extra
