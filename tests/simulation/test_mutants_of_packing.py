"""Broken code that the simulator finds where old messages are packed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from s3sessions.dao import block_packing
from s3sessions.dao.block_packing import BlockPacking
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.packed_copies import PackedCopies
from s3sessions.dao.reader import Reader
from s3sessions.dao.scope import Scope
from s3sessions.dao.sources import Source
from s3sessions.dao.survey import Survey, Surveyor
from s3sessions.ports import ABSENT, Condition, Target
from s3sessions.testing.simulate import Invariant
from tests.simulation.dying import dies

Patch = pytest.MonkeyPatch


def test_redacted_dies_where_what_was_packed_is_deleted_in_any_version(monkeypatch: Patch) -> None:
    monkeypatch.setattr(block_packing, "Target", lambda key, etag: Target(key, cast("str", None)))
    dies(Invariant.REDACTED, "ended")


def test_changed_dies_where_a_segment_is_not_brought_up_to_a_message_that_has_changed(
    monkeypatch: Patch,
) -> None:
    monkeypatch.setattr(block_packing, "differing", lambda *arguments: [])
    dies(Invariant.CHANGED, "ended", start=150)


def test_redacted_dies_where_a_redaction_forgets_the_segments(monkeypatch: Patch) -> None:
    async def forget(copies: PackedCopies) -> None:
        pass

    monkeypatch.setattr(PackedCopies, "change", forget)
    dies(Invariant.REDACTED, "ended")


def test_changed_dies_where_a_segment_is_written_over_anothers(monkeypatch: Patch) -> None:
    put = Scope.put

    async def blind(scope: Scope, key: str, data: bytes, only_if: Condition) -> str:
        is_new_segment = "/archive/" in key and only_if is ABSENT
        return await put(scope, key, data, None if is_new_segment else only_if)

    monkeypatch.setattr(Scope, "put", blind)
    dies(Invariant.CHANGED, "ended", start=120)


def test_redacted_dies_where_what_was_read_before_a_segment_counts_as_newer(
    monkeypatch: Patch,
) -> None:
    create = BlockPacking._create

    async def stale(packing: BlockPacking, sources: list[Source]) -> Any:
        held, _ = await create(packing, sources)
        return held, sources

    monkeypatch.setattr(BlockPacking, "_create", stale)
    dies(Invariant.REDACTED, "ended", within=2000, start=1040)


def test_gone_dies_where_a_segment_counts_that_came_behind_a_deletion(monkeypatch: Patch) -> None:
    monkeypatch.setattr(AgentListing, "is_left_behind", property(lambda listing: False))
    dies(Invariant.GONE, "outliving")


def test_gone_dies_where_a_segment_of_another_life_counts(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Reader, "_is_foreign", lambda *arguments: False)
    dies(Invariant.GONE, "outliving")


def test_found_dies_where_a_packing_takes_the_greatest_message(monkeypatch: Patch) -> None:
    async def no_limit(surveyor: Surveyor, survey: Survey) -> int:
        return survey.listing.shown.end + 1

    monkeypatch.setattr(Surveyor, "limit", no_limit)
    dies(Invariant.FOUND, "packing")
