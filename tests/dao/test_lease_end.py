"""How a turn is given back to a store for which a condition on a delete is dear."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.stores.memory import MemoryStore

LEASE = "session_s/agents/agent_default/lease.json"
START = 1_800_000_000.0


class Dear(MemoryStore):
    """One that would have to take another way, and notes on what condition it is to delete."""

    def __init__(self) -> None:
        super().__init__()
        self.conditions: list[str | None] = []

    @property
    def deletes_if_match(self) -> bool:
        return False

    def delete(self, key: str, *, only_if: str | None = None) -> None:
        self.conditions.append(only_if)
        super().delete(key, only_if=only_if)

    def observed(self, observer: Any) -> Dear:
        return self


class Machine:
    """A process with a clock of its own."""

    def __init__(self, store: MemoryStore, ahead: float = 0.0) -> None:
        self.now = START + ahead
        self.chat = Sessions(store=store, clock=lambda: self.now).open("s")


@pytest.fixture
def dear() -> Dear:
    return Dear()


def holder(store: MemoryStore) -> str | None:
    found = store.list(LEASE).entries
    return json.loads(store.get(LEASE).data)["holder"] if found else None


def test_a_lease_that_nobody_may_have_taken_over_is_deleted_without_the_dear_condition(
    dear: Dear,
) -> None:
    machine = Machine(dear)
    with machine.chat.turn(lease=10):
        machine.now += 8.9
    assert (dear.conditions, holder(dear)) == ([None], None)


def test_a_renewed_lease_is_nobody_elses_until_its_new_end(dear: Dear) -> None:
    machine = Machine(dear)
    with machine.chat.turn(lease=10):
        machine.now += 6
        machine.chat.append({"n": 0})
        machine.now += 8
    assert (dear.conditions, holder(dear)) == ([None], None)


@pytest.mark.parametrize("passed", [9.1, 10, 10.5, 3600])
def test_a_lease_that_may_have_been_taken_over_is_deleted_only_as_it_was(
    dear: Dear, passed: float
) -> None:
    stalled, second = Machine(dear), Machine(dear, ahead=10.9)
    with stalled.chat.turn(lease=10):
        taken = second.chat.turn(lease=7200).__enter__()
        stalled.now += passed
    assert dear.conditions != [None]
    assert holder(dear) == taken.holder


def test_a_store_that_deletes_by_condition_at_no_cost_is_always_told_one() -> None:
    class Plain(Dear):
        @property
        def deletes_if_match(self) -> bool:
            return True

    store = Plain()
    with Machine(store).chat.turn(lease=10):
        etag = store.get(LEASE).etag
    assert store.conditions == [etag]
