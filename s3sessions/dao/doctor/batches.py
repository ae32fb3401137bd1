"""Batches whose members no reader sees: dead ones, and those that somebody may still commit.

One that was to replace the history and that history.json does not name is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.beginning import Beginning
from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.messages import Stored
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import batch_of, is_listed, is_member
from s3sessions.health import FindingKind
from s3sessions.keys import AgentKeys
from s3sessions.models import Batch, Message

STILL_AT_WORK: Final = timedelta(minutes=15)
"""For so long a request may be under way before S3 refuses it."""

_NO_NEED: Final = "nothing has to be done: they never become visible, and compact() deletes them"


@dataclass
class _Unseen:
    """The members of one batch that are not visible."""

    commit: int
    newest: datetime
    indexes: list[int] = field(default_factory=list)
    is_unreadable: bool = False
    is_committed: bool = False


@dataclass
class Batches:
    """Which members are visible, as messages are read in the order of their indexes."""

    scope: Scope
    agent: AgentKeys
    beginning: Beginning
    _commits: dict[int, Stored] = field(default_factory=dict)
    _unseen: dict[str, _Unseen] = field(default_factory=dict)

    def note(self, index: int, stored: Stored) -> None:
        """Remember what may be a commit, without its payload."""
        batch = batch_of(stored)
        if batch is not None and batch.position == 0 and isinstance(stored.content, Message):
            stored = Stored(replace(stored.content, payload={}), stored.etag)
            self._commits[index] = stored
        elif not isinstance(stored.content, Message):
            self._commits[index] = stored

    async def is_visible(self, stored: Stored, modified: datetime) -> bool:
        """Tell whether readers see it.

        Requests: none; 1 GET where its commit was not noted, or a few where that is packed.
        """
        batch = batch_of(stored)
        if batch is None or not isinstance(stored.content, Message):
            return True
        if batch.commit < self.beginning.first:
            return False
        commit = stored if not is_member(stored) else await self._commit(batch)
        committed = batch_of(commit) if is_listed(stored, commit) else None
        if committed is not None and self.beginning.shows(committed):
            return True
        unseen = self._unseen.setdefault(batch.id, _Unseen(batch.commit, modified))
        unseen.indexes.append(stored.content.index)
        unseen.is_unreadable = commit is not None and not isinstance(commit.content, Message)
        unseen.is_committed = committed is not None
        unseen.newest = max(modified, unseen.newest)
        return False

    async def _commit(self, batch: Batch) -> Stored | None:
        # A list that is no snapshot may lack a commit that was made meanwhile.
        noted = self._commits.get(batch.commit)
        return noted or await read_wherever(self.scope, self.agent, batch.commit)

    @property
    def replacing(self) -> dict[int, str]:
        """The batches, by the index of their first message, that are to replace the history."""
        batches = {index: batch_of(stored) for index, stored in self._commits.items()}
        return {i: batch.id for i, batch in batches.items() if batch is not None and batch.replaces}

    @property
    def end(self) -> int:
        """One above the greatest index that a commit lists."""
        batches = [batch_of(stored) for stored in self._commits.values()]
        return max((max(b.indexes) + 1 for b in batches if b is not None and b.indexes), default=0)

    def cases(self, patient: Patient) -> Iterator[Case]:
        """Give a case for each batch with members that nobody sees."""
        for unseen in self._unseen.values():
            yield self._case(patient, unseen)

    def _case(self, patient: Patient, unseen: _Unseen) -> Case:
        if unseen.is_committed:
            return self._replacement(patient, unseen)
        key = self.agent.message(unseen.indexes[0])
        what = f"{_listed(unseen.indexes)} of a batch whose first message is to be {unseen.commit}"
        if unseen.is_unreadable:
            return patient.case(
                FindingKind.DEAD_BATCH,
                key,
                f"{what}, which cannot be read: nobody sees them, and they may have been "
                "acknowledged",
                f"mend {self.agent.message(unseen.commit)} (an old version, a backup): they come "
                "back with it",
            )
        if self.scope.now() - unseen.newest < STILL_AT_WORK:
            return patient.case(
                FindingKind.BATCH_IN_PROGRESS,
                key,
                f"{what}, which is not there yet: somebody is about to write it, or has died",
                "wait 15 minutes, then look again",
            )
        return patient.case(
            FindingKind.DEAD_BATCH,
            key,
            f"{what}, and never was: its writer died or another one was first; nobody was told "
            "that they are stored, and nobody sees them",
            _NO_NEED,
        )

    def _replacement(self, patient: Patient, unseen: _Unseen) -> Case:
        key = self.agent.message(unseen.commit)
        what = f"{_listed(unseen.indexes)} of a batch that was to replace the history"
        if self.scope.now() - unseen.newest < STILL_AT_WORK:
            return patient.case(
                FindingKind.BATCH_IN_PROGRESS,
                key,
                f"{what}, and history.json does not say so yet: somebody is about to write it, or "
                "has died",
                "wait 15 minutes, then look again",
            )
        return patient.case(
            FindingKind.DEAD_BATCH,
            key,
            f"{what}, and has not: its writer died, or the history was another one by then; nobody "
            "was told that it is replaced, and nobody sees them",
            "nothing has to be done: they never become visible; once the history begins behind "
            "them, compact() deletes them",
        )


def _listed(indexes: list[int]) -> str:
    if len(indexes) == 1:
        return f"message {indexes[0]} is one"
    shown = ", ".join(map(str, indexes[:5])) + (" …" if len(indexes) > 5 else "")
    return f"messages {shown} are {len(indexes)}"
