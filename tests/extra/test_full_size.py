"""Many processes at their full number, on local disk, on Ceph and on weed, writers killed and not.

`make test-extra` runs these and shows what each took.
"""

from __future__ import annotations

import pytest

from tests.processes import scenes
from tests.processes.assignment import Manner
from tests.processes.scenes import Place
from tests.servers.ceph import Ceph

pytestmark = pytest.mark.timeout(1200)

SHARING: list[Manner] = ["share", "share in batches"]


def test_eight_processes_append_two_hundred_messages_each(place: Place) -> None:
    scenes.share(place, writers=8, each=200)


def test_eight_strict_processes_append_two_hundred_messages_each(place: Place) -> None:
    scenes.extend(place, writers=8, each=200)


def test_eight_processes_append_two_hundred_batches_each(place: Place) -> None:
    scenes.share_in_batches(place, writers=8, each=200)


@pytest.mark.parametrize("manner", SHARING)
def test_killed_writers_go_on_where_they_were(place: Place, manner: Manner) -> None:
    scenes.share_while_writers_are_killed(
        place, manner, writers=8, each=100, kills=25, fatal=0.04, seed=11
    )


@pytest.mark.parametrize("manner", SHARING)
def test_ceph_is_killed_under_its_writers(ceph: Ceph, on_ceph: Place, manner: Manner) -> None:
    def kill() -> None:
        ceph.kill()
        ceph.start()

    scenes.share_while_the_server_is_killed(on_ceph, manner, writers=4, each=60, kill=kill, kills=3)


@pytest.mark.parametrize("manner", SHARING)
def test_weed_serves_killed_writers(on_weed: Place, manner: Manner) -> None:
    scenes.share_while_writers_are_killed(
        on_weed, manner, writers=4, each=40, kills=10, fatal=0.05, seed=11
    )
