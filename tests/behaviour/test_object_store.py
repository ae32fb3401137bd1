"""Sessions over obstore: the same verbs, the same requests, the same keys as over boto3."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3sessions import AppendConflict
from s3sessions.stores.s3 import S3Store
from tests.rig import Rig
from tests.servers.s3_stub import Stub

IDS = ("order-42", "user@example.com", "slack:C1:17", "a/b %2F%", "naïve\x01", "..", "back\\slash")


@pytest.fixture(params=["sync", "async"])
def rig(request: pytest.FixtureRequest, stub: Stub) -> Iterator[Rig]:
    bucket = stub.make_bucket()
    raw = S3Store(bucket, endpoint_url=stub.endpoint_url)
    options = {"endpoint_url": stub.endpoint_url, "transport": "object_store"}
    rig = Rig("stub", request.param, f"s3://{bucket}/prod", options, raw, "prod/")
    yield rig
    rig.close()


def over_boto3(rig: Rig) -> Rig:
    return Rig(
        rig.name, "sync", rig.url, {**rig.options, "transport": "boto3"}, rig.raw, rig.prefix
    )


def test_a_conversation_costs_the_same_requests_as_over_boto3(rig: Rig, stub: Stub) -> None:
    spent = []
    for place, session in ((rig, "one"), (over_boto3(rig), "two")):
        stub.reset()
        chat = place.sessions().open(session)
        for number in range(3):
            chat.append({"n": number})
        chat.append_many([{"n": 3}, {"n": 4}])
        chat.save_state({"step": 1})
        again = place.sessions().open(session)
        assert [message.payload["n"] for message in again.restore().messages] == list(range(5))
        counted = stub.counted().operations
        assert chat.requests.total + again.requests.total == sum(counted.values())
        spent.append(counted)
    assert spent[0] == spent[1]


def test_what_one_transport_writes_the_other_reads_lists_and_deletes(rig: Rig) -> None:
    ours, theirs = rig.sessions(), over_boto3(rig).sessions()
    for session_id in IDS:
        ours.open(session_id, "agent/%2e").append({"text": "über\x00"})
        chat = theirs.open(session_id, "agent/%2e")
        assert chat.restore().payloads == [{"text": "über\x00"}]
        chat.append({"n": 1})
        assert len(ours.open(session_id, "agent/%2e").restore().messages) == 2
    assert sorted(info.id for info in ours.list()) == sorted(IDS)
    for session_id in IDS:
        ours.delete(session_id)
    assert rig.keys() == []


def test_two_writers_find_out_about_each_other(rig: Rig) -> None:
    one, two = rig.sessions().open("s"), rig.sessions().open("s")
    one.append({"n": 0})
    two.restore()
    one.append({"n": 1})
    with pytest.raises(AppendConflict):
        two.append({"n": 2})


@pytest.mark.parametrize("rig", ["sync"], indirect=True)
def test_a_turn_gives_its_lease_back(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    with chat.turn():
        chat.append({"n": 0})
    with rig.sessions().open("s").turn(wait=0):
        pass
    assert not [key for key in rig.keys() if key.endswith("lease.json")]


def test_a_history_of_several_pages_is_restored_and_deleted(rig: Rig, stub: Stub) -> None:
    sessions = rig.sessions()
    sessions.open("s").append({"n": 0})
    stub.seed(
        str(rig.url).split("/")[2],
        "prod/session_s/agents/agent_default/messages/message_{n}.json",
        '{"message": {"n": {n}}, "message_id": {n}}',
        2500,
        start=1,
    )
    history = rig.sessions().open("s").restore()
    assert [message.payload["n"] for message in history.messages] == list(range(2501))
    assert sessions.delete("s").objects > 2500
    assert rig.keys() == []


def test_the_mark_of_a_folder_does_not_keep_a_session_from_being_deleted(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.open("s").append({"n": 0})
    for folder in ("session_s/", "session_s/agents/", "session_s/agents/agent_default//"):
        rig.plant(folder, b"")
    assert rig.sessions().open("s").restore().payloads == [{"n": 0}]
    sessions.delete("s")
    assert rig.keys() == []


def test_a_store_that_keeps_its_promises_is_found_fit(rig: Rig) -> None:
    report = rig.sessions().check()
    assert (report.ok, report.failed) == (True, ())
