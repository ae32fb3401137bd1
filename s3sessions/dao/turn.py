"""A turn: one invocation's claim to be the one that speaks in an agent's history.

Claimed by creating lease.json, so that a second invocation waits or gives up before it spends a
model call. Renewed beside the requests that the turn makes anyway, never by a timer; given back at
its end. A turn that was lost goes on: what it appends stands or falls by conditional creation.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from s3sessions.dao.claims import Claims
from s3sessions.dao.lease import Lease, LeaseFile, Unowned
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidSettings, S3SessionsError, SessionBusy
from s3sessions.log import WARNING, emit

_LONGEST_LOOK: Final = 1.0
_FIRST_LOOK: Final = 0.05


class Claim:
    """One claim.

    Attributes:
        holder: id of the turn; empty before it began.
        expires_at: when others may take it over; None before it began.
        lost: whether another took it over, or it was deleted, before it ended.
    """

    def __init__(self, claims: Claims, wait: float, seconds: float) -> None:
        self.holder = ""
        self.expires_at: datetime | None = None
        self.lost = False
        self._claims = claims
        self._scope = claims.scope
        self._file = LeaseFile(claims.scope, claims.agent.lease)
        self._wait = wait
        self._seconds = seconds
        self._held: Lease | None = None
        self._due_at: datetime | None = None

    async def begin(self) -> None:
        """Claim the turn; see `AgentSession.turn`.

        Raises:
            SessionBusy: another holds it, and still does after `wait`.
            InvalidSettings: this handle is in a turn already.
            StoreUnavailable: whether it is claimed is not known; it expires by itself.
        """
        if self._claims.current is not None:
            raise InvalidSettings("this handle is in a turn already: end that one first")
        self._claims.current = self
        self.holder, self.lost = self._scope.new_id(), False
        try:
            self._hold(await self._acquire())
        except BaseException:
            self._claims.current = None
            raise

    async def renew_if_due(self) -> None:
        """Renew the lease once more than half of it has passed."""
        held, now = self._held, self._scope.now()
        if held is None or self._due_at is None or now <= self._due_at:
            return
        try:
            renewed = await self._renew(held)
        except S3SessionsError as error:
            # What the turn is for goes on; the next request after a while tries again.
            self._due_at = now + timedelta(seconds=self._seconds / 4)
            self._emit("turn_not_renewed", error=str(error))
            return
        if renewed is not None:
            self._hold(renewed)
            return
        self._held, self.lost = None, True
        self._emit("turn_lost")

    async def end(self) -> None:
        """Give the turn back. Requests: 1 DELETE, none for one that was lost. Raises nothing."""
        held, self._held = self._held, None
        self._claims.current = None
        if held is None:
            return
        try:
            await self._file.delete(held)
        except S3SessionsError as error:
            self._emit("turn_not_released", error=str(error))

    async def _acquire(self) -> Lease:
        taken_at = self._scope.now()
        patience = _Patience(self._scope, self._wait)
        found: Lease | Unowned | None = None
        for attempt in range(self._scope.settings.attempts):
            if lease := await self._file.write(self.holder, taken_at, self._seconds, found):
                self._report_taken_over(found)
                return lease
            found = await self._file.read()
            while isinstance(found, Lease) and self._scope.now() < found.expires_at:
                if found.holder == self.holder:
                    return found
                if patience.is_over:
                    raise self._busy(found)
                await patience.pause(self._left(found))
                found = await self._file.read()
            # Free, but somebody else may be about to take it: only the first time at once.
            if attempt and not patience.is_over:
                await patience.pause(_LONGEST_LOOK)
        raise self._busy(found)

    async def _renew(self, held: Lease) -> Lease | None:
        """Write a later expiry; None where the lease is not this turn's any more."""
        renewed = await self._file.write(self.holder, held.taken_at, self._seconds, held)
        if renewed is None:
            found = await self._file.read()
            is_ours = isinstance(found, Lease) and found.holder == self.holder
            # An earlier renewal whose answer was lost.
            renewed = found if isinstance(found, Lease) and is_ours else None
        return renewed

    def _hold(self, lease: Lease) -> None:
        self._held, self.expires_at = lease, lease.expires_at
        self._due_at = lease.expires_at - timedelta(seconds=self._seconds / 2)

    def _left(self, found: Lease) -> float:
        return max(0.0, (found.expires_at - self._scope.now()).total_seconds())

    def _busy(self, found: Lease | Unowned | None) -> SessionBusy:
        known = found if isinstance(found, Lease) else None
        left = 0.0 if known is None else self._left(known)
        return SessionBusy(
            f"another invocation has the turn, for {left:.1f} s if it is not renewed: try again "
            "then, or give more time with wait=…",
            key=self._file.key,
            holder="" if known is None else known.holder,
            seconds_left=left,
        )

    def _report_taken_over(self, found: Lease | Unowned | None) -> None:
        if isinstance(found, Lease):
            self._emit("turn_taken_over", of=found.holder, expired_at=found.expires_at)

    def _emit(self, event: str, **fields: object) -> None:
        agent = self._claims.agent
        ids = {"session": agent.session_id, "agent": agent.agent_id, "holder": self.holder}
        emit(WARNING, event, **ids, **fields)


class _Patience:
    """What is left of the time that a caller is willing to wait."""

    def __init__(self, scope: Scope, seconds: float) -> None:
        self._scope = scope
        self._seconds = seconds
        self._began_at = scope.clock()
        self._slept = 0.0
        self._looks = 0

    @property
    def _left(self) -> float:
        # A clock that is set back must not make the wait longer.
        return self._seconds - max(self._slept, self._scope.clock() - self._began_at)

    @property
    def is_over(self) -> bool:
        return self._left <= 0

    async def pause(self, at_most: float) -> None:
        """Sleep until the next look: jittered, longer each time, and never past the end."""
        bound = min(_LONGEST_LOOK, _FIRST_LOOK * 2 ** min(self._looks, 10))
        jitter = int.from_bytes(self._scope.entropy(4), "big") / 2**32
        seconds = min(self._left, bound * (1 + jitter) / 2, at_most)
        self._looks += 1
        self._slept += seconds
        await self._scope.store.sleep(seconds)
