"""From seeds to a report: one simulation, or many."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from s3sessions.errors import SessionDeleted
from s3sessions.testing.faults import Fault
from s3sessions.testing.simulate.blocks import small_blocks
from s3sessions.testing.simulate.checks import Invariant, Violation, check
from s3sessions.testing.simulate.child import Child
from s3sessions.testing.simulate.deleters import Deleter
from s3sessions.testing.simulate.facts import Facts
from s3sessions.testing.simulate.forks import inherited
from s3sessions.testing.simulate.ledger import CHILD, SESSION
from s3sessions.testing.simulate.readers import iterate, restore_all, restore_last
from s3sessions.testing.simulate.reading import Reading
from s3sessions.testing.simulate.scenarios import SCENARIOS
from s3sessions.testing.simulate.scheduler import EndlessRun, Pause
from s3sessions.testing.simulate.stage import Role, Stage, no_event_loop
from s3sessions.testing.simulate.writers import Job, Writer

_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Outcome:
    """One simulation.

    Attributes:
        seed: replays it, with the scenario.
        scenario: its name.
        violations: the invariants that were broken, each with an example.
        interleavings: how often a task was interrupted to let others run.
        injected: faults by kind.
        acknowledged: messages that were acknowledged.
        found: of these, those that the last restore showed.
        deleted: of these, those that were removed or deleted.
    """

    seed: int
    scenario: str
    violations: tuple[Violation, ...]
    interleavings: int
    injected: Counter[Fault]
    acknowledged: int
    found: int
    deleted: int

    @property
    def command(self) -> str:
        """What replays this simulation and shows each request."""
        return (
            f"python -m s3sessions.testing.simulate --scenario {self.scenario} "
            f"--seed {self.seed} --trace"
        )


@dataclass
class Report:
    """Many simulations, added up; see `Outcome`."""

    seeds: int = 0
    interleavings: int = 0
    acknowledged: int = 0
    found: int = 0
    deleted: int = 0
    injected: Counter[Fault] = field(default_factory=Counter)
    failures: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.interleavings += outcome.interleavings
        self.acknowledged += outcome.acknowledged
        self.found += outcome.found
        self.deleted += outcome.deleted
        self.injected += outcome.injected
        if outcome.violations:
            self.failures.append(outcome)

    def join(self, other: Report) -> None:
        """Add what another process has run."""
        self.seeds += other.seeds
        self.interleavings += other.interleavings
        self.acknowledged += other.acknowledged
        self.found += other.found
        self.deleted += other.deleted
        self.injected += other.injected
        self.failures += other.failures


def simulate(
    seed: int, scenario: str | None = None, *, trace: Callable[[str], None] | None = None
) -> Outcome:
    """Run one simulation of the product's own code and check every invariant.

    The same seed and scenario do the same on every machine.

    Args:
        seed: decides everything that happens.
        scenario: a name out of `SCENARIOS`; None lets the seed take one after the other.
        trace: told of each request in its order, never of a payload.
    """
    names = list(SCENARIOS)
    name = names[seed % len(names)] if scenario is None else scenario
    stage = Stage(f"{name}:{seed}", trace)
    with no_event_loop(), small_blocks(), _in_silence():
        SCENARIOS[name](stage)
        violations, facts = _play(stage)
    spoken = [one.token for one in facts.ledger.spoken.values() if one.acknowledged]
    found = len({*spoken} & {*(facts.final.tokens if facts.final else ())})
    return Outcome(
        seed=seed,
        scenario=name,
        violations=violations,
        interleavings=stage.scheduler.suspensions,
        injected=stage.weather.injected,
        acknowledged=len(spoken),
        found=found,
        deleted=0 if violations else len(spoken) - found,
    )


def run(
    seeds: Iterable[int],
    scenarios: Sequence[str] | None = None,
    *,
    progress: Callable[[Report], None] | None = None,
) -> Report:
    """Run a simulation for each seed, over the given scenarios in turn (None: all).

    Args:
        seeds: each decides one simulation.
        scenarios: names out of `SCENARIOS`.
        progress: told of the report after each simulation.
    """
    report = Report()
    names = list(scenarios or SCENARIOS)
    for seed in seeds:
        report.add(simulate(seed, names[seed % len(names)]))
        if progress is not None:
            progress(report)
    return report


def _play(stage: Stage) -> tuple[tuple[Violation, ...], Facts]:
    """Run to the end, then look at what is there in calm weather."""
    try:
        stage.scheduler.run()
        final = _look_back(stage)
    except EndlessRun as error:
        return (Violation(Invariant.CALM, str(error)),), _facts(stage, None)
    facts = _facts(stage, final)
    facts.ledger.readings += inherited(facts)
    return check(facts), facts


def _facts(stage: Stage, final: Reading | None) -> Facts:
    objects = stage.objects
    child = Child.of(*objects.history(f"session_{CHILD}/"))
    root = f"session_{SESSION}/"
    written = [change for change in objects.written if change[1].startswith(root)]
    return Facts(stage.ledger, *objects.history(root), child, final, written)


def _look_back(stage: Stage) -> Reading | None:
    """End deletions that nobody ended, read in each way, append once more and read again."""
    stage.weather.calm()
    stage.say("-- everybody has ended: calm weather")
    for session_id, demolitions in (
        (SESSION, stage.ledger.demolitions),
        (CHILD, stage.ledger.discards),
    ):
        for demolition in demolitions:
            if demolition.ended is None and demolition.is_wanted:
                stage.enter("sweeper", Deleter(session_id, _demolition=demolition).play)
                stage.scheduler.run()
    if stage.epilogue is not None:
        stage.enter("epilogue", stage.epilogue)
        stage.scheduler.run()
    readings = stage.ledger.readings
    before = len(readings)
    stage.enter("auditor", _audit)
    stage.scheduler.run()
    ok = len(readings) > before and readings[-1].reader == "auditor"
    return readings[-1] if ok and not stage.ledger.surprises else None


async def _audit(role: Role) -> None:
    if role.ledger.demolitions:
        await _end_what_is_marked(role)
    await iterate(role)
    await restore_last(role)
    # By now every lease has expired, whoever's clock it was written by.
    await Pause(3 * _HOUR)
    async with role.open().turn():
        await Writer([Job("last-word", size=2)]).play(role)
    await restore_all(role)


@contextmanager
def _in_silence() -> Iterator[None]:
    """Let the product log nothing: its warnings are what a simulation is about."""
    logger = logging.getLogger("s3sessions")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


async def _end_what_is_marked(role: Role) -> None:
    """Delete again where the mark of a deletion arrived after that had ended."""
    try:
        await restore_all(role)
    except SessionDeleted:
        await Deleter().play(role)
