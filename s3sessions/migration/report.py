"""What a migration says it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from s3sessions.export.importing import Failure, Renaming

__all__ = ["Migrated", "MigrationProgress", "MigrationReport", "Skipped"]


class Migrated(NamedTuple):
    """A session that is stored now, and was read back.

    Attributes:
        source: its file or folder, or its prefix in a store; the first, if it has several.
        messages: messages of all its agents.
        written: of these, written by this migration.
    """

    source: str
    session_id: str
    messages: int
    written: int


class Skipped(NamedTuple):
    """A file or a session in which there is nothing to migrate, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did.

    Attributes:
        migrated: sessions of which something was written.
        unchanged: sessions that were there already, whole.
        skipped: what holds no session, or one in which nobody spoke; left as it is.
        failed: what could not be migrated, line 0 where a whole file is to blame; left as it is.
        damaged: lines and objects that could not be read, of sessions that were migrated all the
            same; they are still in the source.
        renamed: conversations whose agent id was another's already: see `import_conversations`.
        messages: messages of all sessions that are stored now.
        written: messages that this migration wrote.
    """

    migrated: tuple[Migrated, ...]
    unchanged: tuple[Migrated, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Failure, ...]
    damaged: tuple[Failure, ...]
    renamed: tuple[Renaming, ...]
    messages: int
    written: int


@dataclass(frozen=True, slots=True)
class MigrationProgress:
    """How far a migration has come.

    Attributes:
        sessions: that are stored now.
        written: messages that were written.
        done: files, folders and stored sessions that were dealt with.
        total: of all of them; None while that is not known.
    """

    sessions: int
    written: int
    done: int
    total: int | None
