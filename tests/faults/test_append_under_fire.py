"""Appends of several writers while the requests to a real server break, under the real SDKs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.fire import Fire, append_under
from tests.faults.storms import LATE, LITTLE_PATIENCE, STORMS
from tests.servers.wire import Rule


@pytest.mark.parametrize("storm", STORMS)
def test_an_acknowledged_message_is_there_once_and_an_open_one_once_it_is_sent_again(
    weed_fire: Fire, storm: str
) -> None:
    append_under(weed_fire, STORMS[storm], each=8, largest=1, seed=1)


@pytest.mark.parametrize("storm", ["an outage", "cut after", "truncated objects", "everything"])
def test_an_acknowledged_batch_is_there_whole_and_an_open_one_once_it_is_sent_again(
    weed_fire: Fire, storm: str
) -> None:
    append_under(weed_fire, STORMS[storm], each=6, largest=3, seed=1)


@pytest.mark.parametrize("largest", [1, 3])
def test_requests_that_arrive_after_their_senders_gave_up_double_nothing(
    weed_fire: Fire, largest: int
) -> None:
    fire = replace(weed_fire, patience=LITTLE_PATIENCE)
    append_under(fire, [Rule(LATE, "PutObject", chance=0.3)], each=4, largest=largest, seed=1)
