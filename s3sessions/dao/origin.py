"""Where a session comes from: what session.json says of the fork that made it.

A fork writes messages before readers are to see them, and publishes them by one write of
session.json. A reader that listed before that and reads session.json after it would take a part of
the child for the whole. So what is published says how many messages the fork wrote for each agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3sessions.dao.documents import Document
from s3sessions.dao.listing import AgentListing
from s3sessions.keys import Kind
from s3sessions.record import Record

FORK = "fork"
"""The field of a child's session.json that says how it was made."""

UNFINISHED = "unfinished"
"""The field of it that is there until it is published, with what the fork is to write."""


class Origin(Record):
    """What a session.json says of the fork that made its session.

    Attributes:
        parent: id of the session that it was forked off; None where that was deleted.
        kind: what for.
        messages: by agent, how many the fork wrote; empty before it is published.
    """

    parent: str | None
    kind: str
    messages: Mapping[str, Any]


def origin_of(document: Document | None) -> Origin | None:
    """Read it; None where no fork has made the session."""
    fork = {} if document is None else document.part(FORK)
    kind, written = fork.get("kind"), fork.get("messages")
    if document is None or not isinstance(kind, str):
        return None
    return Origin(document.text("parent"), kind, written if isinstance(written, dict) else {})


def is_before_publication(listing: AgentListing, document: Document | None, agent_id: str) -> bool:
    """Tell whether a list may be older than the publication that the document shows.

    A list that is made after the document was read shows all that the fork wrote.
    """
    origin = origin_of(document)
    written = None if origin is None else origin.messages.get(agent_id)
    if not isinstance(written, int):
        return False
    # agent.json is the last that a fork writes of an agent.
    return listing.shown.end < written or Kind.AGENT not in listing.documents
