"""What stands around a history: session.json, and history.json, as one snapshot reads them."""

from __future__ import annotations

from collections.abc import Sequence

from s3sessions.dao.beginning import WHOLE, Beginning, beginning_within
from s3sessions.dao.documents import (
    Document,
    Life,
    check_not_deleted,
    life_of_agent,
    read_document,
    read_session_document,
)
from s3sessions.dao.end import End
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.origin import is_before_publication
from s3sessions.dao.reader import Call
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys, Kind, SessionKeys


class Surroundings:
    """The documents beside the messages, under one list after the other.

    Attributes:
        session: session.json as it was last read.
        history: history.json likewise, or as it was known before.
        beginning: where the visible history begins.
    """

    def __init__(
        self, scope: Scope, session: SessionKeys, agent: AgentKeys, history: Document | None
    ) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent
        self.session: Document | None = None
        self.history = history
        self.beginning: Beginning = WHOLE

    @property
    def life(self) -> Life | None:
        """Which life of the session and the agent this is."""
        return life_of_agent(self.session, self._agent.agent_id)

    def calls(self, listing: AgentListing) -> Sequence[Call]:
        """Give what to read. Requests: 1 GET, 2 where there may be a history.json."""
        if Kind.HISTORY not in listing.documents:
            self.history, self.beginning = None, WHOLE
        # Of several pages the first can be older than what was hidden before the last.
        if listing.pages > 1 or not self._has_history(listing):
            return [self._read_history, self._read_session]
        return [self._read_session]

    async def _read_session(self) -> bool:
        self.session = await read_session_document(self._scope, self._session)
        return True

    async def _read_history(self) -> bool:
        self.history = await read_document(self._scope, self._agent.history)
        return True

    def begin(self, end: End | None) -> None:
        """Find where the history begins; `end` is needed where there is no session.json."""
        next_index = 0 if end is None else end.next_index
        place = (self.history, self.session, self._agent.agent_id)
        self.beginning = beginning_within(*place, next_index)

    def check_not_deleted(self) -> None:
        """Raise SessionDeleted, or SessionNotFound where it is not there yet."""
        check_not_deleted(self.session, self._session.document, self._agent.agent_id)

    def is_before_publication(self, listing: AgentListing) -> bool:
        """Tell whether the list is of a time when a fork was still writing the session."""
        return is_before_publication(listing, self.session, self._agent.agent_id)

    def holds(self, listing: AgentListing, end: End, before: tuple[End, Beginning]) -> bool:
        """Tell whether the list and the documents are of one time.

        What does not fit for a second time is damage, or what a stalled writer left behind.
        """
        is_short = end.next_index < self.beginning.reached
        is_left = self.history is not None and self.beginning is WHOLE
        is_fit = not (is_short or is_left) or (end, self.beginning) == before
        return self._has_history(listing) and is_fit

    def _has_history(self, listing: AgentListing) -> bool:
        """Tell whether history.json is known as it is listed, absent where it is not."""
        entry = listing.documents.get(Kind.HISTORY)
        return (self.history and self.history.etag) == (entry and entry.etag)
