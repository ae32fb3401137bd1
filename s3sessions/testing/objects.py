"""The contract of single objects: what is written is what is read, whole, under any key."""

from __future__ import annotations

from datetime import timedelta

from s3sessions.errors import NotFound
from s3sessions.ports import AsyncStore
from s3sessions.testing.case import StoreCase, all_pages, in_its_colour, refused, together

__all__ = ["ObjectContract"]

ODD_NAMES = (
    "with space",
    " leading and trailing ",
    "café/naïve",
    "日本語/кириллица",
    "😀/🧑‍🚀",
    "%2F",
    "%2f%20%",
    "'single' and \"double\" quotes",
    "a+b=c&d",
    "<tag>",
    "semi;colon,comma:colon",
    "#hash?question",
    "user@example.com",
    "[brackets]{braces}~^|`$!*()",
    ".hidden/-dash",
    "n" * 240 + "/" + "é" * 120,
)


class ObjectContract(StoreCase):
    """Tests of get, put and delete without conditions."""

    @in_its_colour
    async def test_what_is_put_is_what_is_read(self, store: AsyncStore) -> None:
        every_byte = bytes(range(256))
        for data in (every_byte, b"", b"\r\n\x00\n", every_byte * (5 * 1024 * 4)):
            etag = await store.put(self.key("folder/object"), data)
            blob = await store.get(self.key("folder/object"))
            assert blob.data == data
            assert blob.etag == etag

    @in_its_colour
    async def test_a_missing_object_is_not_found(self, store: AsyncStore) -> None:
        key = self.key("folder/missing")
        error = await refused(NotFound, store.get(key))
        assert error.key == key
        await store.put(self.key("folder/object"), b"x")
        await refused(NotFound, store.get(key))
        await refused(NotFound, store.get(self.key("folder/object/below")))
        await refused(NotFound, store.get(self.key("folder")))

    @in_its_colour
    async def test_a_put_replaces_the_whole_object(self, store: AsyncStore) -> None:
        key = self.key("object")
        first = await store.put(key, b"a long first text")
        second = await store.put(key, b"short")
        assert second != first
        assert (await store.get(key)).data == b"short"

    @in_its_colour
    async def test_get_put_and_list_agree_on_the_etag(self, store: AsyncStore) -> None:
        key = self.key("object")
        for data in (b"one", b"two"):
            etag = await store.put(key, data)
            entries, _ = await all_pages(store, key)
            assert [entry.etag for entry in entries] == [etag]
            assert (await store.get(key)).etag == etag

    @in_its_colour
    async def test_times_are_in_utc(self, store: AsyncStore) -> None:
        key = self.key("object")
        await store.put(key, b"x")
        blob = await store.get(key)
        entries, _ = await all_pages(store, key)
        for modified in (blob.modified, entries[0].modified):
            assert modified.utcoffset() == timedelta(0)
        assert abs(blob.modified - entries[0].modified) < timedelta(seconds=2)

    @in_its_colour
    async def test_a_key_may_hold_any_text(self, store: AsyncStore) -> None:
        objects = {self.key("odd/" + name): name.encode() for name in ODD_NAMES}
        for key, data in objects.items():
            await store.put(key, data)
        assert {key: (await store.get(key)).data for key in objects} == objects
        entries, _ = await all_pages(store, self.key("odd/"), limit=3)
        assert sorted(entry.key for entry in entries) == sorted(objects)
        for key in objects:
            await store.delete(key)
        assert await all_pages(store, self.key("odd/")) == ([], [])

    @in_its_colour
    async def test_a_backslash_in_a_key_is_no_slash(self, store: AsyncStore) -> None:
        await self.fill(store, ["folder/back\\slash"])
        assert (await store.get(self.key("folder/back\\slash"))).data == b"x"
        entries, _ = await all_pages(store, self.key("folder/"))
        shown = "folder/back\\slash" if self.keeps_backslashes else "folder/back/slash"
        assert [entry.key for entry in entries] == [self.key(shown)]

    @in_its_colour
    async def test_a_deleted_object_is_gone(self, store: AsyncStore) -> None:
        await self.fill(store, ["folder/one", "folder/two"])
        await store.delete(self.key("folder/one"))
        await refused(NotFound, store.get(self.key("folder/one")))
        entries, _ = await all_pages(store, self.key("folder/"))
        assert [entry.key for entry in entries] == [self.key("folder/two")]

    @in_its_colour
    async def test_deleting_a_missing_object_succeeds(self, store: AsyncStore) -> None:
        await store.delete(self.key("never/there"))
        await self.fill(store, ["object"])
        await store.delete(self.key("object"))
        await store.delete(self.key("object"))

    @in_its_colour
    async def test_a_reader_never_sees_half_an_object(self, store: AsyncStore) -> None:
        key = self.key("object")
        versions = [bytes([number]) * 200_000 for number in range(4)]
        await store.put(key, versions[0])

        async def write() -> bool:
            for data in versions:
                await store.put(key, data)
            return True

        async def read() -> bool:
            return all([(await store.get(key)).data in versions for _ in versions])

        assert await together(store, [write, read, write, read]) == [True] * 4

    @in_its_colour
    async def test_closing_twice_is_harmless(self, store: AsyncStore) -> None:
        await self.fill(store, ["object"])
        await store.close()
        await store.close()
