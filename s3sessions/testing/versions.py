"""The contract of the second port: versions, delete markers and unfinished uploads."""

from __future__ import annotations

from collections.abc import Sequence

from s3sessions.errors import InvalidSettings, NotFound
from s3sessions.ports import DELETE_LIMIT, AsyncStore, Request
from s3sessions.testing.case import StoreCase, in_its_colour, refused
from s3sessions.versions import AsyncVersions, Upload, Version, VersionOutcome, VersionTarget

__all__ = ["VersionsContract"]


class VersionsContract(StoreCase):
    """Every promise of `SyncVersions` and `AsyncVersions`, as tests that a subclass inherits.

    It is used as `StoreContract` is: `make_store` gives a store whose `versions` is not None, on a
    bucket that keeps versions, and `begin_upload` begins a multipart upload there by other means.

    Attributes:
        many: versions in the test of several pages; fewer than 1,001 for a server whose pages
            prove nothing.
    """

    many: int = 1031

    def begin_upload(self, key: str) -> str:
        """Begin a multipart upload that nobody completes; returns its id."""
        raise NotImplementedError(f"{type(self).__name__} must override begin_upload")

    @in_its_colour
    async def test_each_write_is_a_version_and_a_delete_is_a_marker(
        self, store: AsyncStore
    ) -> None:
        key = self.key("folder/an object+é")
        await store.put(key, b"1")
        await store.put(key, b"22")
        await store.delete(key)
        listed = await _versions(store, self.key("folder/"))
        assert {version.key for version in listed} == {key}
        assert sorted(version.size for version in listed if not version.is_marker) == [1, 2]
        assert [version.is_marker for version in listed if version.is_latest] == [True]
        assert len({version.version_id for version in listed}) == 3
        assert not any(version.modified.utcoffset() for version in listed)

    @in_its_colour
    async def test_the_current_object_is_the_latest_version(self, store: AsyncStore) -> None:
        key = self.key("object")
        await store.put(key, b"1")
        await store.put(key, b"22")
        latest = [version for version in await _versions(store, key) if version.is_latest]
        assert [(version.size, version.is_marker) for version in latest] == [(2, False)]

    @in_its_colour
    async def test_a_list_of_versions_is_of_its_prefix_alone(self, store: AsyncStore) -> None:
        await self.fill(store, ["a/1", "ab/1", "b/1"])
        listed = await _versions(store, self.key("a/"))
        assert [version.key for version in listed] == [self.key("a/1")]
        assert await _versions(store, self.key("c/")) == []

    @in_its_colour
    async def test_an_erased_version_is_gone_and_the_others_stay(self, store: AsyncStore) -> None:
        key = self.key("object")
        await store.put(key, b"1")
        await store.put(key, b"22")
        old = [version for version in await _versions(store, key) if not version.is_latest]
        assert [out.error for out in await _erase(store, old)] == [None]
        assert [version.size for version in await _versions(store, key)] == [2]
        assert (await store.get(key)).data == b"22"

    @in_its_colour
    async def test_with_its_versions_and_its_markers_all_of_an_object_is_gone(
        self, store: AsyncStore
    ) -> None:
        key = self.key("object")
        for _ in range(2):
            await store.put(key, b"1")
            await store.delete(key)
        listed = await _versions(store, key)
        assert len(listed) == 4
        await _erase(store, [version for version in listed if not version.is_marker])
        await refused(NotFound, store.get(key))
        await _erase(store, [version for version in listed if version.is_marker])
        assert await _versions(store, key) == []
        await refused(NotFound, store.get(key))

    @in_its_colour
    async def test_erasing_again_succeeds_with_an_outcome_for_each_in_order(
        self, store: AsyncStore
    ) -> None:
        await self.fill(store, ["one", "two"])
        listed = await _versions(store, self.prefix)
        await _erase(store, listed[:1])
        outcomes = await _erase(store, listed)
        assert [(out.key, out.version_id, out.error) for out in outcomes] == [
            (version.key, version.version_id, None) for version in listed
        ]
        assert await _versions(store, self.prefix) == []

    @in_its_colour
    async def test_more_than_a_page_is_listed_whole_and_erased_by_the_thousand(
        self, store: AsyncStore
    ) -> None:
        key = self.key("object")
        await self.fill(store, [f"{number}" for number in range(self.many - 31)])
        for _ in range(31):
            await store.put(key, b"x")
        listed = await _versions(store, self.prefix)
        assert len({(version.key, version.version_id) for version in listed}) == self.many
        assert len(listed) == self.many
        await _erase(store, listed[:DELETE_LIMIT])
        await _erase(store, listed[DELETE_LIMIT:])
        assert await _versions(store, self.prefix) == []

    @in_its_colour
    async def test_more_than_a_thousand_at_once_are_refused_and_none_is_done(
        self, store: AsyncStore
    ) -> None:
        versions = _port(store)
        targets = [VersionTarget(self.key(f"{n}"), "v") for n in range(DELETE_LIMIT + 1)]
        await refused(InvalidSettings, versions.delete_versions(targets))
        assert list(await versions.delete_versions([])) == []

    @in_its_colour
    async def test_an_unfinished_upload_is_listed_until_it_is_aborted(
        self, store: AsyncStore
    ) -> None:
        versions = _port(store)
        names = ["a/an object é", "a/two", "ab/other"]
        begun = {self.key(name): self.begin_upload(self.key(name)) for name in names}
        listed = await _uploads(store, self.key("a/"))
        assert {upload.key: upload.upload_id for upload in listed} == {
            key: begun[key] for key in list(begun)[:2]
        }
        assert not any(upload.initiated.utcoffset() for upload in listed)
        for upload in listed:
            await versions.abort_upload(upload.key, upload.upload_id)
            await versions.abort_upload(upload.key, upload.upload_id)
        assert await _uploads(store, self.key("a/")) == []
        assert len(await _uploads(store, self.key("ab/"))) == 1

    @in_its_colour
    async def test_an_observer_sees_the_verbs_of_the_second_port_too(
        self, store: AsyncStore
    ) -> None:
        key = self.key("object")
        upload_id = self.begin_upload(key)
        await store.put(key, b"x")
        seen: list[Request] = []
        versions = _port(store.observed(seen.append))
        listed = (await versions.list_versions(self.prefix)).versions
        await versions.delete_versions([VersionTarget(v.key, v.version_id) for v in listed])
        await versions.list_uploads(self.prefix)
        await versions.abort_upload(key, upload_id)
        assert [(request.verb, request.key) for request in seen] == [
            ("list_versions", self.prefix),
            ("delete_versions", key),
            ("list_uploads", self.prefix),
            ("abort_upload", key),
        ]
        assert all(request.status in (200, 204) for request in seen)


def _port(store: AsyncStore) -> AsyncVersions:
    versions = store.versions
    assert versions is not None, "the store has no second port"
    return versions


async def _erase(store: AsyncStore, versions: Sequence[Version]) -> Sequence[VersionOutcome]:
    targets = [VersionTarget(version.key, version.version_id) for version in versions]
    return await _port(store).delete_versions(targets)


async def _versions(store: AsyncStore, prefix: str) -> list[Version]:
    listed: list[Version] = []
    token: str | None = None
    while True:
        page = await _port(store).list_versions(prefix, token=token)
        assert page.token is None or page.token != token, "the token does not move on"
        listed += page.versions
        token = page.token
        if token is None:
            return listed


async def _uploads(store: AsyncStore, prefix: str) -> list[Upload]:
    listed: list[Upload] = []
    token: str | None = None
    while True:
        page = await _port(store).list_uploads(prefix, token=token)
        assert page.token is None or page.token != token, "the token does not move on"
        listed += page.uploads
        token = page.token
        if token is None:
            return listed
