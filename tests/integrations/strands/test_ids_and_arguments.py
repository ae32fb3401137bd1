"""What a session manager refuses, and where what it takes stands in the store."""

from __future__ import annotations

from typing import Any

import pytest
from strands.types.exceptions import SessionException

from s3sessions import InvalidId, InvalidSettings, Sessions
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.agents import ANSWER, Scripted, agent_of, texts
from tests.integrations.strands.place import Place, user
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

NO_IDS: list[Any] = ["a/b", "/", "../up", "/etc", b"s", "x" * 1100, "\ud800"]
ODD_IDS = ["..", ".", " ", "a\\b", "line\nbreak", "é@example.org", "100%", "%2F"]


def nowhere() -> tuple[Sessions, list[Request]]:
    requests: list[Request] = []
    return Sessions(store=MemoryStore(), on_request=requests.append), requests


@pytest.mark.parametrize("session_id", [*NO_IDS, "", None, 7])
def test_a_session_id_that_cannot_stand_in_a_key_is_refused_before_any_request(
    session_id: Any,
) -> None:
    sessions, requests = nowhere()
    with pytest.raises(ValueError, match=r"session_id|id") as caught:
        agent_of(S3SessionManager(session_id, sessions=sessions))("q0")
    assert isinstance(caught.value, InvalidId)
    assert requests == []


@pytest.mark.parametrize("agent_id", NO_IDS)
def test_an_agent_id_that_cannot_stand_in_a_key_is_refused_before_any_request(
    agent_id: Any,
) -> None:
    sessions, requests = nowhere()
    with pytest.raises(ValueError, match=r"agent_id|id"):
        agent_of(S3SessionManager("s", sessions=sessions), agent_id=agent_id)("q0")
    assert requests == []


@pytest.mark.parametrize("odd_id", ODD_IDS)
def test_an_odd_id_has_a_place_of_its_own(manager_place: Place, odd_id: str) -> None:
    others = [other for other in ODD_IDS if other != odd_id]
    agent = agent_of(manager_place.manager(odd_id), agent_id=odd_id)
    agent("q0")
    assert agent_of(manager_place.manager(odd_id), agent_id=odd_id).messages == agent.messages
    assert agent_of(manager_place.manager(others[0]), agent_id=odd_id).messages == []
    assert agent_of(manager_place.manager(odd_id), agent_id=others[0]).messages == []
    with manager_place.rig.sessions() as sessions:
        assert [session.id for session in sessions.list()] == [odd_id]


@pytest.mark.parametrize("prefix", ["", "p", "/p/", "a/b/"])
def test_a_prefix_stands_before_all_keys_with_one_slash(moto: MotoServer, prefix: str) -> None:
    bucket = moto.make_bucket()

    def manager() -> S3SessionManager:
        return S3SessionManager(
            "s", bucket, prefix, region_name=moto.region, endpoint_url=moto.endpoint_url
        )

    agent = agent_of(manager())
    agent("q0")
    with moto.client() as client:
        listed = client.list_objects_v2(Bucket=bucket)["Contents"]
    stripped = prefix.strip("/")
    beginning = f"{stripped}/session_s/" if stripped else "session_s/"
    assert len(listed) == 4
    assert all(found["Key"].startswith(beginning) for found in listed)
    assert agent_of(manager()).messages == agent.messages


@pytest.mark.parametrize("verb", ["append_message", "redact_latest_message"])
def test_a_message_of_an_agent_that_is_not_the_managers_is_refused(
    manager_place: Place, verb: str
) -> None:
    stranger = agent_of(None)
    manager: Any = manager_place.manager()
    with pytest.raises(SessionException, match="default"):
        getattr(manager, verb)(user("q0"), stranger)
    assert manager_place.rig.keys() == []


@pytest.mark.parametrize("verb", ["sync_agent", "restore"])
def test_an_agent_that_is_not_the_managers_is_refused(manager_place: Place, verb: str) -> None:
    stranger = agent_of(None)
    manager: Any = manager_place.manager()
    with pytest.raises(SessionException, match="default"):
        getattr(manager, verb)(stranger)
    assert manager_place.rig.keys() == []


BUCKET: dict[str, Any] = {"bucket": "b"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {**BUCKET, "sessions": Sessions("memory://")},
        {"sessions": Sessions("memory://"), "prefix": "p"},
        {"sessions": Sessions("memory://"), "region_name": "us-east-1"},
        {"sessions": Sessions("memory://"), "endpoint_url": "http://127.0.0.1:1"},
        {"sessions": Sessions("memory://"), "width": 4},
        {**BUCKET, "on_conflict": "ignore"},
        {**BUCKET, "on_error": "ignore"},
    ],
)
def test_arguments_that_do_not_go_together_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidSettings):
        S3SessionManager("s", **given)


@pytest.mark.parametrize("options", [{"widht": 4}, {"width": 0}, {"bucket": ""}])
def test_settings_that_cannot_be_are_refused_when_the_manager_is_built(
    options: dict[str, Any],
) -> None:
    with pytest.raises(InvalidSettings):
        S3SessionManager("s", **{**BUCKET, **options})


def test_settings_of_sessions_are_taken(moto: MotoServer, moto_bucket: str) -> None:
    prefix = fresh_name()
    manager = S3SessionManager(
        "s",
        moto_bucket,
        prefix,
        region_name=moto.region,
        endpoint_url=moto.endpoint_url,
        put_args={"Metadata": {"team": "support"}},
    )
    agent_of(manager)("q0")
    key = f"{prefix}/session_s/agents/agent_default/messages/message_0.json"
    with moto.client() as client:
        written = client.head_object(Bucket=moto_bucket, Key=key)
    assert written["Metadata"] == {"team": "support"}


def test_the_arguments_are_strands_own_in_strands_own_order(
    moto: MotoServer, moto_bucket: str
) -> None:
    place = ("s", moto_bucket, fresh_name(), None, None, moto.region, moto.endpoint_url)
    agent = agent_of(S3SessionManager(*place))
    agent("q0")
    manager = S3SessionManager(*place)
    assert texts(agent_of(manager).messages) == ["q0", ANSWER]
    assert (manager.session_id, manager.bucket, manager.prefix) == place[:3]


def test_a_model_is_not_called_where_the_session_cannot_be_restored() -> None:
    model = Scripted()
    sessions, _ = nowhere()
    with sessions.under("x") as deeper, pytest.raises(InvalidId):
        agent_of(S3SessionManager("x" * 1100, sessions=deeper), model=model)("q0")
    assert model.heard == []
