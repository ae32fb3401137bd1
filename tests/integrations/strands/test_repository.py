"""Strands' `SessionRepository`: single objects of a session, written and read by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from strands.multiagent import GraphBuilder
from strands.multiagent.graph import Graph
from strands.session.session_repository import SessionRepository
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType

from tests.integrations.strands.agents import ANSWER, agent_of, texts
from tests.integrations.strands.place import Place, assistant, message, user

LONG_AGO = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC).isoformat()
NEW_SESSION = Session("s", SessionType.AGENT, created_at=LONG_AGO, updated_at=LONG_AGO)


def session_message(index: int, payload: Any = None, **fields: Any) -> SessionMessage:
    said: Any = payload or user(f"m{index}")
    return SessionMessage(said, index, **fields)


def session_agent(agent_id: str = "a", **fields: Any) -> SessionAgent:
    given: dict[str, Any] = {"state": {}, "conversation_manager_state": {}, **fields}
    return SessionAgent(agent_id=agent_id, **given)


def spoken(repository: Any, count: int) -> None:
    """Make session `s` with an agent `a` that has so many messages."""
    repository.create_session(NEW_SESSION)
    repository.create_agent("s", session_agent())
    for index in range(count):
        repository.create_message("s", "a", session_message(index))


@pytest.fixture
def repository(manager_place: Place) -> Any:
    """Its manager's own session is another one, of which nothing is to be seen."""
    return manager_place.manager("another")


def test_the_manager_is_a_repository_of_strands(repository: Any) -> None:
    assert repository.session_repository is repository
    assert isinstance(repository, SessionRepository)


class TestSessions:
    def test_a_session_that_is_created_is_read(self, repository: Any) -> None:
        assert repository.create_session(NEW_SESSION) is NEW_SESSION
        read = repository.read_session("s")
        assert (read.session_id, read.session_type) == ("s", SessionType.AGENT)
        assert read.created_at == LONG_AGO

    def test_none_is_read_where_there_is_none(self, repository: Any) -> None:
        assert repository.read_session("s") is None

    def test_a_session_is_created_once(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        with pytest.raises(SessionException, match="s"):
            repository.create_session(NEW_SESSION)

    def test_a_session_that_an_agent_began_is_there(self, manager_place: Place) -> None:
        manager_place.agent()("q0")
        manager: Any = manager_place.manager()
        assert manager.read_session("s").session_id == "s"
        with pytest.raises(SessionException):
            manager.create_session(NEW_SESSION)

    @pytest.mark.parametrize("session_id", ["a/b", "", None])
    def test_an_id_that_cannot_be_is_a_value_error(self, repository: Any, session_id: Any) -> None:
        with pytest.raises(ValueError, match="session_id"):
            repository.read_session(session_id)
        with pytest.raises(ValueError, match="session_id"):
            repository.delete_session(session_id)


class TestAgents:
    def test_an_agent_that_is_created_is_read(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        given = session_agent(
            state={"step": 1, "raw": b"\x00\xff"},
            conversation_manager_state={"removed_message_count": 0},
            _internal_state={"model_state": {"response": "r1"}},
        )
        repository.create_agent("s", given)
        read = repository.read_agent("s", "a")
        for name in ("agent_id", "state", "conversation_manager_state", "_internal_state"):
            assert getattr(read, name) == getattr(given, name)

    def test_none_is_read_where_there_is_none(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        assert repository.read_agent("s", "a") is None

    def test_an_agent_is_updated_and_keeps_the_time_of_its_creation(self, repository: Any) -> None:
        spoken(repository, 0)
        before = repository.read_agent("s", "a")
        later = datetime.fromisoformat(before.created_at) + timedelta(days=1)
        repository.update_agent("s", session_agent(state={"a": 1}, created_at=later.isoformat()))
        repository.update_agent("s", session_agent(state={"b": 2}))
        after = repository.read_agent("s", "a")
        assert after.state == {"b": 2}
        assert after.created_at == before.created_at

    def test_an_agent_that_is_not_there_is_not_updated(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        with pytest.raises(SessionException, match="a"):
            repository.update_agent("s", session_agent())

    @pytest.mark.parametrize("agent_id", ["a/b", "", None])
    def test_an_id_that_cannot_be_is_a_value_error(self, repository: Any, agent_id: Any) -> None:
        with pytest.raises(ValueError, match="agent_id"):
            repository.read_agent("s", agent_id)
        with pytest.raises(ValueError, match="agent_id"):
            repository.create_agent("s", session_agent(agent_id))


class TestMessages:
    def test_a_message_that_is_created_is_read(self, repository: Any) -> None:
        spoken(repository, 0)
        image: Any = {"image": {"format": "png", "source": {"bytes": bytes(range(256))}}}
        given = session_message(0, message("user", image), created_at=LONG_AGO)
        repository.create_message("s", "a", given)
        read = repository.read_message("s", "a", 0)
        assert read.to_message()["content"] == [image]
        assert (read.message_id, read.created_at) == (0, LONG_AGO)

    def test_none_is_read_where_there_is_none(self, repository: Any) -> None:
        spoken(repository, 1)
        assert repository.read_message("s", "a", 1) is None
        assert repository.read_message("s", "b", 0) is None

    def test_a_message_is_never_written_over_another(self, repository: Any) -> None:
        spoken(repository, 2)
        with pytest.raises(SessionException, match="0"):
            repository.create_message("s", "a", session_message(0, user("instead")))
        assert texts([repository.read_message("s", "a", 0).to_message()]) == ["m0"]

    def test_a_message_leaves_no_hole(self, repository: Any) -> None:
        spoken(repository, 2)
        with pytest.raises(SessionException, match="2"):
            repository.create_message("s", "a", session_message(3))

    def test_a_message_is_updated_and_keeps_the_time_of_its_creation(self, repository: Any) -> None:
        spoken(repository, 2)
        before = repository.read_message("s", "a", 1)
        repository.update_message("s", "a", session_message(1, user("instead")))
        after = repository.read_message("s", "a", 1)
        assert texts([after.to_message()]) == ["instead"]
        assert after.created_at == before.created_at
        assert texts(m.to_message() for m in repository.list_messages("s", "a")) == [
            "m0",
            "instead",
        ]

    def test_a_redaction_takes_the_place_of_what_was_said(
        self, repository: Any, manager_place: Place
    ) -> None:
        spoken(repository, 2)
        redacted = session_message(1, user("m1"), redact_message=user("[gone]"))
        repository.update_message("s", "a", redacted)
        assert texts([repository.read_message("s", "a", 1).to_message()]) == ["[gone]"]
        assert not manager_place.holds('"m1"')
        assert repository.sessions.open("s", "a").read(1).redacted_at is not None

    def test_a_message_that_is_not_there_is_not_updated(self, repository: Any) -> None:
        spoken(repository, 1)
        with pytest.raises(SessionException, match="1"):
            repository.update_message("s", "a", session_message(1))

    @pytest.mark.parametrize("index", [-1, True, "0", None, 1.0])
    def test_a_number_that_is_no_index_is_a_value_error(self, repository: Any, index: Any) -> None:
        spoken(repository, 1)
        with pytest.raises(ValueError, match="message_id"):
            repository.read_message("s", "a", index)
        with pytest.raises(ValueError, match="message_id"):
            repository.create_message("s", "a", session_message(index, user("m")))
        with pytest.raises(ValueError, match="message_id"):
            repository.update_message("s", "a", session_message(index, user("m")))


class TestListing:
    @pytest.mark.parametrize("offset", [0, 1, 9, 12, 99])
    @pytest.mark.parametrize("limit", [None, 0, 1, 5, 99])
    def test_messages_are_given_in_order_from_an_offset_up_to_a_limit(
        self, limit: int | None, offset: int
    ) -> None:
        repository = Place.over().manager("another")
        spoken(repository, 12)
        listed = repository.list_messages("s", "a", limit=limit, offset=offset)
        expected = list(range(12))[offset : None if limit is None else offset + limit]
        assert [message.message_id for message in listed] == expected
        assert texts(m.to_message() for m in listed) == [f"m{index}" for index in expected]

    @pytest.mark.parametrize("given", [{"limit": -1}, {"offset": -2}, {"limit": 2, "offset": -1}])
    def test_a_negative_number_is_a_value_error(
        self, repository: Any, given: dict[str, int]
    ) -> None:
        spoken(repository, 3)
        with pytest.raises(ValueError, match=r"limit|offset"):
            repository.list_messages("s", "a", **given)

    def test_an_agent_that_is_not_there_has_none(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        assert repository.list_messages("s", "nobody") == []


class TestMultiAgents:
    def test_the_state_of_a_graph_is_created_read_and_updated(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        graph = graph_of("g")
        repository.create_multi_agent("s", graph)
        assert repository.read_multi_agent("s", "g") == graph.serialize_state()
        graph("do it")
        repository.update_multi_agent("s", graph)
        read = repository.read_multi_agent("s", "g")
        assert read == graph.serialize_state()
        assert read["completed_nodes"] == ["first"]

    def test_none_is_read_where_there_is_none(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        assert repository.read_multi_agent("s", "g") is None

    def test_a_graph_that_is_not_there_is_not_updated(self, repository: Any) -> None:
        repository.create_session(NEW_SESSION)
        with pytest.raises(SessionException, match="g"):
            repository.update_multi_agent("s", graph_of("g"))

    @pytest.mark.parametrize("graph_id", ["a/b", ""])
    def test_an_id_that_cannot_be_is_a_value_error(self, repository: Any, graph_id: str) -> None:
        with pytest.raises(ValueError, match="multi_agent_id"):
            repository.read_multi_agent("s", graph_id)


def graph_of(graph_id: str) -> Graph:
    builder = GraphBuilder()
    builder.add_node(agent_of(None), "first")
    builder.set_graph_id(graph_id)
    builder.set_max_node_executions(5)
    return builder.build()


def test_what_the_verbs_wrote_is_an_agents_and_what_an_agent_said_is_theirs(
    manager_place: Place,
) -> None:
    repository = manager_place.manager("another")
    repository.create_session(NEW_SESSION)
    repository.create_agent("s", session_agent("default", state={"step": 1}))
    repository.create_message("s", "default", session_message(0))
    repository.create_message("s", "default", session_message(1, assistant("m1")))
    agent = manager_place.agent()
    assert agent.state.get() == {"step": 1}
    agent("q2")
    listed = repository.list_messages("s", "default")
    assert texts(m.to_message() for m in listed) == ["m0", "m1", "q2", ANSWER]
