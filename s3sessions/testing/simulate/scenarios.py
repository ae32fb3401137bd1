"""Who plays in a simulation: small casts, for a few actors find what many would."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, TypeAlias

from s3sessions.testing.faults import Fault
from s3sessions.testing.simulate.blocks import SIZES
from s3sessions.testing.simulate.changers import Changer
from s3sessions.testing.simulate.deleters import Deleter
from s3sessions.testing.simulate.editors import MIN_AGE, Editor
from s3sessions.testing.simulate.forkers import ChildReader, Forker, fork_in_calm_weather
from s3sessions.testing.simulate.ledger import CHILD
from s3sessions.testing.simulate.packers import Packer, pack_in_calm_weather
from s3sessions.testing.simulate.pruners import Pruner
from s3sessions.testing.simulate.readers import Reader
from s3sessions.testing.simulate.stage import Play, Stage
from s3sessions.testing.simulate.writers import Job, Writer

Scenario: TypeAlias = Callable[[Stage], None]


def rebasing(stage: Stage) -> None:
    """Writers that share a log, and readers."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "rebase", 2, 3):
        _enter(stage, name, Writer(_jobs(stage.rng, name)))
    _readers(stage, 1)


def strict(stage: Stage) -> None:
    """Writers that extend only what they have seen, a rebasing one among them, and readers."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "strict", 2, 2):
        _enter(stage, name, Writer(_jobs(stage.rng, name), strict=True))
    if stage.rng.random() < 0.5:
        _enter(stage, "rebase-1", Writer(_jobs(stage.rng, "rebase-1")))
    _readers(stage, 1)


def births(stage: Stage) -> None:
    """A session that begins several times at once."""
    for name in _names(stage.rng, "first", 2, 4):
        writer = Writer(_jobs(stage.rng, name, most=2), strict=stage.rng.random() < 0.3)
        _enter(stage, name, writer)
    _readers(stage, 1)


def redelivery(stage: Stage) -> None:
    """The same events delivered to two processes, among other writers."""
    stage.plant(_length(stage.rng))
    names = _names(stage.rng, "event", 1, 3)
    for name in ("first", "second"):
        jobs = [Job(event, write_id=f"id-{event}") for event in names]
        _enter(stage, name, Writer(jobs, alone=False))
    for name in _names(stage.rng, "other", 1, 2):
        _enter(stage, name, Writer(_jobs(stage.rng, name), strict=stage.rng.random() < 0.3))
    _readers(stage, 1)


def listings(stage: Stage) -> None:
    """Many reads while the history passes from one digit to two, where a list is out of order."""
    stage.plant(stage.rng.choice((7, 8, 9, 10, 11)))
    for name in _names(stage.rng, "rebase", 1, 2):
        _enter(stage, name, Writer(_jobs(stage.rng, name, most=5)))
    for name in _names(stage.rng, "reader", 2, 2):
        stage.enter(name, Reader(4).play, after=stage.rng.random() * 0.1)


def batches(stage: Stage) -> None:
    """Batches among single messages, strict and rebasing, and readers."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "batch", 1, 2):
        writer = Writer(_jobs(stage.rng, name, most=2), strict=stage.rng.random() < 0.4)
        for job in writer.jobs:
            job.size = stage.rng.choice((1, 2, 2, 3, 5))
        _enter(stage, name, writer)
    for name in _names(stage.rng, "single", 1, 2):
        _enter(stage, name, Writer(_jobs(stage.rng, name), strict=stage.rng.random() < 0.4))
    _readers(stage, 1)


def changes(stage: Stage) -> None:
    """Messages that are redacted, completed, updated and removed while others append and read."""
    stage.plant(stage.rng.choice((1, 2, 3, 9)))
    for name in _names(stage.rng, "changer", 1, 2):
        stage.enter(name, Changer(stage.rng.randint(1, 3)).play, after=_delay(stage.rng))
    for name in _names(stage.rng, "writer", 1, 2):
        writer = Writer(_jobs(stage.rng, name), strict=stage.rng.random() < 0.5)
        for job in writer.jobs:
            job.size = stage.rng.choice((1, 1, 1, 2))
            job.partial = job.size == 1 and stage.rng.random() < 0.5
        _enter(stage, name, writer)
    _readers(stage, 1)


def turns(stage: Stage) -> None:
    """Writers that claim the turn by clocks that disagree, and one that never asks."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "turn", 2, 3):
        writer = Writer(_jobs(stage.rng, name, most=2), strict=stage.rng.random() < 0.8)
        writer.takes_turns = True
        _enter(stage, name, writer)
    if stage.rng.random() < 0.4:
        _enter(stage, "rude", Writer(_jobs(stage.rng, "rude")))
    _readers(stage, 1)


def hurry(stage: Stage) -> None:
    """Writers that give their appends little time."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "hasty", 2, 3):
        writer = Writer(_jobs(stage.rng, name), strict=stage.rng.random() < 0.5, hurries=True)
        for job in writer.jobs:
            job.size = stage.rng.choice((1, 1, 3))
        _enter(stage, name, writer)
    _readers(stage, 1)


def deletion(stage: Stage) -> None:
    """A session that is deleted, once or twice, while others write and read."""
    stage.plant(_length(stage.rng))
    for name in _names(stage.rng, "deleter", 1, 2):
        stage.enter(name, Deleter().play)
    for name in _names(stage.rng, "writer", 1, 2):
        _enter(stage, name, _talker(stage.rng, name))
    _readers(stage, 2)


def editing(stage: Stage) -> None:
    """A history whose beginning is moved while others append, change messages and read."""
    stage.plant(stage.rng.choice((2, 3, 5, 10)), life="planted", age=_age(stage.rng))
    if stage.rng.random() < 0.3:
        stage.weather.only(Fault.LATE, Fault.STALL, Fault.CRASH_AFTER)
    _edited(stage)
    if stage.rng.random() < 0.3:
        stage.enter("changer", Changer(2).play, after=_delay(stage.rng))


def undoing(stage: Stage) -> None:
    """A session that is deleted, and begins anew, while others move where its history begins."""
    stage.plant(stage.rng.choice((2, 3, 5, 10)), life="planted", age=_age(stage.rng))
    for name in _names(stage.rng, "deleter", 1, 2):
        stage.enter(name, Deleter().play, after=_delay(stage.rng))
    if stage.rng.random() < 0.5:
        # What moves the beginning comes late, and meets the next life.
        stage.weather.only(Fault.LATE, Fault.STALL, Fault.CRASH_AFTER)
        stage.enter("next", Writer(_jobs(stage.rng, "next")).play, after=stage.rng.random() * 600)
    _edited(stage)


def forking(stage: Stage) -> None:
    """A session that is forked while others append to it, truncate it and delete either of both."""
    rng = stage.rng
    stage.plant(rng.choice((1, 2, 3, 5, 10)), life="planted")
    for name in _names(rng, "forker", 1, 2):
        stage.enter(name, Forker(rng.random() < 0.5).play, after=_delay(rng))
    for name in _names(rng, "heir", 1, 2):
        stage.enter(name, ChildReader(rng.randint(1, 4)).play, after=_delay(rng))
    for name in _names(rng, "writer", 0, 2):
        _enter(stage, name, _talker(rng, name))
    if rng.random() < 0.5:
        stage.enter("editor", Editor(rng.randint(1, 2)).play, after=_delay(rng))
    if rng.random() < 0.3:
        stage.enter("deleter", Deleter().play, after=_delay(rng))
    if rng.random() < 0.3:
        stage.enter("discarder", Deleter(CHILD).play, after=_delay(rng))
    stage.epilogue = fork_in_calm_weather


def pruning(stage: Stage) -> None:
    """A session that is pruned when nobody seems to speak in it, while others write and read."""
    rng = stage.rng
    stage.plant(rng.choice((1, 2, 3, 5, 10)), life="planted")
    stage.ledger.older_than = longest = rng.choice((3.0, 10.0, 10.0, 300.0))
    for name in _names(rng, "pruner", 1, 2):
        stage.enter(name, Pruner(rng.randint(1, 3)).play, after=rng.random() * longest)
    for name in _names(rng, "writer", 1, 2):
        stage.enter(name, _talker(rng, name).play, after=rng.random() * 2 * longest)
    if rng.random() < 0.4:
        stage.enter("editor", Editor(rng.randint(1, 2)).play, after=rng.random() * 2 * longest)
    if rng.random() < 0.2:
        stage.enter("deleter", Deleter().play, after=rng.random() * 2 * longest)
    for name in _names(rng, "reader", 0, 2):
        reader = Reader(rng.randint(1, 3))
        stage.enter(name, reader.play, after=rng.random() * 3 * longest)


def packing(stage: Stage) -> None:
    """Old messages that are packed while others append, change, hide, delete, fork and read."""
    rng = stage.rng
    _plant_packed(stage, "planted", age=rng.choice((0.0, 2.0, 2.0)) * MIN_AGE)
    if rng.random() < 0.3:
        stage.weather.only(Fault.LATE, Fault.STALL, Fault.CRASH_AFTER)
    # At once, or when what others have written is old.
    eras = rng.choice(((0.0,), (0.0, 0.0, 1.2, 2.4)))
    entrances: list[tuple[str, Play]] = []
    entrances += [(n, Packer(rng.randint(1, 3)).play) for n in _names(rng, "packer", 1, 2)]
    drawn = rng.sample(_BESIDE_PACKERS, rng.randint(1, 3))
    for draw in drawn:
        # In the next life another message stands at the index that somebody wants to change.
        if draw is not _changers or _deleters not in drawn:
            entrances += draw(rng)
    entrances += [(n, Reader(rng.randint(1, 3)).play) for n in _names(rng, "reader", 0, 2)]
    for name, play in entrances:
        stage.enter(name, play, after=rng.choice(eras) * MIN_AGE + _delay(rng))
    stage.epilogue = pack_in_calm_weather


def ended(stage: Stage) -> None:
    """A session in which nobody speaks any more, packed at once while others change it and read."""
    rng = stage.rng
    _plant_packed(stage, "planted", age=0.0)
    for name in _names(rng, "packer", 1, 3):
        stage.enter(name, Packer(rng.randint(1, 2), min_age=0.0).play, after=_delay(rng))
    for name in _names(rng, "changer", 1, 3):
        stage.enter(name, Changer(rng.randint(1, 3)).play, after=_delay(rng))
    if rng.random() < 0.2:
        stage.enter("deleter", Deleter().play, after=_delay(rng))
    _readers(stage, 2)
    stage.epilogue = pack_in_calm_weather


def outliving(stage: Stage) -> None:
    """Packings that outlive the session: it is deleted meanwhile, and begins anew."""
    rng = stage.rng
    _plant_packed(stage, rng.choice(("planted", "planted", None)), age=2 * MIN_AGE)
    stage.weather.only(Fault.LATE, Fault.STALL, Fault.CRASH_AFTER)
    for name in _names(rng, "packer", 1, 2):
        stage.enter(name, Packer(rng.randint(1, 2)).play, after=_delay(rng))
    for name in _names(rng, "deleter", 1, 2):
        stage.enter(name, Deleter().play, after=_delay(rng))
    for name in _names(rng, "next", 0, 2):
        stage.enter(name, Writer(_jobs(rng, name, most=5)).play, after=rng.random() * 600)
    _readers(stage, 2)
    stage.epilogue = pack_in_calm_weather


def _plant_packed(stage: Stage, life: str | None, *, age: float) -> None:
    """Plant a history of which the beginning may be packed."""
    count = stage.rng.choice((4, 7, 8, 10, 13))
    is_packed = stage.rng.random() < 0.5
    packed = stage.rng.randrange(count) // SIZES[0] * SIZES[0] if is_packed else 0
    stage.plant(count, life=life, age=age, packed=packed)


def _writers(rng: random.Random) -> list[tuple[str, Play]]:
    return [(name, _talker(rng, name).play) for name in _names(rng, "writer", 1, 2)]


def _changers(rng: random.Random) -> list[tuple[str, Play]]:
    return [(name, Changer(rng.randint(1, 3)).play) for name in _names(rng, "changer", 1, 2)]


def _editors(rng: random.Random) -> list[tuple[str, Play]]:
    return [(name, Editor(rng.randint(1, 2)).play) for name in _names(rng, "editor", 1, 2)]


def _deleters(rng: random.Random) -> list[tuple[str, Play]]:
    return [("deleter", Deleter().play)]


def _forkers(rng: random.Random) -> list[tuple[str, Play]]:
    forker, heir = Forker(rng.random() < 0.5), ChildReader(rng.randint(1, 3))
    return [("forker", forker.play), ("heir", heir.play)]


_BESIDE_PACKERS: Final = (_writers, _changers, _editors, _deleters, _forkers)


def _talker(rng: random.Random, name: str) -> Writer:
    """Give a writer of single messages and batches, strict or not."""
    writer = Writer(_jobs(rng, name), strict=rng.random() < 0.5)
    for job in writer.jobs:
        job.size = rng.choice((1, 1, 2, 3))
    return writer


def _edited(stage: Stage) -> None:
    for name in _names(stage.rng, "editor", 1, 2):
        stage.enter(name, Editor(stage.rng.randint(1, 3)).play, after=_delay(stage.rng))
    for name in _names(stage.rng, "writer", 1, 2):
        _enter(stage, name, _talker(stage.rng, name))
    _readers(stage, 2)


def vanishing(stage: Stage) -> None:
    """A session that is deleted under its readers."""
    stage.plant(stage.rng.choice((2, 3, 5, 9)))
    for name in _names(stage.rng, "deleter", 1, 2):
        stage.enter(name, Deleter().play, after=stage.rng.random() * 0.1)
    for name in _names(stage.rng, "reader", 2, 3):
        stage.enter(name, Reader(3).play, after=stage.rng.random() * 0.1)


SCENARIOS: Final[dict[str, Scenario]] = {
    scenario.__name__: scenario
    for scenario in (
        rebasing,
        strict,
        births,
        redelivery,
        listings,
        batches,
        changes,
        turns,
        hurry,
        deletion,
        editing,
        undoing,
        vanishing,
        forking,
        pruning,
        packing,
        ended,
        outliving,
    )
}
"""By name; what each is about stands in its docstring."""


def _length(rng: random.Random) -> int:
    """Draw how many messages are there already: where 9 becomes 10 a list is out of order."""
    return rng.choice((0, 0, 1, 1, 2, 3, 9, 10))


def _age(rng: random.Random) -> float:
    """Draw how old what is there is: as of just now, or old enough for a compaction."""
    return rng.choice((0.0, 2 * MIN_AGE))


def _names(rng: random.Random, what: str, least: int, most: int) -> list[str]:
    return [f"{what}-{number}" for number in range(1, rng.randint(least, most) + 1)]


def _jobs(rng: random.Random, name: str, *, most: int = 3) -> list[Job]:
    jobs = [Job(f"{name}.{number}") for number in range(1, rng.randint(1, most) + 1)]
    for job in jobs:
        if rng.random() < 0.5:
            job.write_id = f"id-{job.name}"
    return jobs


def _enter(stage: Stage, name: str, writer: Writer) -> None:
    stage.enter(name, writer.play, after=_delay(stage.rng))


def _readers(stage: Stage, most: int) -> None:
    for name in _names(stage.rng, "reader", 0, most):
        stage.enter(name, Reader(stage.rng.randint(1, 3)).play, after=_delay(stage.rng))


def _delay(rng: random.Random) -> float:
    return rng.choice((0.0, 0.0, 0.1, 1.0, 60.0)) * rng.random()
