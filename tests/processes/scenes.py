"""Many processes at work on one session, and what must hold afterwards, on any store."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s3sessions import History, Sessions
from tests.processes.assignment import SESSION, Assignment, Manner
from tests.processes.crew import Crew
from tests.processes.verdict import (
    check_dense,
    check_each_extends_what_it_had_seen,
    check_every_acknowledged_message,
)
from tests.rig import fresh_name
from tests.servers.s3_server import S3Server


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session is: a URL and the settings that reach it."""

    url: str
    options: Mapping[str, Any]

    @classmethod
    def on(cls, server: S3Server, bucket: str) -> Place:
        """Give a prefix of the bucket that nobody has used."""
        options = {"endpoint_url": server.endpoint_url, "region": server.region}
        return cls(f"s3://{bucket}/{fresh_name()}", options)

    def crew(self, manner: Manner, writers: int, each: int, **more: Any) -> Crew:
        """Give the processes; `more` is what their assignments say besides."""
        return Crew(
            Assignment(self.url, self.options, manner, writer, each, **more)
            for writer in range(writers)
        )

    def restore(self) -> History:
        """Restore as a process does that has seen nothing of it."""
        with Sessions(self.url, **self.options) as sessions:
            return sessions.open(SESSION).restore()


def share(place: Place, writers: int, each: int) -> None:
    """All append wherever there is room."""
    crew = place.crew("share", writers, each)
    history = timed(crew, place, "share")
    check_every_acknowledged_message(crew, history)
    check_dense(history)
    assert len(history.messages) == writers * each


def extend(place: Place, writers: int, each: int) -> None:
    """All append only to what they have seen, and look again after each conflict."""
    crew = place.crew("extend", writers, each)
    history = timed(crew, place, "extend")
    check_every_acknowledged_message(crew, history)
    check_dense(history)
    check_each_extends_what_it_had_seen(history)
    assert len(history.messages) == writers * each


def share_in_batches(place: Place, writers: int, each: int) -> None:
    """All append one to three messages at a time."""
    crew = place.crew("share in batches", writers, each)
    history = timed(crew, place, "share in batches")
    check_every_acknowledged_message(crew, history)


def share_while_writers_are_killed(
    place: Place, manner: Manner, writers: int, each: int, *, kills: int, fatal: float, seed: int
) -> None:
    """One writer after another is killed wherever it is, and started again.

    What moves the one who kills is an acknowledgement of any writer, so that it meets its victim
    at any point of its work. Others die at the worst moment: of so many puts (`fatal`) nobody is
    told.
    """
    chance = random.Random(seed)
    left = kills

    def kill_one(crew: Crew) -> None:
        nonlocal left
        if left and chance.random() < 2 * kills / (writers * each):
            busy = [member for member in crew.members if len(member.acknowledged) < each]
            if busy:
                chance.choice(busy).kill()
                left -= 1

    crew = place.crew(manner, writers, each, stamps=True, fatal=fatal)
    history = timed(crew, place, f"{manner}, writers killed", kill_one)
    assert sum(member.kills for member in crew.members) > 0
    check_every_acknowledged_message(crew, history)


def share_while_the_server_is_killed(
    place: Place, manner: Manner, writers: int, each: int, *, kill: Callable[[], None], kills: int
) -> None:
    """The server is killed under its writers and started again on what it has stored."""
    left = kills

    def crash(crew: Crew) -> None:
        nonlocal left
        if left and crew.acknowledged >= (kills - left + 1) * writers * each // (kills + 1):
            left -= 1
            kill()

    crew = place.crew(manner, writers, each, stamps=True)
    history = timed(crew, place, f"{manner}, server killed", crash)
    assert left == 0
    check_every_acknowledged_message(crew, history)


def timed(
    crew: Crew, place: Place, what: str, between: Callable[[Crew], None] = lambda _: None
) -> History:
    """Run the crew, restore what it wrote, and print what that took (pytest shows it with -rP)."""
    began = time.monotonic()
    crew.run(between)
    seconds = time.monotonic() - began
    members = crew.members
    print(
        f"{what}: {len(members)} writers, {crew.acknowledged} appends in {seconds:.1f} s, "
        f"{dict(crew.requests)}, refused {sum(m.figures.refused for m in members)}, "
        f"conflicts {sum(m.figures.conflicts for m in members)}, "
        f"unavailable {sum(m.figures.unavailable for m in members)}, "
        f"killed {sum(m.kills for m in members)}"
    )
    return place.restore()
