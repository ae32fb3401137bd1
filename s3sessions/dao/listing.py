"""Listing: what a prefix holds, by keys alone. Order is never relied on, except after sorting."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.scope import Scope
from s3sessions.keys import AgentKeys, Kind, SessionKeys
from s3sessions.ports import AsyncStore, Entry, Page


async def pages(
    store: AsyncStore, prefix: str, *, delimiter: str | None = None
) -> AsyncIterator[Page]:
    """Give every page of a list. Requests: one LIST for each 1,000 keys."""
    token = None
    while True:
        page = await store.list(prefix, delimiter=delimiter, token=token)
        yield page
        token = page.token
        if token is None:
            return


async def entries(store: AsyncStore, prefix: str) -> list[Entry]:
    """Give everything under a prefix. Requests: one LIST for each 1,000 keys."""
    return [entry async for page in pages(store, prefix) for entry in page.entries]


@dataclass(frozen=True, slots=True)
class AgentListing:
    """One list of an agent's prefix.

    Attributes:
        messages: by index, in order of the index.
        documents: by kind.
        foreign: keys that are not ours.
        pages: of the list; one page is a snapshot, several are not.
        listed_at: the clock when the list began: nothing newer is known to be in it.
    """

    messages: dict[int, Entry]
    documents: dict[Kind, Entry]
    foreign: int
    pages: int
    listed_at: float

    def shows_the_same_as(self, other: AgentListing) -> bool:
        """Tell whether two lists show the same objects in the same versions."""
        return _versions(self) == _versions(other)


def _versions(listing: AgentListing) -> set[tuple[str, str]]:
    shown = (*listing.messages.values(), *listing.documents.values())
    return {(entry.key, entry.etag) for entry in shown}


async def list_agent(scope: Scope, keys: AgentKeys) -> AgentListing:
    """List an agent's prefix. Requests: one LIST for each 1,000 keys."""
    listed_at = scope.clock()
    messages: dict[int, Entry] = {}
    documents: dict[Kind, Entry] = {}
    foreign = 0
    listed = [page.entries async for page in pages(scope.store, keys.prefix)]
    for entry in chain.from_iterable(listed):
        place = scope.root.parse(entry.key)
        if place is None or place.kind is Kind.FOREIGN:
            foreign += 1
        elif place.index is not None:
            messages[place.index] = entry
        else:
            documents[place.kind] = entry
    return AgentListing(dict(sorted(messages.items())), documents, foreign, len(listed), listed_at)


async def look(
    scope: Scope, session: SessionKeys, agent: AgentKeys
) -> tuple[AgentListing, Document | None]:
    """List the agent and read session.json beside it, in one round trip."""
    return await scope.both(
        partial(list_agent, scope, agent), partial(read_session_document, scope, session)
    )
