"""The trials of a check, in their order, and what each means for sessions where it fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from s3sessions.dao.probing import conditions, reading
from s3sessions.dao.probing.bench import Bench


@dataclass(frozen=True, slots=True)
class Trial:
    """A probe, its name, and what it means for sessions where it fails."""

    name: str
    run: Callable[[Bench], Awaitable[str]]
    meaning: str
    is_fatal: bool = False


TRIALS: Final = (
    Trial(
        "create-only",
        conditions.create_only,
        "two writers may overwrite each other's message",
        is_fatal=True,
    ),
    Trial(
        "create-only race",
        conditions.create_race,
        "two writers that append at the same moment may overwrite each other's message",
        is_fatal=True,
    ),
    Trial(
        "create again", conditions.create_again, "the id of a deleted session cannot be used again"
    ),
    Trial(
        "replace by etag",
        conditions.replace,
        "two writers may undo each other's changes: saved state, redactions, turns",
        is_fatal=True,
    ),
    Trial(
        "replace a missing object",
        conditions.replace_missing,
        "a change that races with a deletion may bring a deleted object back",
    ),
    Trial(
        "replace race",
        conditions.replace_race,
        "of two changes of one object at the same moment one may be lost; messages are not",
    ),
    Trial(
        "delete by etag",
        conditions.conditional_delete,
        "a deletion that races with a new life of the id may remove new objects",
    ),
    Trial(
        "delete many by etag",
        conditions.conditional_delete_many,
        "a deletion that races with a new life of the id may remove new objects",
    ),
    Trial(
        "create-only copy",
        conditions.create_only_copy,
        "a copy may overwrite what another one has made",
    ),
    Trial(
        "read after write",
        reading.read_after_write,
        "a restore may give another history than was stored",
        is_fatal=True,
    ),
    Trial(
        "list after write",
        reading.list_after_write,
        "a restore may miss messages, and a writer may take its place for the end",
        is_fatal=True,
    ),
    Trial("pages", reading.pages, "a restore of a long history may miss messages", is_fatal=True),
    Trial(
        "odd keys", reading.odd_keys, "a session whose id holds such a character cannot be listed"
    ),
    Trial("clock", reading.clock, "turns expire early or late, and ages are wrong"),
)
