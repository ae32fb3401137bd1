"""The contract of conditional deletion and of deleting many objects in one request."""

from __future__ import annotations

from s3sessions.errors import Conflict, InvalidSettings, NotFound, PreconditionFailed
from s3sessions.ports import DELETE_LIMIT, AsyncStore, Target
from s3sessions.testing.case import StoreCase, all_pages, in_its_colour, refused

__all__ = ["DeletionContract"]


class DeletionContract(StoreCase):
    """Tests of delete with `only_if` and of delete_many."""

    @in_its_colour
    async def test_a_delete_by_the_current_etag_succeeds(self, store: AsyncStore) -> None:
        key = self.key("object")
        etag = await store.put(key, b"x")
        await store.delete(key, only_if=etag)
        await refused(NotFound, store.get(key))

    @in_its_colour
    async def test_a_delete_by_a_stale_etag_is_refused(self, store: AsyncStore) -> None:
        key = self.key("object")
        stale = await store.put(key, b"first")
        await store.put(key, b"second")
        if self.conditional_delete:
            error = await refused(PreconditionFailed, store.delete(key, only_if=stale))
            assert error.key == key
            assert (await store.get(key)).data == b"second"
        else:
            await store.delete(key, only_if=stale)
            await refused(NotFound, store.get(key))

    @in_its_colour
    async def test_a_conditional_delete_of_a_missing_object_succeeds(
        self, store: AsyncStore
    ) -> None:
        key = self.key("object")
        etag = await store.put(key, b"x")
        await store.delete(key)
        await store.delete(key, only_if=etag)

    @in_its_colour
    async def test_many_are_deleted_with_an_outcome_for_each(self, store: AsyncStore) -> None:
        await self.fill(store, ["a/1", "a/2 +é", "b/1", "b/2"])
        keys = [self.key(name) for name in ("b/1", "a/missing", "a/2 +é", "a/1")]
        outcomes = await store.delete_many([Target(key) for key in keys])
        assert [(outcome.key, outcome.error) for outcome in outcomes] == [
            (key, None) for key in keys
        ]
        entries, _ = await all_pages(store, self.prefix)
        assert [entry.key for entry in entries] == [self.key("b/2")]

    @in_its_colour
    async def test_many_are_deleted_each_by_its_etag(self, store: AsyncStore) -> None:
        current = await self.fill(store, ["one", "two", "three"], b"first")
        stale = current[self.key("two")]
        await store.put(self.key("two"), b"second")
        outcomes = await store.delete_many(
            [Target(key, etag) for key, etag in current.items()] + [Target(self.key("no"), stale)]
        )
        refusals = {outcome.key: outcome.error for outcome in outcomes if outcome.error}
        entries, _ = await all_pages(store, self.prefix)
        if self.conditional_delete_many:
            assert list(refusals) == [self.key("two")]
            assert isinstance(refusals[self.key("two")], Conflict)
            assert [entry.key for entry in entries] == [self.key("two")]
        else:
            assert (refusals, entries) == ({}, [])

    @in_its_colour
    async def test_a_thousand_are_deleted_in_one_request(self, store: AsyncStore) -> None:
        etags = await self.fill(store, [f"folder/{number}" for number in range(DELETE_LIMIT)])
        outcomes = await store.delete_many([Target(key) for key in etags])
        assert [outcome.key for outcome in outcomes] == list(etags)
        assert {outcome.error for outcome in outcomes} == {None}
        assert await all_pages(store, self.key("folder/")) == ([], [])

    @in_its_colour
    async def test_more_than_a_thousand_are_refused(self, store: AsyncStore) -> None:
        await self.fill(store, ["0"])
        targets = [Target(self.key(str(number))) for number in range(DELETE_LIMIT + 1)]
        await refused(InvalidSettings, store.delete_many(targets))
        assert (await store.get(self.key("0"))).data == b"x"

    @in_its_colour
    async def test_deleting_none_succeeds(self, store: AsyncStore) -> None:
        assert list(await store.delete_many([])) == []
