"""Durable sessions for AI agents on plain object storage.

No database, no server, no lock service: a session is a prefix, a message is an object, and one
PUT is all that an append costs. `Sessions` is for blocking code, `AsyncSessions` for async code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3sessions.errors import (
    AccessDenied,
    AlreadyExists,
    Ambiguous,
    AmbiguousAgent,
    AmbiguousSession,
    AppendConflict,
    Conflict,
    CorruptObject,
    InvalidId,
    InvalidMessage,
    InvalidSettings,
    MessageNotFound,
    MissingExtra,
    NotFound,
    PartialDelete,
    PreconditionFailed,
    S3SessionsError,
    SessionDeleted,
    SessionNotFound,
    StoreUnavailable,
    TooManyMessages,
    UnsupportedVersion,
    WriteRace,
)
from s3sessions.models import (
    DeletionReport,
    History,
    Message,
    RequestCounts,
    SessionDetails,
    SessionInfo,
    SessionRef,
    SessionSize,
    Stats,
)
from s3sessions.settings import Settings
from s3sessions.sync import AgentSession, MessageIterator, SessionList, Sessions

if TYPE_CHECKING:
    from s3sessions.aio import AsyncAgentSession, AsyncSessions

__version__ = "0.1.0"

__all__ = [
    "AccessDenied",
    "AgentSession",
    "AlreadyExists",
    "Ambiguous",
    "AmbiguousAgent",
    "AmbiguousSession",
    "AppendConflict",
    "AsyncAgentSession",
    "AsyncSessions",
    "Conflict",
    "CorruptObject",
    "DeletionReport",
    "History",
    "InvalidId",
    "InvalidMessage",
    "InvalidSettings",
    "Message",
    "MessageIterator",
    "MessageNotFound",
    "MissingExtra",
    "NotFound",
    "PartialDelete",
    "PreconditionFailed",
    "RequestCounts",
    "S3SessionsError",
    "SessionDeleted",
    "SessionDetails",
    "SessionInfo",
    "SessionList",
    "SessionNotFound",
    "SessionRef",
    "SessionSize",
    "Sessions",
    "Settings",
    "Stats",
    "StoreUnavailable",
    "TooManyMessages",
    "UnsupportedVersion",
    "WriteRace",
    "__version__",
]


def __getattr__(name: str) -> Any:
    # asyncio costs as much to import as all the rest: only those who use it pay for it.
    if name in ("AsyncAgentSession", "AsyncSessions"):
        from s3sessions import aio

        return getattr(aio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
