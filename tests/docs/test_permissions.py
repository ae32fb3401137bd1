"""The README's IAM actions are the ones that are needed: recorded at the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from s3sessions import PruneOutcome, Sessions
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

WRITE = "append, restore, save state, summarise, describe, fork"
DELETE = "delete, prune, compact, turns"


def write(sessions: Sessions) -> None:
    chat = sessions.open("s")
    chat.append({"n": 0})
    chat.restore()
    chat.save_state({"step": 1})


def describe(sessions: Sessions) -> None:
    sessions.describe("s", title="A lamp")
    sessions.end("s")
    sessions.reopen("s")
    list(sessions.list())


def hide(sessions: Sessions) -> None:
    chat = sessions.open("s")
    chat.append({"n": 1}, status="partial")
    chat.complete(1, {"n": 1})
    chat.summarize("so far", keep_last=1)
    chat.replace([{"n": 2}, {"n": 3}])
    chat.clear()


def fork(sessions: Sessions) -> None:
    sessions.fork("s", "branch")
    sessions.fork("s", "shorter", kind="compression", messages=[{"n": 0}])
    assert len(sessions.children("s")) == 2
    assert sessions.tip("s") == "shorter"


def delete(sessions: Sessions) -> None:
    sessions.delete("s")


def take_turns(sessions: Sessions) -> None:
    chat = sessions.open("s")
    with chat.turn():
        chat.append({"n": 1})


def compact(sessions: Sessions) -> None:
    chat = sessions.open("s")
    chat.append({"n": 1})
    chat.truncate(1)
    assert chat.compact(min_age=0).objects == 1


def prune(sessions: Sessions) -> None:
    sessions.create("empty")
    for bucket in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets.values():
        for name, key in bucket.keys.items():
            if name.startswith(sessions.prefix):
                key.last_modified -= timedelta(days=2)
    results = list(sessions.prune(timedelta(days=1), empty=True))
    assert [result.outcome for result in results] == [PruneOutcome.DELETED] * 2


def look(sessions: Sessions) -> None:
    list(sessions.list())
    list(sessions.open("s").iterate())
    sessions.info("s")
    sessions.stats()
    sessions.latest()
    sessions.browse(usage=True)
    list(sessions.prune(3600, dry_run=True))


@pytest.mark.parametrize(
    ("to", "act"),
    [
        (WRITE, write),
        (WRITE, describe),
        (WRITE, hide),
        (WRITE, fork),
        (DELETE, delete),
        (DELETE, take_turns),
        (DELETE, compact),
        (DELETE, prune),
        ("list, read, export", look),
    ],
)
def test_the_actions_in_the_table_are_the_ones_that_are_used(
    moto: MotoServer, moto_bucket: str, to: str, act: Callable[[Any], None]
) -> None:
    rows = dict(re.findall(r"^\| ([\w, ]+) \| (.*?) \|$", README, re.MULTILINE))
    allowed = set(re.findall(r"s3:\w+", rows[to]))
    if "those" in rows[to]:
        allowed |= set(re.findall(r"s3:\w+", rows[WRITE]))
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
    allowed |= set(re.findall(r"s3:\w+", rows[DELETE] + rows[WRITE]))
    assert {PURGING[request.verb] for request in told} == allowed
