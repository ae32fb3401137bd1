"""What agent.json says of an agent: its state, and what Strands keeps of it besides."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from strands import Agent
from strands.agent.state import AgentState
from strands.types.content import Message as StrandsMessage
from strands.types.session import SessionAgent

from s3sessions.integrations.strands.window import WINDOW, Window
from s3sessions.values import are_same

MANAGER = "conversation_manager_state"
INTERNAL = "_internal_state"


@dataclass(frozen=True)
class AgentImage:
    """An agent at one moment; `state` and `fields` as agent.json has them."""

    state: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, agent: Any, window: Window) -> AgentImage:
        """Take it; nothing of it changes with the agent."""
        seen = SessionAgent.from_agent(agent)
        fields = {
            **window.fields(seen.conversation_manager_state),
            INTERNAL: seen._internal_state,
        }
        return cls(seen.state, copy.deepcopy(fields))

    def body(self) -> dict[str, Any]:
        """What agent.json is to hold from its beginning."""
        return {"state": self.state, **self.fields}

    def is_as(self, before: AgentImage) -> bool:
        """Tell whether both say the same; true is not 1 there."""
        return are_same(self.body(), before.body())

    def without_state(self) -> AgentImage:
        """Leave out the state, which JSON cannot hold."""
        return AgentImage({}, self.fields)

    def has_fit_state(self) -> bool:
        """Tell whether JSON can hold the state."""
        try:
            json.dumps(self.state, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError):
            return False
        return True

    def set_since(self, before: AgentImage) -> dict[str, Any]:
        """Keys of the state that were set."""
        return _changed(before.state, self.state)

    def dropped_since(self, before: AgentImage) -> list[str]:
        """Keys of the state that are gone."""
        return sorted(before.state.keys() - self.state.keys())

    def fields_since(self, before: AgentImage) -> dict[str, Any]:
        """Fields that changed; a window that says no more is emptied: fields cannot be dropped."""
        gone: dict[str, Any] = {WINDOW: {}} if WINDOW in before.fields.keys() - self.fields else {}
        return {**_changed(before.fields, self.fields), **gone}


def put_back(agent: Any, fields: Mapping[str, Any], state: dict[str, Any]) -> list[StrandsMessage]:
    """Give an agent what agent.json says of it.

    Returns:
        Messages that the conversation manager puts before the restored ones: a summary.

    Raises:
        ValueError: of Strands, where another kind of conversation manager has dropped messages.
    """
    agent.state = AgentState(state)
    manager_state = _mapping(fields.get(MANAGER))
    seen = SessionAgent(agent.agent_id, state, manager_state, _mapping(fields.get(INTERNAL)))
    seen.initialize_internal_state(agent)
    if not isinstance(agent, Agent) or _says_nothing(agent, manager_state):
        return []
    return agent.conversation_manager.restore_from_session(manager_state) or []


def _says_nothing(agent: Agent, manager_state: Mapping[str, Any]) -> bool:
    """Tell whether there is nothing to take over, of whatever kind of manager it is.

    A session that was not begun by Strands names the default one.
    """
    is_other = manager_state.get("__name__") != type(agent.conversation_manager).__name__
    return not manager_state or (is_other and manager_state.get("removed_message_count") == 0)


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in now.items() if k not in before or not are_same(before[k], v)}
