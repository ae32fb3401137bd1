"""A caller's deadline reaches the SDK: its retries end with it, and in async code what hangs."""

from __future__ import annotations

import itertools

import pytest

from s3sessions import DeadlineExceeded
from tests.faults.fire import Fire
from tests.faults.storms import BROKEN, SLOW_DOWN
from tests.servers.faults import Fault
from tests.servers.wire import Hold, ResetAfter, ResetBefore, Rule

SDK_TRIES = 5
UNANSWERED = [SLOW_DOWN, BROKEN, ResetBefore(), ResetAfter()]


class Ticking:
    """A clock that a look at it moves on by a second."""

    def __init__(self) -> None:
        self._seconds = itertools.count(1_800_000_000)

    def __call__(self) -> float:
        return float(next(self._seconds))


@pytest.mark.parametrize("fault", UNANSWERED, ids=repr)
def test_the_retries_of_the_sdk_end_with_the_deadline(weed_fire: Fire, fault: Fault) -> None:
    with weed_fire.sessions(clock=Ticking()) as sessions:
        chat = sessions.open("s")
        chat.append({"n": 0})
        weed_fire.wire.rules([Rule(fault, "PutObject")])
        weed_fire.wire.reset()
        with pytest.raises(DeadlineExceeded) as caught:
            chat.append({"n": 1}, deadline=8)
        assert caught.value.fate == "unknown"
        assert 1 <= weed_fire.wire.counts()["PutObject"] < SDK_TRIES
        weed_fire.wire.rules([])
        assert chat.append({"n": 1}, write_id=caught.value.write_id).index == 1
    assert weed_fire.restore().payloads == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize("fault", [SLOW_DOWN, ResetBefore()], ids=repr)
def test_a_restore_that_gets_no_answer_ends_with_its_deadline(
    weed_fire: Fire, fault: Fault
) -> None:
    with weed_fire.sessions(clock=Ticking()) as sessions:
        sessions.open("s").append({"n": 0})
        weed_fire.wire.rules([Rule(fault, "ListObjectsV2")])
        with pytest.raises(DeadlineExceeded):
            sessions.open("s").restore(deadline=4)


@pytest.mark.parametrize("before_server", [True, False], ids=["request", "answer"])
def test_a_request_that_hangs_ends_with_the_deadline(weed_fire: Fire, before_server: bool) -> None:
    hold = Hold(before_server)
    with weed_fire.sessions(read_timeout=600.0) as sessions:
        chat = sessions.open("s")
        chat.append({"n": 0})
        weed_fire.wire.rules([Rule(hold, "PutObject", count=1)])
        with pytest.raises(DeadlineExceeded) as caught:
            chat.append({"n": 1}, deadline=0.2)
        assert caught.value.fate == "unknown"
        hold.released.set()
        again = chat.append({"n": 1}, write_id=caught.value.write_id)
        assert again.index == 1
    assert weed_fire.restore().payloads == [{"n": 0}, {"n": 1}]
