"""Appends to Ceph while the requests break: the storms of tests/faults on another server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.fire import Fire, append_under
from tests.faults.storms import LATE, LITTLE_PATIENCE, STORMS
from tests.servers.wire import Rule

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("largest", [1, 3])
@pytest.mark.parametrize("storm", STORMS)
def test_acknowledged_appends_are_there_once_and_open_ones_once_they_are_sent_again(
    ceph_fire: Fire, storm: str, largest: int
) -> None:
    append_under(ceph_fire, STORMS[storm], each=20, largest=largest, seed=5)


@pytest.mark.parametrize("largest", [1, 3])
def test_requests_that_arrive_after_their_senders_gave_up_double_nothing(
    ceph_fire: Fire, largest: int
) -> None:
    fire = replace(ceph_fire, patience=LITTLE_PATIENCE)
    append_under(fire, [Rule(LATE, "PutObject", chance=0.3)], each=10, largest=largest, seed=5)
