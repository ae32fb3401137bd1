"""What a fresh process, and the bare store, show of a session; and what the model says to that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from s3sessions import SessionDeleted
from s3sessions.keys import Kind, Root
from s3sessions.models import Message
from tests.machine.model import UNNAMED, AgentModel, Seen, SessionModel, Slot, StateDocument
from tests.machine.place import Place

NEVER = datetime.min.replace(tzinfo=UTC)
NAMED = "w-"
"""What every write id that the machine gives begins with."""


class View(NamedTuple):
    """A restore."""

    messages: list[Seen]
    state: dict[str, Any]
    next_index: int
    holes: set[int]
    missing: set[str]


@dataclass
class Found:
    """A session as a kill left it.

    Attributes:
        document: session.json.
        views: of each agent; None where it is being deleted.
        indexes: of each agent's message objects.
        agent_documents: the agent.json of each.
        leases: when the lease of each that has one is over.
    """

    document: dict[str, Any] | None = None
    views: dict[str, View | None] = field(default_factory=dict)
    indexes: dict[str, set[int]] = field(default_factory=dict)
    agent_documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    leases: dict[str, float] = field(default_factory=dict)

    @property
    def is_deleting(self) -> bool:
        return bool((self.document or {}).get("s3sessions", {}).get("deleted_at"))

    @property
    def deleted_agents(self) -> set[str]:
        return set((self.document or {}).get("s3sessions", {}).get("deleted_agents", ()))


def seen(message: Message) -> Seen:
    assert message.created_at is not None
    named = message.write_id if (message.write_id or "").startswith(NAMED) else None
    return Seen(
        message.index,
        message.payload,
        named or UNNAMED,
        message.created_at,
        message.status,
        message.redacted_at is not None,
    )


def restored(sessions: Any, session_id: str, agent_id: str) -> View | None:
    """Restore in a process that remembers nothing; None where it is being deleted."""
    try:
        history = sessions.open(session_id, agent_id).restore()
    except SessionDeleted:
        return None
    return View(
        [seen(message) for message in history.messages],
        history.state,
        history.next_index,
        {index for hole in history.holes for index in hole},
        set(history.missing),
    )


def expected(session: SessionModel, agent_id: str) -> View | None:
    """Give what the model says that a restore shows; an unknown write id is whatever it is."""
    if session.refuses(agent_id):
        return None
    agent = session.agent(agent_id)
    missing = {"session": not session.has_document, "agent": agent.document is None}
    return View(
        agent.seen(),
        agent.document.state if agent.document else {},
        agent.next_index,
        agent.holes(),
        {name for name, lacks in missing.items() if lacks},
    )


def session(place: Place, sessions: Any, session_id: str) -> Found:
    """Look at a session through a fresh process and through the bare store."""
    found = Found()
    root = Root(sessions.prefix)
    for key in place.keys():
        spot = root.parse(key) if key.startswith(root.sessions) else None
        if spot is None or spot.session_id != session_id:
            continue
        if spot.kind is Kind.SESSION:
            found.document = place.document(key)
        elif spot.agent_id is not None:
            indexes = found.indexes.setdefault(spot.agent_id, set())
            if spot.index is not None:
                indexes.add(spot.index)
            elif spot.block is not None:
                indexes.update(spot.block)
            elif spot.kind is Kind.AGENT:
                found.agent_documents[spot.agent_id] = place.document(key)
            elif spot.kind is Kind.LEASE:
                over = datetime.fromisoformat(place.document(key)["expires_at"])
                found.leases[spot.agent_id] = over.timestamp()
    for agent_id in found.indexes:
        found.views[agent_id] = restored(sessions, session_id, agent_id)
    return found


def adopt_marks(session: SessionModel, found: Found) -> None:
    """Take over which deletions are under way."""
    session.has_document = found.document is not None
    session.is_deleting = found.is_deleting
    for agent_id in {*found.deleted_agents, *session.agents}:
        session.agent(agent_id).is_deleting = agent_id in found.deleted_agents


def agrees(session: SessionModel, found: Found) -> bool:
    """Tell whether every reader of the session sees what the model says, documents aside."""
    for agent_id in {*session.agents, *found.views}:
        if session.refuses(agent_id):
            continue
        view, wanted = found.views.get(agent_id), expected(session, agent_id)
        messages = view.messages if view else []
        state = view.state if view else {}
        if wanted is None or (messages, state) != (wanted.messages, wanted.state):
            return False
    return True


def adopt(session: SessionModel, found: Found) -> None:
    """Take over what no reader sees: documents that are there, members that nobody committed."""
    for agent_id in {*session.agents, *found.indexes}:
        agent = session.agent(agent_id)
        agent.lease_until = found.leases.get(agent_id)
        _adopt_document(agent, found.agent_documents.get(agent_id))
        indexes = found.indexes.get(agent_id, set())
        assert session.refuses(agent_id) or set(agent.slots) <= indexes
        agent.slots = {index: _slot(agent, index) for index in indexes}


def _adopt_document(agent: AgentModel, document: dict[str, Any] | None) -> None:
    if document is None:
        agent.document = None
    elif agent.document is None or agent.document.state != document["state"]:
        agent.document = StateDocument(document["state"])


def _slot(agent: AgentModel, index: int) -> Slot:
    there = agent.slots.get(index)
    return there if there is not None else Slot({}, UNNAMED, NEVER, is_dead=True)
