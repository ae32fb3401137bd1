"""Durable sessions for AI agents on plain object storage.

No database, no server, no lock service: a session is a prefix, a message is an object, and one
PUT is all that an append costs. `Sessions` is for blocking code, `AsyncSessions` for async code.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from s3sessions.aio import (
        AsyncAgentSession,
        AsyncSessions,
    )
    from s3sessions.aio_multi_agent import AsyncMultiAgentSession
    from s3sessions.aio_turn import AsyncTurn
    from s3sessions.descriptions import (
        SessionChanges,
        SessionDescription,
        SessionDetails,
        SessionInfo,
        SessionSummary,
    )
    from s3sessions.errors import (
        AccessDenied,
        AlreadyExists,
        Ambiguous,
        AmbiguousAgent,
        AmbiguousSession,
        AppendConflict,
        Conflict,
        CorruptObject,
        DeadlineExceeded,
        InvalidId,
        InvalidMessage,
        InvalidSettings,
        MessageNotFound,
        MissingExtra,
        NotFound,
        PartialDelete,
        PreconditionFailed,
        S3SessionsError,
        SessionBusy,
        SessionDeleted,
        SessionNotFound,
        SessionUnfinished,
        StoreUnavailable,
        TooManyMessages,
        UnsupportedVersion,
        WriteRace,
    )
    from s3sessions.health import (
        CheckReport,
        Finding,
        FindingKind,
        Probe,
    )
    from s3sessions.models import (
        Batch,
        Child,
        CompactReport,
        DeletionReport,
        History,
        HistoryChange,
        Message,
        RequestCounts,
        SessionRef,
        SessionSize,
        Stats,
        Summary,
    )
    from s3sessions.receipts import PurgeReceipt
    from s3sessions.retention import (
        PruneFilters,
        PruneOutcome,
        PruneReason,
        PruneResult,
        PruneTotals,
        SweepFailure,
        SweepOutcome,
        SweepReport,
    )
    from s3sessions.settings import Settings
    from s3sessions.sync import (
        AgentSession,
        FindingList,
        SessionList,
        Sessions,
    )
    from s3sessions.sync_agent import MessageIterator
    from s3sessions.sync_multi_agent import MultiAgentSession
    from s3sessions.sync_retention import PruneList
    from s3sessions.sync_turn import Turn

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
    "AsyncMultiAgentSession",
    "AsyncSessions",
    "AsyncTurn",
    "Batch",
    "CheckReport",
    "Child",
    "CompactReport",
    "Conflict",
    "CorruptObject",
    "DeadlineExceeded",
    "DeletionReport",
    "Finding",
    "FindingKind",
    "FindingList",
    "History",
    "HistoryChange",
    "InvalidId",
    "InvalidMessage",
    "InvalidSettings",
    "Message",
    "MessageIterator",
    "MessageNotFound",
    "MissingExtra",
    "MultiAgentSession",
    "NotFound",
    "PartialDelete",
    "PreconditionFailed",
    "Probe",
    "PruneFilters",
    "PruneList",
    "PruneOutcome",
    "PruneReason",
    "PruneResult",
    "PruneTotals",
    "PurgeReceipt",
    "RequestCounts",
    "S3SessionsError",
    "SessionBusy",
    "SessionChanges",
    "SessionDeleted",
    "SessionDescription",
    "SessionDetails",
    "SessionInfo",
    "SessionList",
    "SessionNotFound",
    "SessionRef",
    "SessionSize",
    "SessionSummary",
    "SessionUnfinished",
    "Sessions",
    "Settings",
    "Stats",
    "StoreUnavailable",
    "Summary",
    "SweepFailure",
    "SweepOutcome",
    "SweepReport",
    "TooManyMessages",
    "Turn",
    "UnsupportedVersion",
    "WriteRace",
    "__version__",
]

# Where each name lives: a name is imported when it is first asked for, so that a cold start pays
# for what it uses. asyncio alone costs as much as all of the blocking face.
_HOMES = {
    "aio": ("AsyncAgentSession", "AsyncSessions"),
    "aio_multi_agent": ("AsyncMultiAgentSession",),
    "aio_turn": ("AsyncTurn",),
    "descriptions": (
        "SessionChanges",
        "SessionDescription",
        "SessionDetails",
        "SessionInfo",
        "SessionSummary",
    ),
    "health": ("CheckReport", "Finding", "FindingKind", "Probe"),
    "models": (
        "Batch",
        "Child",
        "CompactReport",
        "DeletionReport",
        "History",
        "HistoryChange",
        "Message",
        "RequestCounts",
        "SessionRef",
        "SessionSize",
        "Stats",
        "Summary",
    ),
    "receipts": ("PurgeReceipt",),
    "retention": (
        "PruneFilters",
        "PruneOutcome",
        "PruneReason",
        "PruneResult",
        "PruneTotals",
        "SweepFailure",
        "SweepOutcome",
        "SweepReport",
    ),
    "settings": ("Settings",),
    "sync": ("AgentSession", "FindingList", "SessionList", "Sessions"),
    "sync_agent": ("MessageIterator",),
    "sync_multi_agent": ("MultiAgentSession",),
    "sync_retention": ("PruneList",),
    "sync_turn": ("Turn",),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import sys

    home = next((home for home, names in _HOMES.items() if name in names), "errors")
    # Not importlib, which takes longer to load than most of what it would be asked for.
    __import__(f"{__name__}.{home}")
    value = getattr(sys.modules[f"{__name__}.{home}"], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
