"""The check tells the truth of every store at hand, and each of its probes can fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AccessDenied, Sessions, StoreUnavailable
from s3sessions.errors import PreconditionFailed
from s3sessions.ports import (
    ABSENT,
    PAGE_LIMIT,
    Blob,
    Condition,
    DeleteOutcome,
    Page,
    Request,
    SyncStore,
    Target,
)
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from tests.servers.moto_server import MotoServer
from tests.servers.weed import Weed
from tests.versioned_memory import VersionedMemory, held

RACES = {"create-only race", "replace race"}


def failed(store: SyncStore) -> set[str]:
    with Sessions(store=store) as sessions:
        return {probe.name for probe in sessions.check().failed}


def left(store: SyncStore) -> list[str]:
    return [entry.key for entry in store.list("").entries]


# Stores that do not lie, and servers whose lies are known


def test_memory_is_fit() -> None:
    assert failed(MemoryStore()) == set()


def test_a_folder_is_fit(tmp_path: Path) -> None:
    assert failed(LocalStore(tmp_path / "sessions")) == set()


def test_weed_is_fit_but_for_backslashes(weed: Weed, weed_bucket: str) -> None:
    with Sessions(f"s3://{weed_bucket}/check", endpoint_url=weed.endpoint_url) as sessions:
        report = sessions.check()
    assert report.ok
    assert {probe.name for probe in report.failed} == {"odd keys"}
    (odd,) = report.failed
    assert r"'back\\slash/1', but 'back/slash/1'" in odd.detail
    assert report.versioned is False


@pytest.mark.parametrize("versioning", [False, True], ids=["plain", "versioned"])
def test_moto_ignores_the_etags_of_a_deletion_of_many_and_overwrites_by_a_copy(
    moto: MotoServer, versioning: bool
) -> None:
    bucket = moto.make_bucket()
    with moto.client() as s3:
        status = "Enabled" if versioning else "Suspended"
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        with Sessions(f"s3://{bucket}", endpoint_url=moto.endpoint_url) as sessions:
            report = sessions.check()
        versions = s3.list_object_versions(Bucket=bucket)
    # Its conditions are check-then-set: a race can have two winners.
    names = {probe.name for probe in report.failed} - RACES
    assert names == {"delete many by etag", "create-only copy"}
    assert report.left == ""
    assert (versions.get("Versions"), versions.get("DeleteMarkers")) == (None, None)
    assert report.versioned or not versioning


# Stores that lie


class Overwriting(MemoryStore):
    """Passes over "only if absent"."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return super().put(key, data, only_if=None if only_if is ABSENT else only_if)


class OverwritingInRaces(MemoryStore):
    """Passes over conditions where many come at once."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return super().put(key, data, only_if=None if "-race-" in key else only_if)


class LastOneWins(MemoryStore):
    """Refuses all but the first of a race, and yet stores what the others sent."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        try:
            return super().put(key, data, only_if=only_if)
        except PreconditionFailed:
            if "-race-" in key:
                super().put(key, data)
            raise


class ReplacingAnything(MemoryStore):
    """Passes over the etags of writes."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return super().put(key, data, only_if=ABSENT if only_if is ABSENT else None)


class ReplacingNothing(MemoryStore):
    """Compares etags as it should not, so that none is right."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        return super().put(key, data, only_if=f'"{only_if}"' if type(only_if) is str else only_if)


class CreatingByReplace(MemoryStore):
    """Takes any etag for what is not there."""

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        is_there = any(entry.key == key for entry in self.list(key).entries)
        return super().put(key, data, only_if=only_if if is_there else None)


class NeverAgain(MemoryStore):
    """Refuses to create what was ever there."""

    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[str] = set()

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        if key in self.deleted and only_if is ABSENT:
            raise PreconditionFailed("it was there", key=key)
        return super().put(key, data, only_if=only_if)

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        super().delete(key, only_if=only_if)
        self.deleted.add(key)


class DeletingAnything(MemoryStore):
    """Passes over the etags of single deletions."""

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        super().delete(key)


class DeletingNothingByEtag(MemoryStore):
    """Says that it has deleted."""

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        if only_if is None:
            super().delete(key)
        elif self.get(key).etag != only_if:
            super().delete(key, only_if=only_if)


class DeletingManyAnyway(MemoryStore):
    """Passes over the etags of a deletion of many."""

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        return super().delete_many([Target(target.key) for target in targets])


class SilentAboutMany(MemoryStore):
    """Deletes by etag, and says of every key that it is gone."""

    def delete_many(self, targets: Sequence[Target]) -> Sequence[DeleteOutcome]:
        return [DeleteOutcome(outcome.key) for outcome in super().delete_many(targets)]


class CopyingOver(MemoryStore):
    """Overwrites by a copy."""

    def copy(self, source: str, target: str) -> str:
        return self.put(target, self.get(source).data)


class ReadingTheFirst(MemoryStore):
    """Gives what was read first for ever, as a cache would."""

    def __init__(self) -> None:
        super().__init__()
        self.cache: dict[str, Blob] = {}

    def get(self, key: str) -> Blob:
        return (
            self.cache.setdefault(key, super().get(key))
            if key.endswith("/read")
            else super().get(key)
        )


class Telling(MemoryStore):
    """Tells of each page of a list something else than what is there."""

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        page = super().list(
            prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
        )
        return self.told(page, prefix, token)

    def told(self, page: Page, prefix: str, token: str | None) -> Page:
        raise NotImplementedError


class ListingLate(Telling):
    """Does not list the newest object of a folder yet."""

    def told(self, page: Page, prefix: str, token: str | None) -> Page:
        shown = page.entries[:-1] if prefix.endswith("/list/") else page.entries
        return Page(shown, page.prefixes, page.token)


class ListingTheDeleted(MemoryStore):
    """Still lists what was just deleted."""

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        if "/list/" not in key:
            super().delete(key, only_if=only_if)


class LosingBetweenPages(Telling):
    """Leaves out the first key of every page but the first."""

    def told(self, page: Page, prefix: str, token: str | None) -> Page:
        return page if token is None else Page(page.entries[1:], page.prefixes, page.token)


class NeverEnding(Telling):
    """Gives the first page again and again."""

    def told(self, page: Page, prefix: str, token: str | None) -> Page:
        if token is None:
            self.first = page
        return self.first


class ListingPluses(Telling):
    """Lists a plus sign as a space."""

    def told(self, page: Page, prefix: str, token: str | None) -> Page:
        shown = [
            type(entry)(entry.key.replace("+", " "), entry.size, entry.etag, entry.modified)
            for entry in page.entries
        ]
        return Page(shown, page.prefixes, page.token)


def slow_by_minutes() -> MemoryStore:
    return MemoryStore(clock=lambda: time.time() - 300)


LIARS: list[tuple[Callable[[], MemoryStore], set[str], bool]] = [
    (Overwriting, {"create-only", "create-only race"}, False),
    (OverwritingInRaces, {"create-only race", "replace race"}, False),
    (LastOneWins, {"create-only race", "replace race"}, False),
    (
        ReplacingAnything,
        {"replace by etag", "replace a missing object", "replace race"},
        False,
    ),
    (ReplacingNothing, {"replace by etag", "replace race"}, False),
    (CreatingByReplace, {"replace a missing object"}, True),
    (NeverAgain, {"create again"}, True),
    (DeletingAnything, {"delete by etag"}, True),
    (DeletingNothingByEtag, {"delete by etag"}, True),
    (DeletingManyAnyway, {"delete many by etag"}, True),
    (SilentAboutMany, {"delete many by etag"}, True),
    (CopyingOver, {"create-only copy"}, True),
    (ReadingTheFirst, {"read after write"}, False),
    (ListingLate, {"list after write"}, False),
    (ListingTheDeleted, {"list after write"}, False),
    (LosingBetweenPages, {"pages"}, False),
    (NeverEnding, {"pages"}, False),
    (ListingPluses, {"odd keys"}, True),
    (slow_by_minutes, {"clock"}, True),
]


@pytest.mark.parametrize(("make", "names", "ok"), LIARS, ids=[make.__name__ for make, *_ in LIARS])
def test_a_store_that_lies_is_found_out(
    make: Callable[[], MemoryStore], names: set[str], ok: bool
) -> None:
    with Sessions(store=make()) as sessions:
        report = sessions.check()
    assert {probe.name for probe in report.failed} == names
    assert report.ok is ok
    assert all(probe.meaning and probe.detail for probe in report.failed)


def test_every_probe_has_a_liar_that_it_finds_out() -> None:
    with Sessions(store=MemoryStore()) as sessions:
        names = {probe.name for probe in sessions.check().probes}
    assert set().union(*(found for _, found, _ in LIARS)) == names


# What it leaves, and what it costs


@pytest.mark.parametrize("make", [make for make, *_ in LIARS], ids=lambda make: make.__name__)
def test_nothing_is_left(make: Callable[[], MemoryStore]) -> None:
    store = make()
    store.put("session_a/session.json", b"{}")
    failed(store)
    assert left(store) == ["session_a/session.json"]


class Failing(MemoryStore):
    """Fails at the n-th write."""

    def __init__(self, error: Exception, at: int) -> None:
        super().__init__()
        self.error, self.writes = error, iter(range(1, 10_000))
        self.at = at

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        if next(self.writes) == self.at:
            raise self.error
        return super().put(key, data, only_if=only_if)


@pytest.mark.parametrize("at", [1, 2, 3, 40, 60])
def test_a_check_that_cannot_go_on_says_why_and_leaves_nothing(at: int) -> None:
    store = Failing(AccessDenied("not allowed", action="s3:PutObject"), at)
    with Sessions(store=store) as sessions, pytest.raises(AccessDenied):
        sessions.check()
    assert left(store) == []


def test_a_store_that_answers_nothing_is_an_error_and_no_verdict() -> None:
    store = Failing(StoreUnavailable("no answer"), 3)
    with Sessions(store=store) as sessions, pytest.raises(StoreUnavailable):
        sessions.check()
    assert left(store) == []


def test_a_loser_of_a_race_may_get_no_answer() -> None:
    class Losing(MemoryStore):
        def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
            try:
                return super().put(key, data, only_if=only_if)
            except PreconditionFailed:
                if "-race-" in key:
                    raise StoreUnavailable("500 UnknownError") from None
                raise

    assert failed(Losing()) == set()


def test_it_counts_its_requests_and_keeps_them_few() -> None:
    seen: list[Request] = []
    with Sessions(store=MemoryStore(), on_request=seen.append) as sessions:
        report = sessions.check()
        assert report.requests == len(seen) == sessions.requests.total
    assert report.requests <= 130


def test_it_works_beside_the_sessions_and_never_in_one() -> None:
    seen: list[Request] = []
    with Sessions(store=MemoryStore(), on_request=seen.append) as sessions:
        report = sessions.under("tenant").check()
    assert report.prefix.startswith("tenant/s3sessions_check_")
    assert {request.key for request in seen if not request.key.startswith(report.prefix)} == set()


def test_the_store_s_clock_is_compared_with_ours() -> None:
    with Sessions(store=slow_by_minutes()) as sessions:
        assert sessions.check().skew == pytest.approx(-300, abs=2)
    with Sessions(store=MemoryStore(clock=lambda: time.time() + 30)) as sessions:
        report = sessions.check()
    assert report.skew == pytest.approx(30, abs=2)
    assert report.failed == ()


def test_old_versions_are_erased_too() -> None:
    store = VersionedMemory()
    with Sessions(store=store) as sessions:
        report = sessions.check()
    assert (report.versioned, report.left, report.failed) == (True, "", ())
    assert store.kept.versions == {}


def test_old_versions_that_cannot_be_erased_are_named() -> None:
    class Holding(VersionedMemory):
        def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
            self.kept.refusals[key] = held(key)
            return super().put(key, data, only_if=only_if)

    with Sessions(store=Holding()) as sessions:
        report = sessions.check()
    assert report.ok
    assert "old versions under s3sessions_check_" in report.left
    assert "legal hold" in report.left


def test_a_store_that_may_not_list_versions_is_checked_all_the_same() -> None:
    class Versions:
        def list_versions(self, prefix: str, *, token: str | None = None) -> Any:
            raise AccessDenied("not allowed", action="s3:ListBucketVersions")

    class Secretive(MemoryStore):
        @property
        def versions(self) -> Any:
            return Versions()

    with Sessions(store=Secretive()) as sessions:
        report = sessions.check()
    assert (report.ok, report.versioned) == (True, None)
    assert "s3sessions" not in report.left
    assert "not allowed" in report.left
