"""The roles, and what each may do on which keys below the prefix of the sessions."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final

from s3sessions.keys import Root
from s3sessions.record import Record

__all__ = ["DESTINATION", "Grant", "Role", "grants_of"]


class Role(enum.StrEnum):
    """What somebody does with sessions.

    Attributes:
        WRITER: append, restore, take turns, change, summarise, describe, fork.
        READER: list, browse, restore, export to files.
        EXPORTER: what a reader does, and export to S3.
        ERASER: delete, prune, compact, purge old versions, check the store.
    """

    WRITER = "writer"
    READER = "reader"
    EXPORTER = "exporter"
    ERASER = "eraser"


class Grant(Record):
    """Actions on the keys below the prefix that match one of the patterns.

    S3 asks for a list's actions on the bucket; there the patterns are for the prefix that is
    listed. No patterns: S3 has none for the action, it is granted on the whole bucket.
    """

    sid: str
    actions: tuple[str, ...]
    keys: tuple[str, ...] = ()

    @property
    def is_on_bucket(self) -> bool:
        return self.actions[0].startswith("s3:List")


# The grammar of keys spells the patterns, with a wildcard for each id.
_ROOT: Final = Root("")
_SESSION: Final = _ROOT.session("*")
_AGENT: Final = _SESSION.agent("*")
_SESSIONS: Final = (_ROOT.sessions + "*",)
_CHECKS: Final = (_ROOT.checks + "*",)
_SWEEPS: Final = (_ROOT.sweep("*"),)

_LIST: Final = Grant("ListSessions", ("s3:ListBucket",), _SESSIONS)
_READ: Final = Grant("ReadSessions", ("s3:GetObject",), _SESSIONS)
_WRITE: Final = Grant("ReadAndWriteSessions", ("s3:GetObject", "s3:PutObject"), _SESSIONS)

# The lease of a turn; and what was written into a session that was deleted at that moment, but for
# messages, which become voids. All of it a writer may overwrite.
_TAKEN_BACK: Final = (
    _AGENT.lease,
    _AGENT.document,
    _AGENT.history,
    _SESSION.children + "*",
    _SESSION.multi_agent("*").document,
)

DESTINATION: Final = (
    Grant("ListDestination", ("s3:ListBucket",), _SESSIONS),
    Grant("WriteDestination", ("s3:GetObject", "s3:PutObject"), _SESSIONS),
)
"""What an exporter may do where an export goes, which has the same keys."""

_GRANTS: Final[Mapping[Role, Sequence[Grant]]] = {
    Role.WRITER: (
        _LIST,
        _WRITE,
        Grant("TakeBack", ("s3:DeleteObject",), _TAKEN_BACK),
    ),
    Role.READER: (_LIST, _READ),
    Role.EXPORTER: (_LIST, _READ),
    Role.ERASER: (
        Grant("List", ("s3:ListBucket",), (*_SESSIONS, *_CHECKS, *_SWEEPS)),
        Grant("ListVersions", ("s3:ListBucketVersions",), (*_SESSIONS, *_CHECKS)),
        Grant("ListUploads", ("s3:ListBucketMultipartUploads",)),
        Grant("Read", ("s3:GetObject",), (*_SESSIONS, *_CHECKS, *_SWEEPS)),
        Grant(
            "MarkAndPack",
            ("s3:PutObject",),
            (_SESSION.document, _AGENT.archive + "*", *_CHECKS, *_SWEEPS),
        ),
        Grant("Delete", ("s3:DeleteObject", "s3:DeleteObjectVersion"), (*_SESSIONS, *_CHECKS)),
        Grant("AbortUploads", ("s3:AbortMultipartUpload",), _SESSIONS),
        Grant("SeeLocks", ("s3:GetObjectRetention", "s3:GetObjectLegalHold"), _SESSIONS),
    ),
}


def grants_of(role: Role) -> Sequence[Grant]:
    """Give what a role may do where the sessions are."""
    return _GRANTS[role]
