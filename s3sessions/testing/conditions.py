"""The contract of conditional writes: who wins, who is refused, and what is left."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from s3sessions.errors import NotFound, PreconditionFailed, WriteRace
from s3sessions.ports import ABSENT, AsyncStore, Condition
from s3sessions.testing.case import StoreCase, in_its_colour, refused, together

__all__ = ["ConditionContract"]

CONTESTANTS = 16


class ConditionContract(StoreCase):
    """Tests of put with `only_if`, of copy, and of both in a race."""

    @in_its_colour
    async def test_a_create_writes_what_is_not_there(self, store: AsyncStore) -> None:
        key = self.key("folder/object")
        etag = await store.put(key, b"first", only_if=ABSENT)
        blob = await store.get(key)
        assert (blob.data, blob.etag) == (b"first", etag)

    @in_its_colour
    async def test_a_create_over_an_object_is_refused(self, store: AsyncStore) -> None:
        key = self.key("folder/object")
        etag = await store.put(key, b"first", only_if=ABSENT)
        for data in (b"second", b"first", b""):
            error = await refused(PreconditionFailed, store.put(key, data, only_if=ABSENT))
            assert error.key == key
        blob = await store.get(key)
        assert (blob.data, blob.etag) == (b"first", etag)

    @in_its_colour
    async def test_a_key_can_be_created_again_once_deleted(self, store: AsyncStore) -> None:
        key = self.key("folder/object")
        await store.put(key, b"first", only_if=ABSENT)
        await store.delete(key)
        await store.put(key, b"second", only_if=ABSENT)
        assert (await store.get(key)).data == b"second"

    @in_its_colour
    async def test_a_replace_by_the_current_etag_succeeds(self, store: AsyncStore) -> None:
        key = self.key("object")
        etag = await store.put(key, b"0")
        for text in (b"1", b"2 is longer", b""):
            etag = await store.put(key, text, only_if=etag)
            blob = await store.get(key)
            assert (blob.data, blob.etag) == (text, etag)

    @in_its_colour
    async def test_a_replace_by_a_stale_etag_is_refused(self, store: AsyncStore) -> None:
        key = self.key("object")
        stale = await store.put(key, b"first")
        current = await store.put(key, b"second", only_if=stale)
        error = await refused(PreconditionFailed, store.put(key, b"third", only_if=stale))
        assert error.key == key
        blob = await store.get(key)
        assert (blob.data, blob.etag) == (b"second", current)

    @in_its_colour
    async def test_a_replace_of_a_missing_object_is_refused(self, store: AsyncStore) -> None:
        key = self.key("object")
        etag = await store.put(key, b"first")
        await store.delete(key)
        await refused(PreconditionFailed, store.put(key, b"second", only_if=etag))
        await refused(NotFound, store.get(key))

    @in_its_colour
    async def test_a_copy_holds_the_same_bytes(self, store: AsyncStore) -> None:
        source, target = self.key("folder/sou+rce é"), self.key("other/target")
        await store.put(source, b"\x00text\xff")
        etag = await store.copy(source, target)
        blob = await store.get(target)
        assert (blob.data, blob.etag) == (b"\x00text\xff", etag)
        assert (await store.get(source)).data == b"\x00text\xff"

    @in_its_colour
    async def test_a_copy_does_not_follow_its_source(self, store: AsyncStore) -> None:
        source, target = self.key("source"), self.key("target")
        first = await store.put(source, b"first")
        await store.copy(source, target)
        await store.put(source, b"second", only_if=first)
        assert (await store.get(target)).data == b"first"
        await store.delete(source)
        assert (await store.get(target)).data == b"first"

    @in_its_colour
    async def test_a_copy_of_a_missing_object_is_not_found(self, store: AsyncStore) -> None:
        source, target = self.key("source"), self.key("target")
        assert (await refused(NotFound, store.copy(source, target))).key == source
        await refused(NotFound, store.get(target))

    @in_its_colour
    async def test_a_copy_never_overwrites(self, store: AsyncStore) -> None:
        source, target = self.key("source"), self.key("target")
        await store.put(source, b"new")
        await store.put(target, b"old")
        if self.conditional_copy:
            error = await refused(PreconditionFailed, store.copy(source, target))
            assert error.key == target
        else:
            await store.copy(source, target)
        left = b"old" if self.conditional_copy else b"new"
        assert (await store.get(target)).data == left

    @in_its_colour
    async def test_exactly_one_of_many_creates_a_key(self, store: AsyncStore) -> None:
        for number in range(self.race_rounds):
            key = self.key(f"race/{number}/object")
            winners = await _race(store, key, ABSENT)
            if self.atomic_create:
                assert len(winners) == 1
            assert (await store.get(key)).data in winners

    @in_its_colour
    async def test_exactly_one_of_many_replaces_a_version(self, store: AsyncStore) -> None:
        for number in range(self.race_rounds):
            key = self.key(f"race/{number}/object")
            etag = await store.put(key, b"before")
            winners = await _race(store, key, etag)
            if self.atomic_replace:
                assert len(winners) == 1
            assert (await store.get(key)).data in winners


async def _race(store: AsyncStore, key: str, condition: Condition) -> list[bytes]:
    """Let many write to one key at once, and return the bytes of those who were told "done"."""
    contents = [f"contestant {number}".encode() for number in range(CONTESTANTS)]
    results = await together(store, [_contestant(store, key, data, condition) for data in contents])
    for result in results:
        assert isinstance(result, str | PreconditionFailed), repr(result)
    return [data for data, result in zip(contents, results, strict=True) if isinstance(result, str)]


def _contestant(
    store: AsyncStore, key: str, data: bytes, condition: Condition
) -> Callable[[], Awaitable[str]]:
    async def write() -> str:
        while True:
            try:
                return await store.put(key, data, only_if=condition)
            except WriteRace:
                await store.sleep(0.05)

    return write
