"""Restores, states and deletions while the requests to a real server break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from s3sessions import Conflict, SessionDeleted, SessionNotFound, StoreUnavailable
from tests.faults.fire import Fire
from tests.faults.storms import SLOW_DOWN, STORMS
from tests.servers.wire import ResetAfter, Rule

TRIES = 200
EVERYTHING = STORMS["everything"]


@pytest.fixture
def written(weed_fire: Fire) -> Iterator[Fire]:
    """A session of 30 messages and a state, written before the storm."""
    with weed_fire.sessions(directly=True) as sessions:
        chat = sessions.open("s")
        for n in range(30):
            chat.append({"n": n})
        chat.save_state({"kept": True})
    weed_fire.wire.rules(EVERYTHING, seed=3)
    yield weed_fire
    print(f"faults {dict(weed_fire.wire.struck)}")


def insist(act: Callable[[], Any]) -> Any:
    """Do it until it is done; every failure must be one that says to try again later."""
    for _ in range(TRIES):
        try:
            return act()
        except StoreUnavailable:
            continue
    raise AssertionError(f"not done in {TRIES} tries")


def in_a_new_process(fire: Fire, act: Callable[[Any], Any]) -> Any:
    """Act on a handle whose SDK still retries: over one client it gives up when it did so often."""

    def once() -> Any:
        with fire.sessions() as sessions:
            return act(sessions.open("s"))

    return insist(once)


def test_a_restore_gives_the_whole_history_or_an_error(written: Fire) -> None:
    for _ in range(3):
        history = in_a_new_process(written, lambda chat: chat.restore())
        assert [payload["n"] for payload in history.payloads] == list(range(30))
        assert history.state == {"kept": True}
        assert (history.holes, history.missing) == ((), ())


def test_an_iterator_passes_over_nothing(written: Fire) -> None:
    for _ in range(2):
        numbers = in_a_new_process(written, lambda chat: [m.payload["n"] for m in chat.iterate()])
        assert numbers == list(range(30))


def test_two_that_save_under_fire_lose_no_key_that_was_acknowledged(written: Fire) -> None:
    def save(writer: int) -> int:
        acknowledged = -1
        with written.sessions() as sessions:
            for n in range(6):
                try:
                    sessions.open("s").save_state({f"writer {writer}": n})
                    acknowledged = n
                except (StoreUnavailable, Conflict):
                    continue
        return acknowledged

    with ThreadPoolExecutor(2) as pool:
        acknowledged = list(pool.map(save, range(2)))
    written.wire.settle()
    state = written.restore().state
    assert state["kept"] is True
    for writer, n in enumerate(acknowledged):
        # What was given up may have been stored all the same.
        assert n <= state.get(f"writer {writer}", -1)


def test_a_deletion_under_fire_ends_and_is_never_seen_half_done(written: Fire) -> None:
    written.wire.rules([Rule(SLOW_DOWN, chance=0.5), Rule(ResetAfter(), chance=0.5)], seed=2)

    def delete() -> bool:
        with written.sessions() as sessions:
            try:
                sessions.delete("s")
            except SessionNotFound:
                return True
            except StoreUnavailable:
                return False
        return True

    for _ in range(TRIES):
        is_done = delete()
        try:
            assert len(written.restore().messages) in (0, 30)
        except SessionDeleted:
            assert not is_done
        if is_done:
            break
    written.wire.settle()
    with written.sessions(directly=True) as sessions:
        assert not sessions.sizes()
        with pytest.raises(SessionNotFound):
            sessions.info("s")
