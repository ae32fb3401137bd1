"""A history of eight messages in small blocks, and what is true of it however it is packed."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from s3sessions import Sessions
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt
from tests.dao.past import AGENT, opened

COUNT: Final = 8
SECRET: Final = "hunter2"
SECRET_AT: Final = 1
PARTIAL_AT: Final = 2


def spoken(count: int = COUNT) -> MemoryStore:
    """Give a history with a secret, and a message that was cut off."""
    return replanted(_spoken(count))


@cache
def _spoken(count: int) -> MemoryStore:
    memory = MemoryStore()
    chat = opened(memory)
    for n in range(count):
        status = "partial" if n == PARTIAL_AT else None
        more = {"content": SECRET} if n == SECRET_AT else {}
        chat.append({"n": n, **more}, write_id=f"w{n}", status=status)
    return memory


def replanted(memory: MemoryStore) -> MemoryStore:
    """Give another store with the same objects."""
    other = MemoryStore()
    for entry in memory.list("").entries:
        other.put(entry.key, memory.get(entry.key).data)
    return other


def each_request(**strike: Any) -> Iterator[KillAt]:
    """Strike before each request in turn, until one comes that is never made."""
    for request in itertools.count(1):
        hook = KillAt(request, after=False, **strike)
        yield hook
        if not hook.struck:
            return


def later() -> float:
    """Tell a time at which every request that was under way has ended."""
    return time.time() + 7200


def pack(store: SyncStore) -> Any:
    """Pack at both levels, as somebody who comes later."""
    return Sessions(store=store, clock=later).open("s").compact(min_age=0, pack=True)


def packed_blocks(memory: SyncStore) -> list[tuple[int, int]]:
    """Give first and last index of each segment."""
    keys = [e.key for e in memory.list(f"{AGENT}/archive/").entries]
    names = [key.rpartition("_")[2].removesuffix(".jsonl").split("-") for key in keys]
    return sorted((int(first), int(last)) for first, last in names)


def loose(memory: SyncStore) -> list[int]:
    """Give the indexes of the messages that have an object of their own."""
    keys = [e.key for e in memory.list(f"{AGENT}/messages/").entries]
    return sorted(int(key.rpartition("_")[2].removesuffix(".json")) for key in keys)


def lines(memory: SyncStore, first: int, last: int) -> list[dict[str, Any]]:
    """Give the messages of a segment as anybody reads them who knows JSON lines."""
    data = memory.get(f"{AGENT}/archive/segment_{first}-{last}.jsonl").data
    header, *rest = data.decode().splitlines()
    assert set(json.loads(header)) == {"s3sessions"}
    return [json.loads(line) for line in rest]


def numbers(memory: SyncStore) -> list[int]:
    """Give what every kind of reader sees; it is the same."""
    chat = opened(memory)
    history = chat.restore()
    assert (history.corrupt, history.holes) == ((), ())
    seen = [payload["n"] for payload in history.payloads if "n" in payload]
    assert list(chat.iterate()) == history.messages
    assert chat.restore(last=3).messages == history.messages[-3:]
    for message in history.messages:
        assert chat.read(message.index) == message
    return seen


def check_goes_on(memory: SyncStore) -> None:
    """Check that the next message stands behind all others."""
    chat = opened(memory)
    before = chat.restore()
    index = opened(memory).append({"n": "next"}).index
    assert index == before.next_index
    history = chat.restore()
    assert history.messages[:-1] == before.messages
    assert history.messages[-1].index == index


def holds_the_secret(memory: SyncStore) -> list[str]:
    """Give the keys of the objects in which the secret stands."""
    entries = memory.list("").entries
    return [e.key for e in entries if SECRET.encode() in memory.get(e.key).data]


# What somebody does to the message with the secret or to the one that was cut off, and whether it
# was done.

CHANGES: Final[dict[str, Callable[[Any], object]]] = {
    "redact": lambda chat: chat.redact(SECRET_AT),
    "remove": lambda chat: chat.remove(SECRET_AT),
    "complete": lambda chat: chat.complete(PARTIAL_AT, {"n": PARTIAL_AT, "content": "whole"}),
    "update": lambda chat: chat.update(chat.read(SECRET_AT), {"n": SECRET_AT, "content": "new"}),
}


def is_done(change: str, memory: SyncStore) -> bool:
    """Tell whether readers see the change, and else what was there before."""
    history = opened(memory).restore()
    there = {message.index: message for message in history.messages}
    if history.corrupt or history.holes or list(there) != sorted(there):
        return False
    if change == "remove":
        return SECRET_AT not in there
    message = there[PARTIAL_AT if change == "complete" else SECRET_AT]
    if change == "redact":
        return message.redacted_at is not None and SECRET not in str(message.payload)
    if change == "complete":
        return message.status is None and message.payload["content"] == "whole"
    return bool(message.payload["content"] == "new")


def left_by(change: str) -> list[int]:
    """Give the numbers that readers see after a change."""
    return [n for n in range(COUNT) if not (n == SECRET_AT and change in ("redact", "remove"))]
