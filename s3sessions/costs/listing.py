"""How many LIST requests a long history takes: past one page it is listed in parts, at once.

Into how many parts follows from what the list shows, so that no formula tells it: a list of as many
keys is made in memory, and its requests are counted.
"""

from __future__ import annotations

from functools import cache

from s3sessions.keys import Root
from s3sessions.stores.memory import MemoryStore
from s3sessions.sync import Sessions

__all__ = ["lists_of"]


@cache
def lists_of(messages: int) -> int:
    """Count the LIST requests of a restore of so many loose messages, at least 2."""
    store = MemoryStore()
    sessions = Sessions(store=store)
    sessions.open("s").append({})
    agent = Root.of("").session("s").agent("default")
    for index in range(1, messages - 1):
        store.put(agent.message(index), b"")
    sessions.open("s").append({})
    before = sessions.requests.by_verb["list"]
    sessions.open("s").restore(last=1)
    return sessions.requests.by_verb["list"] - before
