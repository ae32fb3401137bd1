"""What `s3sessions cost` reckons with is what sessions ask of a store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from s3sessions import Sessions
from s3sessions.costs import EXPRESS, STANDARD, Comparison, DynamoPrices, History, Query, append
from s3sessions.stores.memory import MemoryStore


def counted(sessions: Sessions, act: Callable[[], object]) -> dict[str, int]:
    before = sessions.requests.by_verb
    act()
    after = sessions.requests.by_verb
    return {verb: n - before.get(verb, 0) for verb, n in after.items() if n != before.get(verb, 0)}


def filled(messages: int) -> Sessions:
    sessions = Sessions(store=MemoryStore())
    chat = sessions.open("s")
    for number in range(messages):
        chat.append({"n": number})
    return sessions


@pytest.mark.parametrize("messages", [100, 101, 1000, 2500])
def test_a_history_costs_what_its_requests_are_before_and_after_it_is_packed(messages: int) -> None:
    sessions = filled(messages)
    loose = History(messages)
    check_restores(sessions, loose)
    asked = counted(sessions, lambda: sessions.open("s").compact(pack=True, min_age=0))
    assert asked == loose.packing().by_verb
    check_restores(sessions, loose.packed())


def check_restores(sessions: Sessions, history: History) -> None:
    for last in (None, 1, 50, 150):
        asked = counted(sessions, partial(sessions.open("s").restore, last=last))
        assert asked == history.restore(last).by_verb


def test_an_append_costs_what_its_request_is() -> None:
    chat = filled(1).open("s")
    chat.restore()
    before = chat.requests.by_verb
    chat.append({})
    assert chat.requests.by_verb == {**before, **append().by_verb}


def test_requests_are_billed_by_kind_and_deletions_are_free() -> None:
    assert STANDARD.of(append(), 1024) == pytest.approx(0.005 / 1000)
    restore = STANDARD.of(History(1000).restore(), 1024)
    assert restore == pytest.approx(2 * 0.005 / 1000 + 1003 * 0.0004 / 1000)
    packing = History(1000).packing()
    assert packing.by_verb["delete_many"]
    lists_and_puts = packing.lists + packing.puts
    assert STANDARD.of(packing, 1024) == pytest.approx(
        lists_and_puts * 0.005 / 1000 + packing.gets * 0.0004 / 1000
    )


def test_express_takes_money_for_bytes_both_ways() -> None:
    megabyte = 2**20
    sent = EXPRESS.of(append(), megabyte) - EXPRESS.of(append(), 0)
    assert sent == pytest.approx(0.0032 / 1024)
    read = EXPRESS.of(History(100).restore(), megabyte) - EXPRESS.of(History(100).restore(), 0)
    assert read == pytest.approx(100 * 0.0006 / 1024)


@pytest.mark.parametrize(
    ("items", "item_bytes", "units", "pages"),
    [
        (50, 1024, 13, 1),
        (1000, 1024, 250, 1),
        (1024, 1024, 256, 1),
        (1025, 1024, 257, 2),
        (10_000, 1024, 2500, 10),
        (1, 1, 1, 1),
        (3, 400 * 1024, 300, 2),
    ],
)
def test_a_query_of_dynamodb_is_counted_in_units_and_pages(
    items: int, item_bytes: int, units: int, pages: int
) -> None:
    query = Query(items, item_bytes)
    assert (query.units, query.pages) == (units, pages)
    assert DynamoPrices().of_query(query) == pytest.approx(units * 0.125 / 1e6)


@pytest.mark.parametrize(("item_bytes", "units"), [(1, 1), (1024, 1), (1025, 2), (4096, 4)])
def test_a_write_of_dynamodb_is_counted_in_units_of_a_kilobyte(item_bytes: int, units: int) -> None:
    assert DynamoPrices().of_writes(1_000_000, item_bytes) == pytest.approx(units * 0.625)


def test_packing_pays_for_itself_once_restores_have_saved_what_it_cost() -> None:
    comparison = Comparison(1024, STANDARD, DynamoPrices())
    restores = comparison.restores_that_pay(1000)
    assert restores is not None
    history = History(1000)
    saved = STANDARD.of(history.restore(), 1024) - STANDARD.of(history.packed().restore(), 1024)
    packing = STANDARD.of(history.packing(), 1024)
    assert (restores - 1) * saved < packing <= restores * saved
    assert comparison.restores_that_pay(100) is None
