"""Which agent of a session an agent goes on as."""

from __future__ import annotations

import pytest
from strands.types.exceptions import SessionException

from s3sessions import AmbiguousAgent
from tests.integrations.strands.agents import ANSWER, Scripted, agent_of, texts
from tests.integrations.strands.place import Place


def test_an_agent_without_an_id_is_the_default_one(manager_place: Place) -> None:
    agent = manager_place.agent()
    agent("q0")
    assert agent.agent_id == "default"
    assert "session_s/agents/agent_default/agent.json" in manager_place.rig.keys()


def test_an_agent_without_an_id_goes_on_as_the_one_that_is_stored(manager_place: Place) -> None:
    manager_place.agent(agent_id="support", state={"step": 1})("q0")
    agent = manager_place.agent()
    agent("q1")
    assert agent.agent_id == "support"
    assert texts(agent.messages) == ["q0", ANSWER, "q1", ANSWER]
    assert agent.state.get() == {"step": 1}
    assert not [key for key in manager_place.rig.keys() if "agent_default" in key]


def test_an_agent_without_an_id_is_not_one_of_several(manager_place: Place) -> None:
    for agent_id in ("sales", "support"):
        manager_place.agent(agent_id=agent_id)("q0")
    before = manager_place.rig.keys()
    model = Scripted()
    agent = manager_place.agent(model=model)
    with pytest.raises(AmbiguousAgent, match="'sales', 'support'") as caught:
        agent("q1")
    assert caught.value.ids == ("sales", "support")
    assert isinstance(caught.value, SessionException)
    assert model.heard == []
    assert manager_place.rig.keys() == before


def test_an_agent_that_could_be_several_is_refused_each_time(manager_place: Place) -> None:
    for agent_id in ("sales", "support"):
        manager_place.agent(agent_id=agent_id)("q0")
    agent = manager_place.agent()
    for _ in range(2):
        with pytest.raises(AmbiguousAgent):
            agent("q1")
    with pytest.raises(AmbiguousAgent):
        _ = agent.messages


def test_a_default_agent_that_is_stored_beside_others_is_the_one(manager_place: Place) -> None:
    for agent_id in ("default", "sales", "support"):
        manager_place.agent(agent_id=agent_id)(f"to {agent_id}")
    assert texts(manager_place.agent().messages) == ["to default", ANSWER]


def test_a_named_agent_is_itself_whoever_is_stored(manager_place: Place) -> None:
    manager_place.agent()("to default")
    named = manager_place.agent(agent_id="support")
    assert named.messages == []
    named("q0")
    assert texts(named.messages) == ["q0", ANSWER]
    assert texts(manager_place.agent().messages) == ["to default", ANSWER]


def test_two_agents_with_one_id_and_one_manager_are_refused(manager_place: Place) -> None:
    manager = manager_place.manager()
    agent_of(manager, agent_id="support")
    with pytest.raises(SessionException, match="unique"):
        agent_of(manager, agent_id="support")


def test_two_agents_with_one_manager_keep_apart(manager_place: Place) -> None:
    manager = manager_place.manager()
    sales, support = (agent_of(manager, agent_id=name) for name in ("sales", "support"))
    sales("q0")
    support("q1")
    sales("q2")
    assert texts(manager_place.agent(agent_id="sales").messages) == ["q0", ANSWER, "q2", ANSWER]
    assert texts(manager_place.agent(agent_id="support").messages) == ["q1", ANSWER]


def test_an_agent_that_took_over_an_id_and_one_with_that_id_are_not_mixed_up(
    manager_place: Place,
) -> None:
    manager_place.agent(agent_id="support")("q0")
    manager = manager_place.manager()
    named, unnamed = agent_of(manager, agent_id="support"), agent_of(manager)
    named("q1")
    with pytest.raises(SessionException):
        unnamed("q2")
    named("q3")
    stored = texts(manager_place.agent(agent_id="support").messages)
    assert stored == ["q0", ANSWER, "q1", ANSWER, "q3", ANSWER]
