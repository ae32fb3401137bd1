"""Writers that are killed at any point of their work, and go on where they were."""

from __future__ import annotations

import pytest

from tests.processes import scenes
from tests.processes.assignment import Manner
from tests.processes.scenes import Place

MANNERS: list[Manner] = ["share", "share in batches"]


@pytest.mark.parametrize("manner", MANNERS)
def test_what_a_killed_writer_was_told_is_there_once_and_what_it_repeats_too(
    on_local: Place, manner: Manner
) -> None:
    scenes.share_while_writers_are_killed(
        on_local, manner, writers=6, each=40, kills=6, fatal=0.03, seed=7
    )


@pytest.mark.parametrize("manner", MANNERS)
def test_a_real_server_keeps_what_killed_writers_were_told(on_weed: Place, manner: Manner) -> None:
    scenes.share_while_writers_are_killed(
        on_weed, manner, writers=3, each=5, kills=1, fatal=0.08, seed=7
    )
