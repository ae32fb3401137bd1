"""What the simulator is worth: for each invariant, broken code that it finds.

Each test breaks one line of the protocol and names the invariant that dies of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from s3sessions.dao import (
    append,
    batch,
    end,
    iteration,
    lease,
    outlook,
    snapshot,
    surroundings,
    visible,
)
from s3sessions.dao.append import Appender
from s3sessions.dao.batch import Attempt
from s3sessions.dao.clearing import Clearing
from s3sessions.dao.documents import Document
from s3sessions.dao.end import End
from s3sessions.dao.lease import Lease
from s3sessions.dao.listing import AgentListing
from s3sessions.dao.marking import Mark
from s3sessions.dao.recall import Recall
from s3sessions.dao.scope import Scope
from s3sessions.dao.snapshot import Snapshot
from s3sessions.dao.tail import Tail
from s3sessions.dao.writing import Writing
from s3sessions.errors import DeadlineExceeded
from s3sessions.ports import Condition, Entry
from s3sessions.testing.simulate import Invariant
from s3sessions.testing.simulate.command import main
from tests.simulation import test_mutants_of_packing, test_mutants_of_the_past
from tests.simulation.dying import dies

Patch = pytest.MonkeyPatch


def test_found_dies_where_an_append_takes_anothers_object_for_its_own(
    monkeypatch: Patch,
) -> None:
    def first(tried: Writing, stored: object) -> Attempt | None:
        return tried._attempts[-1]

    monkeypatch.setattr(Writing, "committed_by", first)
    dies(Invariant.FOUND, "rebasing")


def test_once_dies_where_a_write_id_is_not_looked_up(monkeypatch: Patch) -> None:
    async def find(recall: Recall, write_id: str) -> None:
        return None

    monkeypatch.setattr(Recall, "find", find)
    dies(Invariant.ONCE, "redelivery")


def test_once_dies_where_a_412_is_taken_for_a_conflict(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Writing, "committed_by", lambda writing, stored: None)
    dies(Invariant.ONCE, "rebasing")


def test_order_dies_where_holes_are_filled(monkeypatch: Patch) -> None:
    find_end = end.find_end

    async def lowest(listing: AgentListing, fetch: Any) -> End:
        found = await find_end(listing, fetch)
        free = next(i for i in range(found.next_index + 1) if i not in listing.messages)
        return replace(found, next_index=free)

    monkeypatch.setattr(outlook, "find_end", lowest)
    monkeypatch.setattr(snapshot, "find_end", lowest)
    dies(Invariant.ORDER, "rebasing")


def test_order_dies_where_members_of_dead_batches_count(monkeypatch: Patch) -> None:
    monkeypatch.setattr(end, "_top", lambda listing, reads, index: index)
    dies(Invariant.ORDER, "batches")


def test_seen_dies_where_a_conflict_is_probed_instead_of_listed(monkeypatch: Patch) -> None:
    def probe(appender: Appender, attempt: Attempt) -> None:
        attempt.is_alive = attempt.is_open = False
        tail = appender._known.tail
        assert tail is not None
        beyond = End(tail.next_index + 1, tail.end.newest, tail.end.occupied)
        appender._known.tail = replace(tail, end=beyond)

    monkeypatch.setattr(Appender, "_abandon", probe)
    dies(Invariant.SEEN, "batches")


def test_stable_dies_where_what_the_list_lacks_is_not_read(monkeypatch: Patch) -> None:
    monkeypatch.setattr(snapshot, "gaps", lambda indexes, start=0: [])
    dies(Invariant.STABLE, "listings", within=3000, start=530)


def test_whole_dies_where_members_need_no_commit(monkeypatch: Patch) -> None:
    monkeypatch.setattr(visible, "is_member", lambda stored: False)
    dies(Invariant.WHOLE, "batches")


def test_whole_dies_where_the_commit_comes_first(monkeypatch: Patch) -> None:
    put_members, commit = batch.put_members, Appender._commit

    async def wait(scope: Scope, agent: Any, attempt: Attempt) -> bool:
        return True

    async def commit_first(
        appender: Appender, writing: Writing, attempt: Attempt, tail: Tail
    ) -> Any:
        attempt.etags.update(dict.fromkeys(attempt.indexes, ""))
        done = await commit(appender, writing, attempt, tail)
        attempt.etags.clear()
        await put_members(appender._scope, appender._agent, attempt)
        return done

    monkeypatch.setattr(append, "put_members", wait)
    monkeypatch.setattr(Appender, "_commit", commit_first)
    dies(Invariant.WHOLE, "batches")


def test_seen_dies_where_a_strict_handle_does_not_look(monkeypatch: Patch) -> None:
    monkeypatch.setattr(append, "check_unmoved", lambda *arguments: None)
    dies(Invariant.SEEN, "strict")


def test_seen_dies_where_trust_has_no_end(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Tail, "is_trusted", lambda tail, now, trust: tail.known_at > 0)
    dies(Invariant.SEEN, "deletion", within=4000)


def test_refused_dies_where_a_deadline_says_not_written(monkeypatch: Patch) -> None:
    async def forget(appender: Appender, writing: Writing) -> Any:
        try:
            return await original(appender, writing)
        except DeadlineExceeded as error:
            error.fate = "not_written"
            raise

    original = Appender.append
    monkeypatch.setattr(Appender, "append", forget)
    dies(Invariant.REFUSED, "hurry")


def test_changed_dies_where_a_change_has_no_condition(monkeypatch: Patch) -> None:
    put = Scope.put

    async def unconditional(scope: Scope, key: str, data: bytes, only_if: Condition) -> str:
        is_change = "/messages/" in key and isinstance(only_if, str)
        return await put(scope, key, data, None if is_change else only_if)

    monkeypatch.setattr(Scope, "put", unconditional)
    dies(Invariant.CHANGED, "changes", within=1500, start=580)


def test_all_or_nothing_dies_where_readers_ignore_the_mark(monkeypatch: Patch) -> None:
    monkeypatch.setattr(surroundings, "check_not_deleted", lambda *arguments: None)
    monkeypatch.setattr(iteration, "check_not_deleted", lambda *arguments: None)
    dies(Invariant.ALL_OR_NOTHING, "vanishing", within=2500)


def test_all_or_nothing_dies_where_what_was_listed_may_be_gone(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Snapshot, "_holds", lambda *arguments: True)
    dies(Invariant.ALL_OR_NOTHING, "vanishing", within=2500)


def test_gone_dies_where_a_deletion_takes_the_first_page_for_all(monkeypatch: Patch) -> None:
    async def first_page(clearing: Clearing) -> list[Entry]:
        clearing._waves._parts = []
        prefix = clearing._mark.prefix + "agents/"
        page = await clearing._scope.store.list(prefix, limit=3)
        clearing.listed += page.entries
        return list(page.entries)

    async def nothing(clearing: Clearing) -> list[Entry]:
        clearing._waves._parts = []
        monkeypatch.setattr(Clearing, "_list", first_page)
        return []

    async def taken(clearing: Clearing) -> None:
        await take_rest(clearing)
        monkeypatch.setattr(Clearing, "_list", nothing)

    take_rest = Clearing.take_rest
    monkeypatch.setattr(Clearing, "_list", first_page)
    monkeypatch.setattr(Clearing, "take_rest", taken)
    dies(Invariant.GONE, "deletion")


def test_found_dies_where_a_deletion_goes_on_without_its_mark(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Mark, "is_on", lambda mark, document: True)
    dies(Invariant.FOUND, "deletion", within=4000)


def test_found_dies_where_messages_go_before_the_mark_was_seen_behind_their_list(
    monkeypatch: Patch,
) -> None:
    async def too_soon(
        clearing: Clearing, going: Sequence[Entry], *, lists: bool
    ) -> tuple[Document | None, list[Entry]]:
        document, listed = await step(clearing, going, lists=lists)
        clearing.rest = [*clearing.rest, *listed]
        return document, []

    step = Clearing._step
    monkeypatch.setattr(Clearing, "_step", too_soon)
    dies(Invariant.FOUND, "undoing", within=2000, start=2510)


def test_calm_dies_where_a_lease_never_expires(monkeypatch: Patch) -> None:
    lease_of = lease._lease_of

    def forever(document: Any) -> Any:
        found = lease_of(document)
        assert isinstance(found, Lease)
        return replace(found, expires_at=found.expires_at + timedelta(days=400))

    monkeypatch.setattr(lease, "_lease_of", forever)
    dies(Invariant.CALM, "turns")


def test_the_command_shows_what_is_broken_and_how_to_see_it_again(
    monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def find(recall: Recall, write_id: str) -> None:
        return None

    monkeypatch.setattr(Recall, "find", find)
    assert main(["--seeds", "40", "--scenario", "redelivery"]) == 1
    shown = capsys.readouterr().out
    assert f"broken: {Invariant.ONCE.value}" in shown
    command = next(line for line in shown.splitlines() if line.endswith("--trace"))
    arguments = command.split("s3sessions.testing.simulate ")[1].split()
    assert main(arguments) == 1
    assert f"broken: {Invariant.ONCE.value}" in capsys.readouterr().out


def test_each_invariant_dies_of_something() -> None:
    others = (*vars(test_mutants_of_the_past), *vars(test_mutants_of_packing))
    tests = "\n".join((*globals(), *others))
    assert [i for i in Invariant if f"test_{i.name.lower()}_dies" not in tests] == []
