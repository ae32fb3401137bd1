"""Broken code that the simulator finds where a history is cut, forked or pruned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import pytest

from s3sessions.dao import (
    beginning,
    birth,
    compaction,
    documents,
    iteration,
    outlook,
    surroundings,
    writing,
)
from s3sessions.dao.batch import Attempt
from s3sessions.dao.beginning import Beginning
from s3sessions.dao.compaction import Compaction
from s3sessions.dao.documents import Document
from s3sessions.dao.erasing import delete_listed
from s3sessions.dao.fork_agent import ForkedAgent, Part
from s3sessions.dao.history import HistoryDAO
from s3sessions.dao.moving import Move
from s3sessions.dao.noticed_mark import NoticedMark
from s3sessions.dao.scope import Scope
from s3sessions.dao.surroundings import Surroundings
from s3sessions.dao.survey import Survey, Surveyor
from s3sessions.models import HistoryChange, Message
from s3sessions.ports import Condition, Entry
from s3sessions.testing.simulate import Invariant
from tests.simulation.dying import dies

Patch = pytest.MonkeyPatch


# Where a history begins


def test_found_dies_where_a_history_begins_past_its_end(monkeypatch: Patch) -> None:
    def past(history: HistoryDAO) -> int:
        return history.known.tail.next_index + 1 if history.known.tail else 0

    monkeypatch.setattr(HistoryDAO, "_end", property(past))
    dies(Invariant.FOUND, "editing")


def test_found_dies_where_the_beginning_is_moved_without_a_condition(monkeypatch: Patch) -> None:
    put = Scope.put

    async def blind(scope: Scope, key: str, data: bytes, only_if: Condition) -> str:
        return await put(scope, key, data, None if key.endswith("/history.json") else only_if)

    monkeypatch.setattr(Scope, "put", blind)
    dies(Invariant.FOUND, "editing", within=2000, start=300)


def test_seen_dies_where_the_beginning_is_moved_over_anothers(monkeypatch: Patch) -> None:
    def take(move: Move, document: Document | None, found: Beginning) -> None:
        move.known.history, move.known.beginning = document, found
        move.known.outline.begin_at(found.first)

    monkeypatch.setattr(Move, "_take", take)
    dies(Invariant.SEEN, "editing")


def test_hidden_dies_where_what_replaces_a_history_does_not_say_so(monkeypatch: Patch) -> None:
    def unmarked(drafts: Any, indexes: Any, batch_id: str | None, *, replaces: bool) -> Attempt:
        return Attempt(drafts, indexes, batch_id, replaces=False)

    monkeypatch.setattr(writing, "Attempt", unmarked)
    dies(Invariant.HIDDEN, "editing")


def test_hidden_dies_where_a_reader_takes_any_history_document(monkeypatch: Patch) -> None:
    holds = Surroundings.holds

    def without_a_look(around: Surroundings, *arguments: Any) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(Surroundings, "_has_history", lambda *_: True)
            return holds(around, *arguments)

    monkeypatch.setattr(Surroundings, "holds", without_a_look)
    dies(Invariant.HIDDEN, "editing")


def test_hidden_dies_where_the_summary_is_written_behind_the_truncation(
    monkeypatch: Patch,
) -> None:
    summarize = HistoryDAO.summarize

    async def in_two_writes(
        history: HistoryDAO, text: str, *, keep_last: int, deadline: float | None
    ) -> HistoryChange:
        change = await history.truncate(keep_last, deadline=deadline)
        done = await summarize(history, text, keep_last=None, deadline=deadline)
        return replace(done, first=change.first)

    monkeypatch.setattr(HistoryDAO, "summarize", in_two_writes)
    dies(Invariant.HIDDEN, "editing")


def test_found_dies_where_a_history_document_counts_in_a_later_life(monkeypatch: Patch) -> None:
    monkeypatch.setattr(beginning, "is_of_another_life", lambda *arguments: False)
    dies(Invariant.FOUND, "undoing", within=2000, start=780)


def test_found_dies_where_a_compaction_takes_what_is_young(monkeypatch: Patch) -> None:
    run = Compaction.run

    async def at_once(compaction: Compaction, min_age: float) -> Any:
        return await run(compaction, 0.0)

    monkeypatch.setattr(Compaction, "run", at_once)
    dies(Invariant.FOUND, "editing", within=3000, start=700)


def test_found_dies_where_a_compaction_takes_the_first_message(monkeypatch: Patch) -> None:
    begin = Surveyor.beginning

    async def one_too_many(surveyor: Surveyor, *arguments: Any) -> Beginning:
        found = await begin(surveyor, *arguments)
        return replace(found, first=found.first + 1)

    monkeypatch.setattr(Surveyor, "beginning", one_too_many)
    dies(Invariant.FOUND, "editing")


def test_found_dies_where_a_compaction_takes_the_greatest_message(monkeypatch: Patch) -> None:
    async def no_limit(surveyor: Surveyor, survey: Survey) -> int:
        return survey.listing.shown.end

    monkeypatch.setattr(Surveyor, "limit", no_limit)
    dies(Invariant.FOUND, "editing")


def test_found_dies_where_a_compaction_takes_any_version(monkeypatch: Patch) -> None:
    async def any_version(scope: Scope, gone: Sequence[Entry]) -> Any:
        return await delete_listed(
            scope, [replace(entry, etag=cast("str", None)) for entry in gone]
        )

    monkeypatch.setattr(compaction, "delete_listed", any_version)
    dies(Invariant.FOUND, "undoing", within=3000, start=2380)


# Forks and prunes


def test_forked_dies_where_readers_see_what_is_unfinished(monkeypatch: Patch) -> None:
    monkeypatch.setattr(documents, "check_finished", lambda *arguments: None)
    dies(Invariant.FORKED, "forking")


def test_forked_dies_where_a_list_may_be_older_than_the_publication(monkeypatch: Patch) -> None:
    monkeypatch.setattr(surroundings, "is_before_publication", lambda *arguments: False)
    monkeypatch.setattr(iteration, "is_before_publication", lambda *arguments: False)
    dies(Invariant.FORKED, "forking", within=2000, start=1940)


def test_hidden_dies_where_a_fork_goes_on_under_another_beginning(monkeypatch: Patch) -> None:
    async def put(
        agent: ForkedAgent, stream: object, part: Part, window: list[Message], start: int
    ) -> int:
        return await agent._put_window(window, start)

    monkeypatch.setattr(ForkedAgent, "_put_visible", put)
    dies(Invariant.HIDDEN, "forking", within=3000, start=630)


def test_pruned_dies_where_a_prune_does_not_look_behind_its_notice(monkeypatch: Patch) -> None:
    async def trust(mark: NoticedMark, noticed: Document) -> None:
        pass

    monkeypatch.setattr(NoticedMark, "_look_again", trust)
    dies(Invariant.PRUNED, "pruning")


def test_found_dies_where_a_writer_leaves_a_notice(monkeypatch: Patch) -> None:
    async def leave(scope: Scope, session: object, document: Any, *_: object) -> Any:
        return document

    monkeypatch.setattr(outlook, "lift", leave)
    monkeypatch.setattr(birth, "lift", leave)
    dies(Invariant.FOUND, "pruning", within=3000, start=680)
