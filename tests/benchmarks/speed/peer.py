"""Whoever is measured: what all of them are asked to do, and which ones there are."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sized
from typing import Any, Final, NamedTuple, TypeAlias

Act: TypeAlias = Callable[[], Sized]
"""What is timed; it gives all that it has read or written, to be counted afterwards."""

PEERS: Final = {
    "boto3": "plain_boto3:PlainBoto3",
    "aioboto3": "plain_aioboto3:PlainAioboto3",
    "strands": "strands_messages:StrandsMessages",
    "snapshots": "strands_snapshots:StrandsSnapshots",
    "langgraph": "langgraph_checkpoints:LangGraphCheckpoints",
    "sqlite": "openai_sqlite:OpenAISqlite",
    "ours-boto3": "ours:OnBoto3",
    "ours-fast": "ours:OnObstore",
    "ours-aioboto3": "ours_async:OnAioboto3",
    "ours-fast-async": "ours_async:OnObstore",
}
"""Where each class is, in `tests.benchmarks.speed.peers`.

A method of a peer prepares what it is named after and gives the act. Not every peer has every
method:

- `begin(session)`: store its first message, numbered 0, and what else a session consists of;
- `fill(session, size)`: store a whole history, for those that keep it as one object;
- `append(session, size)`: store one message more in a history of so many;
- `get(count)`, `put(count)`: objects of 1 KB, 16 at once; `pages(session)`: list a session;
- `restore(session)`, `last(session, size)`: read a history, or its last 50 messages;
- `pack(session)`: write it as segments; `delete(session)`: remove it.
"""

WORKERS: Final = 32
"""Requests at once of those that have no number of their own."""

PARALLEL: Final = 16
OBJECT: Final = b"x" * 1024
LAST: Final = 50


class Place(NamedTuple):
    """Where a peer keeps its sessions.

    Attributes:
        endpoint_url: of the stub.
        bucket: of this peer alone, unless others read the same objects.
        folder: on a local disk.
    """

    endpoint_url: str
    bucket: str
    folder: str


def load_peer(name: str, place: Place) -> Any:
    """Import the peer and what it needs, and make it."""
    module, _, class_name = PEERS[name].partition(":")
    found = importlib.import_module(f"tests.benchmarks.speed.peers.{module}")
    return getattr(found, class_name)(place)


def message(number: object) -> dict[str, Any]:
    """Give a message of about 1 KB, which tells its number."""
    text = f"{number}: " + "What one says to another in a sentence or two. " * 18
    return {"role": "user", "content": [{"text": text}]}


def key_of(session: str, number: object) -> str:
    """Give the key of a message, as Strands and s3sessions spell it."""
    return f"{folder_of(session)}message_{number}.json"


def folder_of(session: str) -> str:
    """Give what the keys of a session's messages begin with."""
    return f"session_{session}/agents/agent_default/messages/"
