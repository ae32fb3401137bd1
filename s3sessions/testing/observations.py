"""The contract of observers: each is told of each request, those that fail too."""

from __future__ import annotations

from s3sessions.errors import NotFound, PreconditionFailed
from s3sessions.ports import ABSENT, AsyncStore, Request, Target
from s3sessions.testing.case import StoreCase, in_its_colour, refused

__all__ = ["ObservationContract"]


class ObservationContract(StoreCase):
    """Tests of observed."""

    @in_its_colour
    async def test_an_observer_sees_every_verb(self, store: AsyncStore) -> None:
        seen: list[Request] = []
        observed = store.observed(seen.append)
        one, two = self.key("folder/one"), self.key("folder/two")
        await observed.put(one, b"12345")
        await observed.get(one)
        await observed.copy(one, two)
        await observed.list(self.key("folder/"))
        await observed.delete(one)
        await observed.delete_many([Target(two), Target(one)])
        assert [(request.verb, request.key) for request in seen] == [
            ("put", one),
            ("get", one),
            ("copy", two),
            ("list", self.key("folder/")),
            ("delete", one),
            ("delete_many", two),
        ]
        assert all(request.status in (200, 204) for request in seen)
        assert all(request.attempts == 1 for request in seen)
        assert all(request.milliseconds >= 0 for request in seen)

    @in_its_colour
    async def test_an_observer_sees_the_bytes(self, store: AsyncStore) -> None:
        seen: list[Request] = []
        observed = store.observed(seen.append)
        await observed.put(self.key("object"), b"x" * 12_345)
        await observed.get(self.key("object"))
        assert [request.sent for request in seen] == [12_345, 0]
        assert seen[1].received == 12_345

    @in_its_colour
    async def test_an_observer_sees_the_requests_that_failed(self, store: AsyncStore) -> None:
        seen: list[Request] = []
        observed = store.observed(seen.append)
        key = self.key("object")
        await refused(NotFound, observed.get(key))
        await observed.put(key, b"x", only_if=ABSENT)
        await refused(PreconditionFailed, observed.put(key, b"x", only_if=ABSENT))
        assert [(request.verb, request.key, request.status) for request in seen] == [
            ("get", key, 404),
            ("put", key, 200),
            ("put", key, 412),
        ]

    @in_its_colour
    async def test_an_observer_sees_each_page_and_each_call_of_a_fan_out(
        self, store: AsyncStore
    ) -> None:
        seen: list[Request] = []
        observed = store.observed(seen.append)
        await self.fill(observed, ["1", "2", "3", "4"])
        token = None
        for _ in range(2):
            token = (await observed.list(self.prefix, token=token, limit=2)).token
        assert token is None
        assert [request.verb for request in seen] == ["put"] * 4 + ["list"] * 2

    @in_its_colour
    async def test_each_observer_is_told_only_of_its_own_store(self, store: AsyncStore) -> None:
        outer: list[Request] = []
        inner: list[Request] = []
        one = store.observed(outer.append)
        both = one.observed(inner.append)
        await store.put(self.key("0"), b"x")
        await one.put(self.key("1"), b"x")
        await both.put(self.key("2"), b"x")
        assert [request.key for request in outer] == [self.key("1"), self.key("2")]
        assert [request.key for request in inner] == [self.key("2")]

    @in_its_colour
    async def test_an_observed_store_is_the_same_store(self, store: AsyncStore) -> None:
        observed = store.observed(lambda request: None)
        etag = await observed.put(self.key("object"), b"x")
        assert (await store.get(self.key("object"))).etag == etag
        await store.delete(self.key("object"))
        await refused(NotFound, observed.get(self.key("object")))
