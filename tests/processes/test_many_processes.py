"""Processes that know nothing of each other write to one session."""

from __future__ import annotations

from tests.processes import scenes
from tests.processes.scenes import Place


def test_eight_processes_share_a_session_and_lose_double_or_reorder_nothing(
    on_local: Place,
) -> None:
    scenes.share(on_local, writers=8, each=200)


def test_eight_processes_that_extend_only_what_they_have_seen_never_extend_anything_else(
    on_local: Place,
) -> None:
    scenes.extend(on_local, writers=8, each=100)


def test_batches_of_eight_processes_stand_whole_and_unbroken(on_local: Place) -> None:
    scenes.share_in_batches(on_local, writers=8, each=50)


def test_processes_share_a_session_on_a_real_server(on_weed: Place) -> None:
    scenes.share(on_weed, writers=4, each=6)


def test_processes_extend_only_what_they_have_seen_on_a_real_server(on_weed: Place) -> None:
    scenes.extend(on_weed, writers=3, each=4)


def test_batches_of_processes_stand_whole_and_unbroken_on_a_real_server(on_weed: Place) -> None:
    scenes.share_in_batches(on_weed, writers=3, each=4)
