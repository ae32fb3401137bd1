"""Turns when answers are lost, clocks differ and holders stall, step by step."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import SessionBusy, StoreUnavailable
from s3sessions import Sessions as OpenSessions
from s3sessions.stores.memory import MemoryStore
from tests.dao.mishaps import Mishap, denied, raced, repeated, unanswered, unsent
from tests.interposed import Interposed

LEASE = "session_s/agents/agent_default/lease.json"
START = 1_800_000_000.0


class Machine(Interposed):
    """A process with a clock of its own, whose sleep moves it; requests for the lease may fail."""

    def __init__(self, memory: MemoryStore, ahead: float = 0.0) -> None:
        super().__init__(memory, self._meet)
        self.now = START + ahead
        self.faults: dict[str, list[Mishap]] = {"put": [], "get": [], "delete": []}
        self.asked: list[str] = []
        self.chat = OpenSessions(store=self, clock=lambda: self.now).open("s")

    def _meet(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if key != LEASE:
            return call()
        self.asked.append(verb)
        return self.faults[verb].pop(0)(call) if self.faults[verb] else call()

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.now += seconds

    def observed(self, observer: Any) -> Interposed:
        return self


@pytest.fixture
def memory() -> MemoryStore:
    return MemoryStore()


def lease(memory: MemoryStore) -> dict[str, Any] | None:
    found = [entry.key for entry in memory.list(LEASE).entries]
    body: dict[str, Any] | None = json.loads(memory.get(LEASE).data) if found else None
    return body


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.s3sessions["event"] for record in caplog.records]  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", [unanswered, repeated])
def test_a_claim_whose_answer_was_lost_is_ours(memory: MemoryStore, fault: Mishap) -> None:
    machine = Machine(memory)
    machine.faults["put"] = [fault]
    with machine.chat.turn() as turn:
        found = lease(memory)
        assert found is not None
        assert found["holder"] == turn.holder
    assert lease(memory) is None
    assert machine.asked == ["put", "get", "delete"]


def test_a_claim_that_never_arrived_is_said_and_may_be_made_again(memory: MemoryStore) -> None:
    machine = Machine(memory)
    machine.faults["put"] = [unsent]
    with pytest.raises(StoreUnavailable):
        machine.chat.turn().__enter__()
    with machine.chat.turn():
        assert lease(memory) is not None


@pytest.mark.parametrize("faults", [[raced], [raced, raced]])
def test_a_claim_that_was_refused_as_a_race_is_made_again(
    memory: MemoryStore, faults: list[Mishap]
) -> None:
    machine = Machine(memory)
    machine.faults["put"] = faults
    with machine.chat.turn():
        assert lease(memory) is not None


def test_a_claim_that_always_races_is_given_up(memory: MemoryStore) -> None:
    machine = Machine(memory)
    machine.faults["put"] = [raced] * 99
    with pytest.raises(SessionBusy):
        machine.chat.turn().__enter__()


def test_who_waits_gets_the_turn_when_the_other_ends_it(memory: MemoryStore) -> None:
    first, second = Machine(memory), Machine(memory)
    held = first.chat.turn(lease=60).__enter__()

    def end_soon(call: Callable[[], Any]) -> Any:
        if second.now > START + 2 and lease(memory):
            held.__exit__(None, None, None)
        return call()

    second.faults["get"] = [end_soon] * 99
    with second.chat.turn(wait=5):
        assert START + 2 < second.now < START + 5


def test_who_waits_never_sleeps_past_what_it_is_willing_to_wait(memory: MemoryStore) -> None:
    first, second = Machine(memory), Machine(memory)
    with first.chat.turn(lease=60) as held:
        with pytest.raises(SessionBusy) as caught:
            second.chat.turn(wait=5).__enter__()
        assert second.now == pytest.approx(START + 5)
        assert caught.value.holder == held.holder
        assert caught.value.seconds_left == pytest.approx(55)
        assert max(second.slept) <= 1
        assert len(second.slept) < 30


def test_who_does_not_wait_asks_twice_and_does_not_sleep(memory: MemoryStore) -> None:
    first, second = Machine(memory), Machine(memory)
    with first.chat.turn(), pytest.raises(SessionBusy):
        second.chat.turn().__enter__()
    assert (second.asked, second.slept) == (["put", "get"], [])


def test_a_clock_that_is_set_back_makes_no_wait_longer(memory: MemoryStore) -> None:
    first, second = Machine(memory), Machine(memory)

    def set_back(call: Callable[[], Any]) -> Any:
        second.now = START
        return call()

    second.faults["get"] = [set_back] * 999
    with first.chat.turn(lease=60), pytest.raises(SessionBusy):
        second.chat.turn(wait=5).__enter__()
    assert sum(second.slept) == pytest.approx(5)


def test_the_turn_of_one_that_crashed_is_taken_over_once_it_expires(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    crashed, second, third = Machine(memory), Machine(memory), Machine(memory)
    dead = crashed.chat.turn(lease=10).__enter__()
    with second.chat.turn(wait=20) as turn:
        assert second.now == pytest.approx(START + 10, abs=0.01)
        assert events(caplog) == ["turn_taken_over"]
        with pytest.raises(SessionBusy) as caught:
            third.chat.turn().__enter__()
        assert caught.value.holder == turn.holder != dead.holder


def test_of_two_that_take_over_one_gets_the_turn(memory: MemoryStore) -> None:
    crashed = Machine(memory)
    crashed.chat.turn(lease=10).__enter__()
    second, third = Machine(memory, ahead=11), Machine(memory, ahead=11)
    second.faults["put"] = [
        lambda call: call(),
        lambda call: (third.chat.turn().__enter__(), call()),
    ]
    with pytest.raises(SessionBusy):
        second.chat.turn().__enter__()


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b"{}", b'{"holder": "x"}'])
def test_a_lease_that_cannot_be_read_is_nobodys(memory: MemoryStore, body: bytes) -> None:
    memory.put(LEASE, body)
    with Machine(memory).chat.turn() as turn:
        found = lease(memory)
        assert found is not None
        assert found["holder"] == turn.holder
    assert lease(memory) is None


def test_a_turn_is_renewed_by_the_next_request_once_half_of_it_has_passed(
    memory: MemoryStore,
) -> None:
    machine = Machine(memory)
    with machine.chat.turn(lease=60) as turn:
        machine.now += 29
        machine.chat.append({"n": 0})
        assert machine.asked == ["put"]
        machine.now += 2
        machine.chat.append({"n": 1})
        machine.chat.append({"n": 2})
        assert machine.asked == ["put", "put"]
        found = lease(memory)
        assert found is not None
        assert found["taken_at"] == "2027-01-15T08:00:00.000000+00:00"
        assert found["expires_at"] == "2027-01-15T08:01:31.000000+00:00"
        assert turn.expires_at is not None
        assert turn.expires_at.timestamp() == START + 91
        machine.now += 31
        machine.chat.restore()
        assert machine.asked == ["put", "put", "put"]
    assert lease(memory) is None
    machine.now += 999
    machine.chat.append({"n": 3})
    assert machine.asked == ["put", "put", "put", "delete"]


@pytest.mark.parametrize("fault", [unanswered, repeated])
def test_a_renewal_whose_answer_was_lost_is_ours(memory: MemoryStore, fault: Mishap) -> None:
    machine = Machine(memory)
    with machine.chat.turn(lease=60) as turn:
        machine.now += 31
        machine.faults["put"] = [fault]
        machine.chat.append({"n": 0})
        assert not turn.lost
    assert lease(memory) is None


@pytest.mark.parametrize("fault", [unsent, denied])
def test_a_renewal_that_fails_stops_nothing_and_is_tried_again_later(
    memory: MemoryStore, fault: Mishap, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(memory)
    with machine.chat.turn(lease=60) as turn:
        machine.now += 31
        machine.faults["put"] = [fault]
        machine.chat.append({"n": 0})
        machine.chat.append({"n": 1})
        assert machine.asked.count("put") == 2
        machine.now += 16
        machine.chat.append({"n": 2})
        assert machine.asked.count("put") == 3
        assert not turn.lost
        assert turn.expires_at is not None
        assert turn.expires_at.timestamp() == START + 31 + 16 + 60
    assert events(caplog) == ["turn_not_renewed"]
    assert lease(memory) is None


def test_a_turn_that_was_taken_over_is_lost_and_loses_nothing_else(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    stalled, second = Machine(memory), Machine(memory, ahead=100)
    with stalled.chat.turn(lease=60) as turn:
        stalled.chat.append({"n": 0})
        taken = second.chat.turn(lease=600).__enter__()
        caplog.clear()
        stalled.now += 101
        lost = [turn.lost]
        assert stalled.chat.append({"n": 1}).index == 1
        lost.append(turn.lost)
        stalled.chat.append({"n": 2})
        asked = len(stalled.asked)
    assert lost == [False, True]
    assert events(caplog) == ["turn_lost"]
    assert len(stalled.asked) == asked, "what is lost is not given back"
    found = lease(memory)
    assert found is not None
    assert found["holder"] == taken.holder
    taken.__exit__(None, None, None)
    assert len(OpenSessions(store=memory).open("s").restore().messages) == 3


def test_the_end_of_a_stalled_turn_leaves_its_successors_lease(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    stalled, second = Machine(memory), Machine(memory, ahead=100)
    with stalled.chat.turn(lease=60):
        taken = second.chat.turn(lease=60).__enter__()
    assert events(caplog) == ["turn_taken_over"]
    found = lease(memory)
    assert found is not None
    assert found["holder"] == taken.holder


def test_a_lease_that_was_deleted_is_lost(memory: MemoryStore) -> None:
    machine = Machine(memory)
    with machine.chat.turn(lease=60) as turn:
        memory.delete(LEASE)
        machine.now += 31
        machine.chat.append({"n": 0})
        assert turn.lost
    assert lease(memory) is None


@pytest.mark.parametrize("fault", [unsent, unanswered, denied, raced])
def test_a_turn_that_cannot_be_given_back_is_logged_and_hides_no_error(
    memory: MemoryStore, fault: Mishap, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(memory)
    machine.faults["delete"] = [fault, fault]
    with pytest.raises(ZeroDivisionError), machine.chat.turn():
        raise ZeroDivisionError
    assert events(caplog) == ["turn_not_released"]
    machine.now += 61
    with machine.chat.turn():
        pass


@pytest.mark.parametrize("ahead", [-86_400.0, -30.0, 30.0, 86_400.0])
def test_clocks_that_differ_cost_work_and_no_message(memory: MemoryStore, ahead: float) -> None:
    one, other = Machine(memory), Machine(memory, ahead)
    acknowledged = []
    with one.chat.turn(lease=10):
        acknowledged.append(one.chat.append({"n": 0}).index)
        try:
            with other.chat.turn(lease=10):
                acknowledged.append(other.chat.append({"n": 1}).index)
                one.now += 6
                acknowledged.append(one.chat.append({"n": 2}).index)
        except SessionBusy:
            acknowledged.append(one.chat.append({"n": 3}).index)
    history = OpenSessions(store=memory).open("s").restore()
    assert [message.index for message in history.messages] == sorted(acknowledged)


def test_no_event_of_a_turn_says_what_was_spoken(
    memory: MemoryStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="s3sessions")
    stalled, second = Machine(memory), Machine(memory, ahead=100)
    with stalled.chat.turn(lease=60) as turn:
        stalled.chat.append({"content": "hunter2"})
        second.chat.turn().__enter__()
        stalled.now += 31
        stalled.chat.append({"content": "hunter2"})
    lost = [r.s3sessions for r in caplog.records if r.levelno == logging.WARNING]  # type: ignore[attr-defined]
    assert [(e["event"], e["session"], e["agent"]) for e in lost] == [
        ("turn_taken_over", "s", "default"),
        ("turn_lost", "s", "default"),
    ]
    assert lost[1]["holder"] == turn.holder
    assert "hunter2" not in caplog.text
