"""sweep_<name>.json: who sweeps, how far that has come, and when the last sweep ended.

Created only where absent and changed only by If-Match, as a lease is. It saves work and protects
nothing: two sweeps at once delete nothing that one would not. So what cannot be read is nobody's.
"""

from __future__ import annotations

from datetime import datetime

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import Document, read_document
from s3sessions.dao.scope import Scope
from s3sessions.errors import (
    InvalidId,
    NotFound,
    PreconditionFailed,
    StoreUnavailable,
    UnsupportedVersion,
    WriteRace,
)
from s3sessions.ids import encode_id
from s3sessions.ports import ABSENT
from s3sessions.record import Record, replace
from s3sessions.values import dump, format_time, parse_time


class SweepState(Record):
    """One version of the document; empty where there is none, or none that can be read.

    Attributes:
        begun_at: when the sweep that is under way, or else the last one, began.
        event_id: of what has begun it, where the caller said so.
        reached: id of the last session that it has gone through.
        ended_at: when it had gone through all of them; None as long as it has not.
        holder: the id of the call that is at it; None where none is.
        expires_at: when others may take that for dead.
        etag: of this version; None where there is none.
    """

    begun_at: datetime | None = None
    event_id: str | None = None
    reached: str | None = None
    ended_at: datetime | None = None
    holder: str | None = None
    expires_at: datetime | None = None
    etag: str | None = None


class SweepFile(Record):
    """The document of one sweep."""

    scope: Scope
    key: str

    async def read(self) -> SweepState:
        """Read it. Requests: 1 GET. Raises UnsupportedVersion."""
        document = await read_document(self.scope, self.key)
        return SweepState() if document is None else _state_of(document)

    async def write(self, state: SweepState, over: SweepState) -> SweepState | None:
        """Write it over a version that is known, or where there is none; None if refused.

        Requests: 1 PUT, and 1 GET where that had no answer.

        Raises:
            StoreUnavailable: it is not known to be written.
        """
        only_if = ABSENT if over.etag is None else over.etag
        try:
            etag = await self.scope.store.put(self.key, dump(_body(state)), only_if=only_if)
        except (PreconditionFailed, WriteRace, NotFound):
            return None
        except StoreUnavailable:
            found = await self.read()
            if found.etag is not None and replace(found, etag=state.etag) == state:
                return found
            raise
        return replace(state, etag=etag)


def _body(state: SweepState) -> dict[str, object]:
    return {
        "begun_at": format_time(state.begun_at),
        "event_id": state.event_id,
        "reached": state.reached,
        "ended_at": format_time(state.ended_at),
        "holder": state.holder,
        "expires_at": format_time(state.expires_at),
        STAMP: {"v": FORMAT_VERSION},
    }


def _state_of(document: Document) -> SweepState:
    if isinstance(document.corrupt, UnsupportedVersion):
        raise document.corrupt
    return SweepState(
        begun_at=parse_time(document.body.get("begun_at")),
        event_id=_text(document.body.get("event_id")),
        reached=_id(document.body.get("reached")),
        ended_at=parse_time(document.body.get("ended_at")),
        holder=_text(document.body.get("holder")),
        expires_at=parse_time(document.body.get("expires_at")),
        etag=document.etag,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _id(value: object) -> str | None:
    """Read a session id; what is none is no place to go on from."""
    try:
        return value if isinstance(value, str) and encode_id(value) else None
    except InvalidId:
        return None
