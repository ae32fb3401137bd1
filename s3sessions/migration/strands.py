"""Sessions in the layout of Strands, in a folder or under a prefix: `Sessions` itself reads them.

What Strands shows is what is read: a redacted message is its redaction. Agents that were restored
from a window go on from there, for messages are numbered anew and so is the window.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from s3sessions.errors import CorruptObject, S3SessionsError, UnsupportedVersion
from s3sessions.export.conversation import Conversation
from s3sessions.export.stamp import SESSION_FIELDS
from s3sessions.migration.foreign import Damage, ForeignSession, begun_at

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History
    from s3sessions.sync import Sessions

__all__ = ["read_session"]

_NOT_FIELDS: Final = frozenset({"agent_id", "state", "created_at", "updated_at"})
_MANAGER: Final = "conversation_manager_state"
_REMOVED: Final = "removed_message_count"
_WINDOW: Final = "s3sessions_window"
_UNREADABLE: Final = (CorruptObject, UnsupportedVersion)


def read_session(sessions: Sessions, session_id: str) -> ForeignSession:
    """Read a session. Requests: 1 GET and 1 LIST, and a whole restore of each agent and graph.

    Raises:
        SessionNotFound: it was deleted meanwhile.
        S3SessionsError: any error of the store.
    """
    info = sessions.info(session_id)
    histories = [
        sessions.open(session_id, agent_id).restore(on_corrupt="report")
        for agent_id in sorted(info.agents)
    ]
    times = [message.created_at for history in histories for message in history.messages]
    created_at = info.created_at or begun_at(times)
    agents = [
        replace(
            Conversation.of(info, history), created_at=created_at, agent_fields=_fields(history)
        )
        for history in histories
    ]
    details = {name: value for name in SESSION_FIELDS if (value := getattr(info, name))}
    graphs, damaged = _multi_agents(sessions, session_id)
    return ForeignSession(
        session_id,
        agents,
        graphs,
        created_at,
        details,
        [*_damaged(info, histories), *damaged],
    )


def _fields(history: History) -> dict[str, Any]:
    """Give the fields of agent.json, with indexes as the messages will have them."""
    fields = {n: value for n, value in history.agent_fields.items() if n not in _NOT_FIELDS}
    indexes = [message.index for message in history.messages]
    if indexes == list(range(len(indexes))) or history.messages[0].write_id is None:
        return fields  # Strands counts positions, which stay what they are.
    manager, window = fields.get(_MANAGER), fields.get(_WINDOW)
    if isinstance(manager, dict) and isinstance(removed := manager.get(_REMOVED), int):
        fields[_MANAGER] = {**manager, _REMOVED: bisect_left(indexes, removed)}
    if isinstance(window, dict):
        fields[_WINDOW] = _renumbered(window, indexes)
    return fields


def _renumbered(window: Mapping[str, Any], indexes: Sequence[int]) -> dict[str, Any]:
    renumbered = dict(window)
    if isinstance(start := window.get("start"), int):
        renumbered["start"] = bisect_left(indexes, start)
    for name in ("kept", "pinned"):
        if isinstance(listed := window.get(name), list):
            renumbered[name] = [at for at, index in enumerate(indexes) if index in listed]
    return renumbered


def _multi_agents(
    sessions: Sessions, session_id: str
) -> tuple[dict[str, dict[str, Any]], list[Damage]]:
    bodies: dict[str, dict[str, Any]] = {}
    damaged = []
    for multi_agent_id in sessions.multi_agents(session_id):
        try:
            body = sessions.multi_agent(session_id, multi_agent_id).restore()
        except _UNREADABLE as error:
            damaged.append(_damage(error))
        else:
            if body is not None:
                bodies[multi_agent_id] = body
    return bodies, damaged


def _damaged(info: SessionInfo, histories: Sequence[History]) -> list[Damage]:
    errors: list[S3SessionsError] = [] if info.corrupt is None else [info.corrupt]
    return [_damage(error) for error in [*errors, *(e for h in histories for e in h.corrupt)]]


def _damage(error: S3SessionsError) -> Damage:
    return Damage(error.key or "", 0, error.message)
