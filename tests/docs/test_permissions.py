"""The README's IAM actions are the ones that are needed: recorded at the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.ports import Request
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.weed import Weed
from tests.servers.wire import WireProxy
from tests.stores.version_places import versioned_bucket

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ACTIONS = {
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
}

PURGING = {
    "get": "s3:GetObject",
    "put": "s3:PutObject",
    "list": "s3:ListBucket",
    "delete": "s3:DeleteObject",
    "delete_many": "s3:DeleteObject",
    "list_versions": "s3:ListBucketVersions",
    "delete_versions": "s3:DeleteObjectVersion",
    "list_uploads": "s3:ListBucketMultipartUploads",
    "abort_upload": "s3:AbortMultipartUpload",
    "get_retention": "s3:GetObjectRetention",
    "get_legal_hold": "s3:GetObjectLegalHold",
}
"""By the store's verb: at the wire, a DeleteObjects of versions looks like any other."""


def write(sessions: Sessions) -> None:
    chat = sessions.open("s")
    chat.append({"n": 0})
    chat.restore()
    chat.save_state({"step": 1})


def delete(sessions: Sessions) -> None:
    sessions.delete("s")


def look(sessions: Sessions) -> None:
    list(sessions.list())
    list(sessions.open("s").iterate())
    sessions.info("s")
    sessions.stats()
    sessions.latest()


@pytest.mark.parametrize(
    ("to", "act"),
    [("append, restore, save state", write), ("delete", delete), ("list, read, export", look)],
)
def test_the_actions_in_the_table_are_the_ones_that_are_used(
    moto: MotoServer, moto_bucket: str, to: str, act: Callable[[Any], None]
) -> None:
    rows = dict(re.findall(r"^\| ([\w, ]+) \| (.*?) \|$", README, re.MULTILINE))
    allowed = set(re.findall(r"s3:\w+", rows[to]))
    if "those" in rows[to]:
        allowed |= set(re.findall(r"s3:\w+", rows["append, restore, save state"]))
    url = f"s3://{moto_bucket}/{fresh_name()}"
    with Sessions(url, endpoint_url=moto.endpoint_url) as sessions:
        sessions.open("s").append({"n": 0})
    with WireProxy(moto.endpoint_url) as wire, Sessions(url, endpoint_url=wire.url) as sessions:
        act(sessions)
        used = {ACTIONS[operation] for operation, count in wire.counts().items() if count}
    assert used == allowed


def test_the_actions_of_a_purge_are_the_ones_that_are_used(weed: Weed) -> None:
    rows = dict(re.findall(r"^\| ([\w, ]+) \| (.*?) \|$", README, re.MULTILINE))
    told: list[Request] = []
    bucket, name = versioned_bucket(weed, locked=True), fresh_name()
    url = f"s3://{bucket}/{name}"
    with Sessions(url, endpoint_url=weed.endpoint_url, on_request=told.append) as sessions:
        sessions.open("s").append({"n": 0})
        key = f"{name}/session_s/agents/agent_default/messages/message_0.json"
        with weed.client() as s3:
            s3.create_multipart_upload(Bucket=bucket, Key=f"{name}/session_s/upload")
            s3.put_object_legal_hold(Bucket=bucket, Key=key, LegalHold={"Status": "ON"})
        told.clear()
        assert not sessions.purge("s").complete
    explaining = rows["say what holds a version that a purge could not erase"]
    allowed = set(re.findall(r"s3:\w+", rows["purge"] + explaining))
    assert "those of delete" in rows["purge"]
    allowed |= set(re.findall(r"s3:\w+", rows["delete"] + rows["append, restore, save state"]))
    assert {PURGING[request.verb] for request in told} == allowed
