"""Purge: nothing of a session is left, in buckets that keep versions and in those that do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from s3sessions import SessionNotFound
from s3sessions.stores.s3 import S3Store
from tests.behaviour.conftest import HAS_ASYNC_S3, make_rig
from tests.rig import Colour, Rig, fresh_name
from tests.servers.s3_server import S3Server
from tests.stores.version_places import versioned_bucket

COLOURS: list[Colour] = ["sync", "async"] if HAS_ASYNC_S3 else ["sync"]
VERSIONED = [(server, colour) for server in ("moto", "weed") for colour in COLOURS]


@pytest.fixture(params=VERSIONED, ids="-".join)
def versioned(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A fresh, empty place in a bucket that keeps versions."""
    name, colour = request.param
    rig = rig_on(request.getfixturevalue(name), colour)
    yield rig
    rig.close()


def rig_on(server: S3Server, colour: Colour, *, locked: bool = False) -> Rig:
    bucket, prefix = versioned_bucket(server, locked=locked), fresh_name()
    options = {"endpoint_url": server.endpoint_url, "region": "us-east-1"}
    raw = S3Store(bucket, endpoint_url=server.endpoint_url, region="us-east-1")
    return Rig("versioned", colour, f"s3://{bucket}/{prefix}", options, raw, f"{prefix}/")


def speak(rig: Rig, session_id: str, *, agent: str = "default", count: int = 3) -> None:
    chat = rig.sessions().open(session_id, agent=agent)
    for n in range(count):
        chat.append({"n": n})
    chat.save_state({"step": 1})


def versions(rig: Rig, prefix: str) -> list[Any]:
    assert rig.raw.versions is not None
    return list(rig.raw.versions.list_versions(rig.prefix + prefix).versions)


def test_a_purged_session_leaves_no_version_and_touches_no_other(versioned: Rig) -> None:
    speak(versioned, "a")
    speak(versioned, "ab")
    before = versions(versioned, "session_ab/")
    receipt = versioned.sessions().purge("a")
    assert (receipt.complete, receipt.versioned, receipt.left) == (True, True, ())
    assert (receipt.session_id, receipt.agent_id) == ("a", None)
    # Three messages and two documents, of which one was written twice and one was marked.
    assert (receipt.objects, receipt.versions, receipt.markers) == (5, 7, 5)
    assert receipt.bytes > 0
    assert versions(versioned, "session_a/") == []
    assert versions(versioned, "session_ab/") == before
    with pytest.raises(SessionNotFound):
        versioned.sessions().purge("a")


def test_a_session_that_was_deleted_before_is_purged_all_the_same(versioned: Rig) -> None:
    speak(versioned, "a")
    versioned.sessions().delete("a")
    assert len(versions(versioned, "session_a/")) == 12
    receipt = versioned.sessions().purge("a")
    assert (receipt.objects, receipt.versions, receipt.markers) == (0, 7, 5)
    assert receipt.complete
    assert versions(versioned, "session_a/") == []


def test_a_purged_agent_goes_with_all_its_versions_and_the_other_stays(versioned: Rig) -> None:
    speak(versioned, "s", agent="one")
    speak(versioned, "s", agent="two")
    receipt = versioned.sessions().purge("s", agent="one")
    assert (receipt.agent_id, receipt.complete, receipt.versions) == ("one", True, 5)
    assert versions(versioned, "session_s/agents/agent_one/") == []
    assert len(versions(versioned, "session_s/agents/agent_two/")) == 5
    assert len(versioned.sessions().open("s", agent="two").restore().messages) == 3
    with pytest.raises(SessionNotFound):
        versioned.sessions().purge("s", agent="three")


def test_a_purge_is_counted_and_its_receipt_is_json(versioned: Rig) -> None:
    speak(versioned, "a", count=1)
    sessions = versioned.sessions()
    receipt = sessions.purge("a")
    assert sessions.requests.by_verb == {
        **{"get": 3, "put": 1, "delete": 1, "list": 2, "delete_many": 1},
        **{"list_versions": 2, "list_uploads": 2, "delete_versions": 4},
    }
    document = json.loads(json.dumps(receipt.as_dict()))
    assert document["complete"] is True
    assert document["left"] == []
    began = datetime.fromisoformat(document["began_at"])
    assert began <= datetime.fromisoformat(document["ended_at"])


def test_unfinished_uploads_are_aborted(request: pytest.FixtureRequest, versioned: Rig) -> None:
    speak(versioned, "a", count=1)
    bucket = versioned.url.removeprefix("s3://").partition("/")[0] if versioned.url else ""
    server: Any = request.getfixturevalue(request.node.callspec.id.partition("-")[0])
    with server.client() as s3:
        for name in ("session_a/", "session_ab/"):
            s3.create_multipart_upload(Bucket=bucket, Key=f"{versioned.prefix}{name}object")
    assert versioned.sessions().purge("a").uploads == 1
    assert versioned.raw.versions is not None
    left = versioned.raw.versions.list_uploads(versioned.prefix).uploads
    assert [upload.key for upload in left] == [f"{versioned.prefix}session_ab/object"]


def test_what_object_lock_holds_is_reported_and_never_claimed_erased(
    request: pytest.FixtureRequest,
) -> None:
    server: S3Server = request.getfixturevalue("weed")
    for colour in COLOURS:
        rig = rig_on(server, colour, locked=True)
        speak(rig, "a")
        held = rig.prefix + "session_a/agents/agent_default/messages/message_1.json"
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
        bucket = str(rig.url).removeprefix("s3://").partition("/")[0]
        retention = {"Mode": "COMPLIANCE", "RetainUntilDate": until}
        with server.client() as s3:
            s3.put_object_retention(Bucket=bucket, Key=held, Retention=retention)
            s3.put_object_legal_hold(Bucket=bucket, Key=held, LegalHold={"Status": "ON"})
        receipt = rig.sessions().purge("a")
        assert not receipt.complete
        assert {key for key, _, _ in receipt.left} == {held}
        (reason,) = [reason for _, _, reason in receipt.left if "held by" in reason]
        assert f"a retention in compliance mode until {until.isoformat()}" in reason
        assert "and a legal hold: purge again once it is released" in reason
        assert rig.sessions().open("a").restore().messages == []
        assert {version.key for version in versions(rig, "session_a/")} == {held}
        rig.close()


@pytest.mark.parametrize("server", ["moto", "weed"])
def test_what_was_written_before_the_bucket_kept_versions_goes_too(
    request: pytest.FixtureRequest, server: str
) -> None:
    s3_server: Any = request.getfixturevalue(server)
    bucket, options = s3_server.make_bucket(), {"endpoint_url": s3_server.endpoint_url}
    rig = Rig("plain", "sync", f"s3://{bucket}/p", options, S3Store(bucket, **options), "p/")
    speak(rig, "a")
    with s3_server.client() as s3:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rig.sessions().open("a").append({"n": 3})
    receipt = rig.sessions().purge("a")
    assert (receipt.complete, receipt.versioned) == (True, True)
    assert versions(rig, "session_a/") == []
    rig.close()


@pytest.mark.parametrize("place", ["memory", "local", "moto", "weed"])
@pytest.mark.parametrize("colour", COLOURS)
def test_where_nothing_keeps_versions_a_purge_is_a_deletion_and_says_so(
    request: pytest.FixtureRequest, tmp_path: Path, place: str, colour: Colour
) -> None:
    rig = make_rig(request, place, colour, tmp_path)
    speak(rig, "a")
    speak(rig, "ab")
    receipt = rig.sessions().purge("a")
    on_s3 = place in ("moto", "weed")
    assert receipt.versioned is (False if on_s3 else None)
    assert receipt.unlisted == (() if on_s3 else ("versions", "uploads"))
    assert (receipt.complete, receipt.objects, receipt.versions) == (True, 5, 0)
    assert receipt.bytes > 0
    assert {key.partition("/")[0] for key in rig.keys()} == {"session_ab"}
    with pytest.raises(SessionNotFound):
        rig.sessions().purge("a")
    rig.close()
