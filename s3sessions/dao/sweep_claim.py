"""The claim to be the one that sweeps: made, kept while sessions are gone through, and given back.

Whoever dies with it frees it at its end. What was reached is written down about once a minute, so
that whoever takes over goes on near there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol

from s3sessions.dao.arguments import check_text
from s3sessions.dao.prune_rule import seconds_of
from s3sessions.dao.scope import Scope
from s3sessions.dao.sweep_file import SweepFile, SweepState
from s3sessions.deadline import seconds_left
from s3sessions.errors import InvalidSettings, S3SessionsError
from s3sessions.ids import encode_id
from s3sessions.log import WARNING, emit
from s3sessions.record import Record, replace
from s3sessions.retention import SweepOutcome, SweepReport

_LONGEST_CLAIM: Final = 900.0
_TO_CONCLUDE: Final = 10.0
"""Seconds in which a sweep whose time is over gives its claim back."""

_BETWEEN_NOTES: Final = 60.0
_A_CENTURY: Final = 36_525 * 86_400.0


class SweepPlan(Record):
    """What a sweep goes by, beside the rule of what is to be deleted.

    Attributes:
        name: of the sweep.
        seconds: after which it begins nothing more; None for no end.
        every: seconds from the beginning of one sweep to that of the next, at least.
        event_id: of what begins it.
    """

    name: str
    seconds: float | None = None
    every: float = 0.0
    event_id: str | None = None

    @classmethod
    def of(cls, name: str, seconds: object, every: object, event_id: str | None) -> SweepPlan:
        """Make one of what a caller gives. Raises InvalidSettings, InvalidId."""
        encode_id(name, what="name of a sweep")
        plan = cls(
            name,
            None if seconds is None else seconds_of(seconds, "seconds"),
            0.0 if every is None else seconds_of(every, "every"),
            event_id,
        )
        if plan.seconds is not None and not plan.seconds > 0:
            raise InvalidSettings(f"seconds={plan.seconds:g}: give more than 0, or None")
        if not 0 <= plan.every <= _A_CENTURY:
            raise InvalidSettings(f"every={plan.every:g} seconds: give 0 or more, or None")
        if event_id is not None:
            check_text("event_id", event_id)
        return plan


class Claim(Protocol):
    """What a sweep holds while it goes through the sessions."""

    @property
    def reached(self) -> str | None:
        """Id of the session behind which it begins."""

    async def begin(self) -> SweepReport | None:
        """Claim it; a report where nothing is to be done."""

    async def keep(self, reached: str | None) -> bool:
        """Write down what was reached, if that is due; False where it is another's by now."""

    async def end(self, reached: str | None, *, is_complete: bool) -> None:
        """Give it back. Raises nothing."""


class NoClaim:
    """What a dry run holds: nothing is written, and it begins with the first session."""

    reached = None

    async def begin(self) -> None:
        return

    async def keep(self, reached: str | None) -> bool:
        return True

    async def end(self, reached: str | None, *, is_complete: bool) -> None:
        return


class SweepClaim:
    """The claim of one call, by the document of the sweep."""

    def __init__(self, scope: Scope, plan: SweepPlan) -> None:
        self._scope = scope
        self._plan = plan
        self._file = SweepFile(scope, scope.root.sweep(plan.name))
        self._holder = scope.new_id()
        self._began_at = scope.now()
        self._noted_at = self._began_at
        self._held = SweepState()

    @property
    def reached(self) -> str | None:
        """Id of the session behind which it begins; None for the first."""
        return self._held.reached

    async def begin(self) -> SweepReport | None:
        """Claim the sweep that is under way, or a new one; a report where nothing is to be done.

        Requests: 1 GET and 1 PUT; 1 GET where nothing is to be done.

        Raises:
            UnsupportedVersion: a newer version of this package sweeps here.
            StoreUnavailable: whether it is claimed is not known; the claim ends by itself.
        """
        found = await self._file.read()
        for attempt in range(self._scope.settings.attempts):
            if found.holder == self._holder:
                self._held = found
                return None
            skipped = self._why_skipped(found)
            if skipped is not None:
                return skipped
            held = await self._file.write(self._claimed(found), found)
            if held is not None:
                self._held = held
                return None
            await self._scope.pause(attempt)
            found = await self._file.read()
        return SweepReport(SweepOutcome.BUSY)

    async def keep(self, reached: str | None) -> bool:
        """Write down what was reached, if that is due; False where it is another's by now.

        Requests: none, or 1 PUT once a minute has passed.
        """
        now, left = self._scope.now(), seconds_left()
        is_over = left is not None and left <= 0
        if is_over or (now - self._noted_at).total_seconds() < _BETWEEN_NOTES:
            return True
        self._noted_at = now
        state = replace(self._held, reached=reached, expires_at=self._end_of_claim(now))
        try:
            return await self._write(state)
        except S3SessionsError as error:
            # What is swept is swept; the next note comes in a minute.
            self._warn("sweep_not_noted", error)
            return True

    async def end(self, reached: str | None, *, is_complete: bool) -> None:
        """Give it back with what was reached. Requests: 1 PUT. Raises nothing."""
        state = replace(self._held, reached=reached, holder=None, expires_at=None)
        if is_complete:
            state = replace(state, reached=None, ended_at=self._scope.now())
        try:
            await self._write(state)
        except S3SessionsError as error:
            self._warn("sweep_not_released", error)

    def _why_skipped(self, found: SweepState) -> SweepReport | None:
        now = self._scope.now()
        if found.holder is not None and found.expires_at is not None and now < found.expires_at:
            return SweepReport(SweepOutcome.BUSY, due_at=found.expires_at)
        if found.ended_at is None or found.begun_at is None:
            return None
        due_at = found.begun_at + timedelta(seconds=self._plan.every)
        # One that began in the future has a clock that is wrong: it is not waited for.
        if found.begun_at <= now < due_at:
            return SweepReport(SweepOutcome.NOT_DUE, due_at=due_at)
        if found.event_id is not None and found.event_id == self._plan.event_id:
            return SweepReport(SweepOutcome.REPEATED)
        return None

    def _claimed(self, found: SweepState) -> SweepState:
        """Give what is there with a claim on it: on a new sweep, where none is under way."""
        now = self._scope.now()
        state = found
        if found.ended_at is not None or found.begun_at is None:
            state = SweepState(begun_at=now, event_id=self._plan.event_id)
        return replace(state, holder=self._holder, expires_at=self._end_of_claim(now))

    def _end_of_claim(self, now: datetime) -> datetime:
        seconds = _LONGEST_CLAIM
        if self._plan.seconds is not None:
            left = self._plan.seconds - (now - self._began_at).total_seconds()
            seconds = max(0.0, min(seconds, left))
        return now + timedelta(seconds=seconds + _TO_CONCLUDE)

    async def _write(self, state: SweepState) -> bool:
        written = await self._file.write(state, self._held)
        if written is None:
            found = await self._file.read()
            # An earlier write whose answer was lost.
            written = found if found.holder == self._holder else None
        self._held = written or self._held
        return written is not None

    def _warn(self, event: str, error: S3SessionsError) -> None:
        emit(WARNING, event, key=self._file.key, holder=self._holder, kind=error.kind)
