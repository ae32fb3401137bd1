"""A server that is killed under its writers, and started again on what it has stored."""

from __future__ import annotations

from tests.processes import scenes
from tests.processes.scenes import Place
from tests.servers.weed import Weed


def test_a_server_that_is_killed_and_comes_back_has_every_message_that_was_acknowledged() -> None:
    with Weed() as own:

        def kill() -> None:
            own.kill()
            own.start()

        place = Place.on(own, own.make_bucket())
        scenes.share_while_the_server_is_killed(
            place, "share", writers=2, each=20, kill=kill, kills=2
        )
