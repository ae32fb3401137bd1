"""Probes of conditional writes and deletes, one after the other and in a race."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from s3sessions.dao.probing.bench import Bench, ProbeFailed
from s3sessions.errors import PreconditionFailed, StoreUnavailable, WriteRace
from s3sessions.ports import ABSENT, Condition, Target

ROUNDS: Final = 3
WRITERS: Final = 8
"""Of each race: enough to catch a store that decides nothing, few enough to be quick."""


async def create_only(bench: Bench) -> str:
    """Create over an object, which is to be refused."""
    key = bench.key("create")
    await bench.put(key, b"first", ABSENT)
    second = bench.put(key, b"second", ABSENT)
    await bench.expect_refusal(second, "a create over an existing object was answered with success")
    await bench.expect_bytes(key, b"first", "a create was refused and yet has overwritten")
    return "a second create is refused"


async def create_race(bench: Bench) -> str:
    """Create the same keys many times at once."""
    keys = [bench.key(f"create-race-{number}") for number in range(ROUNDS)]
    await _race(bench, keys, [ABSENT] * ROUNDS)
    return f"one of {WRITERS} has won, {ROUNDS} times"


async def create_again(bench: Bench) -> str:
    """Create what was deleted."""
    key = bench.key("again")
    await bench.put(key, b"first", ABSENT)
    await bench.scope.store.delete(key)
    await bench.put(key, b"second", ABSENT)
    await bench.expect_bytes(key, b"second", "what was created again cannot be read")
    return "a deleted key can be created again"


async def replace(bench: Bench) -> str:
    """Replace by the right etag and by a stale one."""
    key = bench.key("replace")
    stale = await bench.put(key, b"first")
    try:
        await bench.put(key, b"second", stale)
    except PreconditionFailed as error:
        raise ProbeFailed("a replace by the right etag was refused") from error
    late = bench.put(key, b"third", stale)
    await bench.expect_refusal(late, "a replace by a wrong etag was answered with success")
    await bench.expect_bytes(key, b"second", "a replace was refused and yet has overwritten")
    return "only the right etag is taken"


async def replace_missing(bench: Bench) -> str:
    """Replace what is not there."""
    etag = await bench.put(bench.key("other"), b"{}")
    key = bench.key("missing")
    request = bench.put(key, b"{}", etag)
    await bench.expect_refusal(request, "a replace of a missing object has created it")
    await bench.expect_nothing(key, "a replace was refused and yet has created the object")
    return "it is refused"


async def replace_race(bench: Bench) -> str:
    """Replace the same versions many times at once."""
    keys = [bench.key(f"replace-race-{number}") for number in range(ROUNDS)]
    etags = await bench.scope.store.fan_out([partial(bench.put, key, b"before") for key in keys])
    await _race(bench, keys, etags)
    return f"one of {WRITERS} has won, {ROUNDS} times"


async def _race(bench: Bench, keys: Sequence[str], conditions: Sequence[Condition]) -> None:
    """Let many write to each key at once, all keys together: a store may make losers wait."""
    calls = [
        partial(_compete, bench, key, condition, number)
        for key, condition in zip(keys, conditions, strict=True)
        for number in range(WRITERS)
    ]
    outcomes = await bench.scope.store.fan_out(calls)
    for at, key in enumerate(keys):
        told = outcomes[at * WRITERS : (at + 1) * WRITERS]
        winners = [_content(number) for number, is_winner in enumerate(told) if is_winner]
        if len(winners) > 1:
            raise ProbeFailed(f"{len(winners)} of {WRITERS} writers were told that they had won")
        stored = (await bench.scope.store.get(key)).data
        if winners and stored != winners[0]:
            raise ProbeFailed("what is stored is not what the winner has written")
        # Without a winner one of them may have lost the answer.
        if stored not in map(_content, range(WRITERS)):
            raise ProbeFailed(f"none of {WRITERS} writers has won")


async def _compete(bench: Bench, key: str, condition: Condition, number: int) -> bool:
    try:
        await bench.put(key, _content(number), condition)
    except (PreconditionFailed, WriteRace, StoreUnavailable):
        return False
    return True


def _content(number: int) -> bytes:
    return f"writer {number}".encode()


async def conditional_delete(bench: Bench) -> str:
    """Delete by a stale etag and by the right one."""
    key = bench.key("delete")
    stale = await bench.put(key, b"first")
    etag = await bench.put(key, b"second")
    request = bench.scope.store.delete(key, only_if=stale)
    await bench.expect_refusal(request, "a delete by a wrong etag was answered with success")
    await bench.expect_bytes(key, b"second", "a delete was refused and yet has deleted")
    await bench.scope.store.delete(key, only_if=etag)
    await bench.expect_nothing(key, "a delete by the right etag has deleted nothing")
    return "only the right etag is taken"


async def conditional_delete_many(bench: Bench) -> str:
    """Delete two keys in one request, one of them by a wrong etag."""
    kept, gone = bench.key("kept"), bench.key("gone")
    etags = [await bench.put(key, data) for key, data in ((kept, b"kept"), (gone, b"gone"))]
    targets = [Target(kept, etags[1]), Target(gone, etags[1])]
    refused, deleted = await bench.scope.store.delete_many(targets)
    await bench.expect_bytes(kept, b"kept", "a key with a wrong etag was deleted")
    await bench.expect_nothing(gone, "a key with the right etag was not deleted")
    if refused.error is None:
        raise ProbeFailed("a key with a wrong etag is said to be deleted, and is not")
    if deleted.error is not None:
        raise ProbeFailed("a key with the right etag is said to be left, and is not")
    return "each key goes by its own etag"


async def create_only_copy(bench: Bench) -> str:
    """Copy over an object, and to a new key."""
    source, target, fresh = bench.key("source"), bench.key("target"), bench.key("copied")
    for key in (source, target):
        await bench.put(key, key.encode())
    request = bench.scope.store.copy(source, target)
    await bench.expect_refusal(request, "a copy over an existing object was answered with success")
    await bench.expect_bytes(target, target.encode(), "a copy was refused and yet has overwritten")
    await bench.scope.store.copy(source, fresh)
    await bench.expect_bytes(fresh, source.encode(), "a copy does not hold the same bytes")
    return "a copy over an object is refused"
