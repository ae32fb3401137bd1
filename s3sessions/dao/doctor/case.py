"""A case: a finding, and what would repair it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from s3sessions.errors import Conflict, NotFound, PartialDelete
from s3sessions.health import Finding, FindingKind

Mend: TypeAlias = Callable[[], Awaitable[None]]
"""Repairs one thing; raises where what was found has changed since."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose objects are looked at: a session's, or those of one agent in it."""

    session: str | None
    agent: str | None = None

    def case(
        self, kind: FindingKind, key: str, meaning: str, remedy: str, mend: Mend | None = None
    ) -> Case:
        """Make a case; it is repairable if there is something that mends it."""
        finding = Finding(
            kind=kind,
            session=self.session,
            agent=self.agent,
            key=key,
            meaning=meaning,
            remedy=remedy,
            repairable=mend is not None,
        )
        return Case(finding, mend)


@dataclass(frozen=True, slots=True)
class Case:
    """What was found, and what mends it; None where no program should."""

    finding: Finding
    mend: Mend | None = None

    async def repaired(self) -> Finding:
        """Repair it and say whether that has worked.

        Raises:
            AccessDenied, StoreUnavailable: the store refuses, or does not answer.
        """
        if self.mend is None:
            return self.finding
        try:
            await self.mend()
        except (Conflict, NotFound, PartialDelete) as error:
            return replace(self.finding, remedy=f"not repaired, run it again: {error}")
        return replace(self.finding, repaired=True)
