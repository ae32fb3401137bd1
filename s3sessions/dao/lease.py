"""lease.json: who has the turn in an agent's history, and until when.

Created only where absent, renewed and taken over by If-Match, deleted by If-Match, or where that
costs much without while nobody may have taken it over. A lease saves model calls and protects
nothing: conditional creation of messages does. So a clock that is wrong costs work and never a
message, and what cannot be read is nobody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import Document, read_document
from s3sessions.dao.scope import Scope
from s3sessions.errors import NotFound, PreconditionFailed, StoreUnavailable, WriteRace
from s3sessions.ports import ABSENT
from s3sessions.record import Record, replace
from s3sessions.values import dump, format_time, parse_time

# By less than this do clocks differ that a network sets, as those of all Lambda functions are.
_CLOCKS_DIFFER: Final = timedelta(seconds=1)


class Lease(Record):
    """One version of lease.json.

    Attributes:
        holder: the id of the turn.
        taken_at: when the turn began.
        expires_at: when others may take it over.
        etag: of this version.
    """

    holder: str
    taken_at: datetime
    expires_at: datetime
    etag: str = ""


class Unowned(Record):
    """A lease.json that cannot be read."""

    etag: str


class LeaseFile(Record):
    """The lease.json of one agent."""

    scope: Scope
    key: str

    async def read(self) -> Lease | Unowned | None:
        """Read it; None where there is none. Requests: 1 GET."""
        document = await read_document(self.scope, self.key)
        return None if document is None else _lease_of(document)

    async def write(
        self, holder: str, taken_at: datetime, seconds: float, over: Lease | Unowned | None
    ) -> Lease | None:
        """Write it over a version that is known, or where there is none; None if refused.

        Requests: 1 PUT, and 1 GET where that had no answer.

        Raises:
            StoreUnavailable: it is not known to be written.
        """
        lease = Lease(holder, taken_at, self.scope.now() + timedelta(seconds=seconds))
        only_if = ABSENT if over is None else over.etag
        try:
            etag = await self.scope.store.put(self.key, dump(_body(lease)), only_if=only_if)
        except (PreconditionFailed, WriteRace, NotFound):
            return None
        except StoreUnavailable:
            found = await self.read()
            if isinstance(found, Lease) and replace(found, etag="") == lease:
                return found
            raise
        return replace(lease, etag=etag)

    async def delete(self, lease: Lease) -> None:
        """Delete this version; one that is gone or somebody else's is left. Requests: 1 DELETE.

        Where the store says that a condition is dear, there is none until a second before the
        lease expires: till then it is nobody else's. By a wrong clock, a session that was begun
        anew or a request that comes late, the next turn's lease goes in its place, at the price of
        what that one saves.
        """
        is_dear = not self.scope.store.deletes_if_match
        is_ours = self.scope.now() < lease.expires_at - _CLOCKS_DIFFER
        try:
            await self.scope.store.delete(
                self.key, only_if=None if is_dear and is_ours else lease.etag
            )
        except (PreconditionFailed, NotFound):
            return


def _body(lease: Lease) -> dict[str, object]:
    return {
        "holder": lease.holder,
        "taken_at": format_time(lease.taken_at),
        "expires_at": format_time(lease.expires_at),
        STAMP: {"v": FORMAT_VERSION},
    }


def _lease_of(document: Document) -> Lease | Unowned:
    holder = document.body.get("holder")
    taken_at = parse_time(document.body.get("taken_at"))
    expires_at = parse_time(document.body.get("expires_at"))
    if isinstance(holder, str) and taken_at is not None and expires_at is not None:
        return Lease(holder, taken_at, expires_at, document.etag)
    return Unowned(document.etag)
