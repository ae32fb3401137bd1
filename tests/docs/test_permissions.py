"""The README's IAM actions are the ones that are needed: recorded at the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.wire import WireProxy

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ACTIONS = {
    "GetObject": "s3:GetObject",
    "PutObject": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
}


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
