"""Surveying: what of a history has been left alone for so long that it may be moved or deleted.

No writer is left then who could create such an index again. Nothing at or above the greatest live
object of that age is touched, nor its batch, so that the next index never falls.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from s3sessions.dao.beginning import WHOLE, Beginning, beginning_of
from s3sessions.dao.documents import Document, check_not_deleted, read_document
from s3sessions.dao.end import fetching
from s3sessions.dao.listing import AgentListing, look
from s3sessions.dao.messages import Stored
from s3sessions.dao.scope import Scope
from s3sessions.dao.visible import batch_of, is_listed
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.models import Message
from s3sessions.ports import Entry

LONGEST_REQUEST: Final = 900.0
"""Seconds for which a request may be under way before S3 refuses it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A list, and what was known of it when it was made.

    Attributes:
        listing: the list.
        session: session.json; None where there is none.
        beginning: what is hidden.
        oldest_kept: when the youngest object that is old was written; seconds since the epoch.
        settled_by: when the youngest object was written that no packing creates again.
    """

    listing: AgentListing
    session: Document | None
    beginning: Beginning
    oldest_kept: float
    settled_by: float

    @classmethod
    def of(
        cls,
        scope: Scope,
        listing: AgentListing,
        session: Document | None,
        beginning: Beginning,
        min_age: float,
    ) -> Survey:
        """Tell what is old now, `min_age` in seconds."""
        now = scope.clock()
        settled_by = now - scope.settings.trust - LONGEST_REQUEST
        return cls(listing, session, beginning, now - min_age, settled_by)

    @property
    def is_of_a_known_life(self) -> bool:
        """Whether a session.json tells whose history it is; nothing is touched without."""
        return self.session is not None and self.session.corrupt is None

    def is_old(self, entry: Entry) -> bool:
        """Tell whether an object has been left alone for long enough."""
        return entry.modified.timestamp() <= self.oldest_kept

    def is_settled(self, entry: Entry) -> bool:
        """Tell whether a segment is old, and every request that may create it has ended.

        Of another packing, whose list was made before, or of the one that created it already.
        """
        return self.is_old(entry) and entry.modified.timestamp() <= self.settled_by


class Surveyor:
    """Looks at one agent's history."""

    def __init__(self, scope: Scope, session: SessionKeys, agent: AgentKeys) -> None:
        self._scope = scope
        self._session = session
        self._agent = agent

    async def survey(self, min_age: float) -> Survey:
        """List, and read what is hidden.

        Requests: 1 LIST for each 1,000 keys and 1 GET; 1 GET more where there is a history.json.

        Raises:
            SessionDeleted: the session is being deleted.
            CorruptObject, UnsupportedVersion: history.json cannot be read.
        """
        listing, document = await look(self._scope, self._session, self._agent)
        check_not_deleted(document, self._session.document, self._agent.agent_id)
        beginning = await self.beginning(listing, document)
        return Survey.of(self._scope, listing, document, beginning, min_age)

    async def beginning(self, listing: AgentListing, session: Document | None) -> Beginning:
        """Read what is hidden: nothing, where no session.json tells whose life that is."""
        if Kind.HISTORY not in listing.documents or session is None or session.corrupt is not None:
            return WHOLE
        document = await read_document(self._scope, self._agent.history)
        if document is not None and document.corrupt is not None:
            raise document.corrupt
        return beginning_of(document, session, self._agent.agent_id)

    async def limit(self, survey: Survey) -> int:
        """Give the place of the greatest live object that is old; nothing from there on goes.

        Requests: 1 GET, or a few where members of batches are the greatest.
        """
        listing = survey.listing
        fetch = fetching(self._scope, self._agent, listing, survey.session)
        old = [index for index, entry in listing.messages.items() if survey.is_old(entry)]
        for index in reversed(old):
            stored = (await fetch([index])).get(index)
            batch = batch_of(stored)
            if stored is None or batch is None:
                return index
            commit = (await fetch([batch.commit])).get(batch.commit)
            if batch.position == 0 or _may_list(commit, stored):
                return batch.commit
        return max((block[-1] for block in listing.segments), default=0)


def _may_list(commit: Stored | None, member: Stored) -> bool:
    """Tell whether a commit lists it; of one that cannot be read that is not known."""
    is_unreadable = commit is not None and not isinstance(commit.content, Message)
    return is_unreadable or is_listed(member, commit)
