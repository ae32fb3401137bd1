"""One foreign session: read, stored, read back, and only then its source put away."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from s3sessions.errors import (
    AccessDenied,
    InvalidSettings,
    MissingExtra,
    S3SessionsError,
    SessionNotFound,
    StoreUnavailable,
)
from s3sessions.export.importing import Renaming
from s3sessions.export.lines import UnreadableFile
from s3sessions.migration.foreign import Damage, ForeignSession
from s3sessions.migration.report import Migrated
from s3sessions.migration.sources import Source, put_away, put_back
from s3sessions.migration.storing import Storing

if TYPE_CHECKING:
    from s3sessions.export.conversation import Conversation
    from s3sessions.sync import Sessions

__all__ = ["Mover", "Outcome", "ShouldStore"]

ShouldStore: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Says of a message whether it is stored."""

_STOPPING: Final = (AccessDenied, InvalidSettings, MissingExtra, StoreUnavailable)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source: migrated, skipped, or failed with an error."""

    source: Source
    migrated: Migrated | None = None
    is_changed: bool = False
    written: int = 0
    renamed: tuple[Renaming, ...] = ()
    damaged: tuple[Damage, ...] = ()
    skipped: str | None = None
    error: str | None = None


class Mover:
    """Moves sessions into a store, each in a thread of its own."""

    def __init__(self, sessions: Sessions, should_store: ShouldStore | None, *, keep: bool) -> None:
        self._sessions = sessions
        self._should_store = should_store
        self._keep = keep

    def move(self, source: Source, stop: threading.Event) -> Outcome:
        """Migrate one session; only what concerns a whole store is raised."""
        try:
            session = source.read()
        except _STOPPING:
            raise
        except SessionNotFound:
            return Outcome(source, skipped="it was deleted meanwhile")
        except (S3SessionsError, UnreadableFile, OSError) as error:
            return Outcome(source, error=str(error))
        if self._should_store is not None:
            session = _chosen(session, self._should_store)
        if session.is_empty:
            reason = "nothing of it can be read" if session.damaged else "nobody spoke in it"
            return Outcome(source, skipped=reason, damaged=tuple(session.damaged))
        return self._store(source, session, stop)

    def _store(self, source: Source, session: ForeignSession, stop: threading.Event) -> Outcome:
        storing = Storing(self._sessions, session, stop)
        try:
            storing.run()
            if not (self._keep or stop.is_set()):
                self._put_away(source, session)
        except _STOPPING:
            raise
        except (S3SessionsError, OSError) as error:
            return Outcome(source, error=str(error), written=storing.written)
        return Outcome(
            source,
            Migrated(source.name, session.session_id, storing.messages, storing.written),
            storing.is_changed,
            storing.written,
            tuple(storing.renamed),
            tuple(session.damaged),
        )

    def _put_away(self, source: Source, session: ForeignSession) -> None:
        """Rename a source that is stored elsewhere now.

        Raises:
            InvalidSettings: it is not elsewhere; its name stays.
            OSError: it cannot be renamed.
        """
        for path in source.paths:
            is_folder = path.is_dir()
            renamed = put_away(path)
            if is_folder and not self._is_there(session.session_id):
                put_back(renamed, path)
                raise InvalidSettings(f"{path} is a session of the place where it would go")

    def _is_there(self, session_id: str) -> bool:
        try:
            self._sessions.info(session_id)
        except SessionNotFound:
            return False
        return True


def _chosen(session: ForeignSession, should_store: ShouldStore) -> ForeignSession:
    """Leave out the messages that are not to be stored."""
    agents = [_without_unwanted(agent, should_store) for agent in session.agents]
    return replace(session, agents=agents)


def _without_unwanted(conversation: Conversation, should_store: ShouldStore) -> Conversation:
    kept = [at for at, message in enumerate(conversation.messages) if should_store(message)]
    return replace(
        conversation,
        messages=[conversation.messages[at] for at in kept],
        times=[conversation.times[at] for at in kept] if conversation.times else (),
        usage=[conversation.usage[at] for at in kept] if conversation.usage else (),
    )
