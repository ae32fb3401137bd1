"""Which agents of a session a command works on."""

from __future__ import annotations

from collections.abc import Sequence

from s3sessions import Sessions
from s3sessions.errors import AmbiguousAgent, NotFound

__all__ = ["all_agents", "only_agent"]


def all_agents(sessions: Sessions, session_id: str, named: str | None) -> Sequence[str]:
    """Give the ids of all agents, or of the one that is named.

    Raises:
        NotFound: the session has no such agent.
    """
    agents = sessions.agents(session_id)
    if named is None:
        return agents
    if named not in agents:
        raise NotFound(
            f"session {session_id!r} has no agent {named!r}: it has {', '.join(agents) or 'none'}"
        )
    return [named]


def only_agent(sessions: Sessions, session_id: str, named: str | None) -> str:
    """Give the id of the agent that is named, or of the only one.

    Raises:
        NotFound: the session has no such agent, or none at all.
        AmbiguousAgent: several, and none is named.
    """
    agents = all_agents(sessions, session_id, named)
    if not agents:
        raise NotFound(f"session {session_id!r} has no agent: nobody has spoken in it")
    if len(agents) > 1:
        raise AmbiguousAgent(
            f"session {session_id!r} has the agents {', '.join(agents)}: name one with --agent",
            ids=agents,
        )
    return agents[0]
