"""A page of sessions: the newest, with what is said of them and how they begin.

One list of all keys gives the order. Then session.json of one session after the other is read, as
many at a time as the page still lacks, until it is full; then the first message of each.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import partial
from typing import Final

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.beginning import Beginning, beginning_of
from s3sessions.dao.candidates import Candidates, order
from s3sessions.dao.documents import (
    Document,
    check_not_deleted,
    check_time,
    read_document,
    read_session_document,
)
from s3sessions.dao.filters import SessionFilter
from s3sessions.dao.messages import Stored, Unreadable
from s3sessions.dao.previews import preview
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import description
from s3sessions.dao.tally import AgentTally, Tally, tally
from s3sessions.dao.visible import keyed, messages
from s3sessions.descriptions import SessionSummary
from s3sessions.errors import InvalidSettings, NotFound
from s3sessions.keys import AgentKeys
from s3sessions.models import Message

_PREFERRED_AGENT: Final = "default"
_MOST_AT_A_TIME: Final = 1_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which sessions are asked for.

    Attributes:
        limit: at most so many; None for all.
        offset: of those that are meant, the first ones that are left out.
        meant: what session.json must say.
        since: the earliest last activity.
        before: what the last activity comes before.
        delegates: whether delegates are shown.

    Raises:
        InvalidSettings: a number that is none, or a time without a zone.
    """

    limit: int | None
    offset: int
    meant: SessionFilter
    since: datetime | None = None
    before: datetime | None = None
    delegates: bool = False

    def __post_init__(self) -> None:
        if self.limit is not None:
            _check_number("limit", self.limit, least=1)
        _check_number("offset", self.offset, least=0)
        for name in ("since", "before"):
            check_time(name, getattr(self, name))

    @property
    def end(self) -> int:
        """How many sessions have to be found."""
        return sys.maxsize if self.limit is None else self.offset + self.limit


def _check_number(name: str, value: object, *, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidSettings(f"{name} is {value!r}: must be a whole number, {least} or more")


async def browse(scope: Scope, page: Page) -> list[SessionSummary]:
    """Give a page of sessions; see `Sessions.browse`. Their usage is not in it."""
    tallies = await tally(scope)
    found = await _find(scope, page, tallies)
    newest = sorted(found, key=lambda name: order(name, tallies[name]), reverse=True)
    shown = newest[page.offset : page.end]
    looks = [_Look(scope, name, tallies[name], found[name]).run for name in shown]
    return list(await scope.store.fan_out(looks))


async def _find(
    scope: Scope, page: Page, tallies: Mapping[str, Tally]
) -> dict[str, Document | None]:
    """Read session.json of candidates until the page is full; give those that are meant."""
    candidates = Candidates(tallies, since=page.since, before=page.before, delegates=page.delegates)
    found: dict[str, Document | None] = {}
    while len(found) < page.end:
        # Most are meant where nothing is asked; where something is, a wave is filled.
        least = scope.width if page.meant.is_asked else 1
        window = candidates.take(min(max(page.end - len(found), least), _MOST_AT_A_TIME))
        if not window:
            break
        reads = [partial(read_session_document, scope, scope.root.session(name)) for name in window]
        for name, document in zip(window, await scope.store.fan_out(reads), strict=True):
            if not _is_there(scope, name, tallies[name], document):
                candidates.gone(name)
            elif page.meant.matches(document):
                found[name] = document
    return found


def _is_there(scope: Scope, session_id: str, counted: Tally, document: Document | None) -> bool:
    """Tell whether readers find it; what was listed and is gone was deleted meanwhile."""
    try:
        check_not_deleted(document, scope.root.session(session_id).document)
    except NotFound:
        return False
    return document is not None or not counted.has_document


@dataclass
class _Look:
    """One session of the page: what is said of it, and how it begins."""

    scope: Scope
    session_id: str
    counted: Tally
    document: Document | None
    _corrupt: list[Unreadable] = field(default_factory=list)

    async def run(self) -> SessionSummary:
        session = self.scope.root.session(self.session_id)
        if self.document is not None and self.document.corrupt is not None:
            self._corrupt.append(self.document.corrupt)
        beginning = await self._preview()
        said = description(session, self.document)
        return SessionSummary(
            **{each.name: getattr(said, each.name) for each in fields(said)},
            preview=beginning,
            last_active=self.counted.last_active,
            agents=tuple(sorted(self.counted.agents)),
            messages=self.counted.messages,
            bytes=self.counted.bytes,
            usage=None,
            corrupt=self._corrupt[0] if self._corrupt else None,
        )

    async def _preview(self) -> str | None:
        """Read first messages, one after the other, until one has a text of the user's."""
        spoken = {name: agent for name, agent in self.counted.agents.items() if agent.messages}
        if not spoken:
            return None
        agent_id = _PREFERRED_AGENT if _PREFERRED_AGENT in spoken else min(spoken)
        keys = self.scope.root.session(self.session_id).agent(agent_id)
        beginning = await self._beginning(keys, spoken[agent_id])
        reads: dict[int, Stored] = {}
        for index in spoken[agent_id].first_from(beginning.first):
            stored = await read_wherever(self.scope, keys, index)
            if stored is None:
                continue
            reads[index] = stored
            if not isinstance(stored.content, Message):
                self._corrupt.append(keyed(stored.content, keys.message(index)))
            for message in messages(reads, beginning.first, beginning):
                if (text := preview(message.payload)) is not None:
                    return text
        return None

    async def _beginning(self, keys: AgentKeys, counted: AgentTally) -> Beginning:
        """Read what history.json hides, where there is one."""
        document = await read_document(self.scope, keys.history) if counted.has_history else None
        if document is not None and document.corrupt is not None:
            self._corrupt.append(document.corrupt)
        return beginning_of(document, self.document, keys.agent_id)
