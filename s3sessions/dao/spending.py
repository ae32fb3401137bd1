"""What sessions have cost: the usage of all their agents, added up by reading every message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from s3sessions.dao.agent import AgentDAO
from s3sessions.dao.details import Details
from s3sessions.dao.scope import Scope
from s3sessions.descriptions import SessionSummary
from s3sessions.errors import NotFound
from s3sessions.usage import Usage, fold


@dataclass(frozen=True, slots=True)
class _Spent:
    """The usage of one agent, as what `fold` adds up."""

    usage: Usage | None
    usage_total: Usage | None = None


async def with_usage(scope: Scope, page: Iterable[SessionSummary]) -> list[SessionSummary]:
    """Give the same sessions with their usage, one after the other; None where one went away."""
    return [replace(each, usage=await _usage(scope, each)) for each in page]


async def _usage(scope: Scope, summary: SessionSummary) -> Mapping[str, Any] | None:
    session = scope.root.session(summary.id)
    spent = []
    for agent_id in summary.agents:
        agent = AgentDAO(scope, session, session.agent(agent_id), Details(), None)
        try:
            history = await agent.restore(on_corrupt="report")
        except NotFound:
            return None
        spent.append(_Spent(history.usage))
    return fold(spent)
