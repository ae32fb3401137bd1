"""What must hold of a fork: it is one history of its parent, as it was while it was forked off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from s3sessions.testing.simulate.facts import Facts
from s3sessions.testing.simulate.reading import Reading


def inherited(facts: Facts) -> list[Reading]:
    """Give what was read of the child as readings of its parent, which took as long as the fork.

    So all that holds for a reader of the parent has to hold for a reader of the child.
    """
    return [
        replace(
            reading, reader=f"{reading.reader}, of the child,", began=_forked_from(facts, reading)
        )
        for reading in facts.ledger.offspring
        if not facts.child.has_ghosts(reading.ended)
        and (reading.sightings or _is_to_be_there(facts, reading))
    ]


def _is_to_be_there(facts: Facts, reading: Reading) -> bool:
    is_made = any(f.ended is not None and f.ended < reading.began for f in facts.ledger.forks)
    return is_made and not any(d.began < reading.ended for d in facts.ledger.discards)


def _forked_from(facts: Facts, reading: Reading) -> int:
    """Give the moment from which on the child that was read may have been forked off."""
    born = facts.child.born_before(reading.began)
    return min(
        (
            fork.began
            for fork in facts.ledger.forks
            if fork.began <= (born or reading.ended) and (fork.ended is None or fork.ended >= born)
        ),
        default=0,
    )


def forked(facts: Facts) -> Iterator[str]:
    """Check that all readers of one life of the child see the same, or nothing."""
    seen: dict[int, Reading] = {}
    for reading in facts.ledger.offspring:
        if not reading.sightings or facts.child.has_ghosts(reading.ended):
            continue
        life = facts.child.born_before(reading.ended)
        if life > reading.began:
            continue
        other = seen.setdefault(life, reading)
        if other.tokens != reading.tokens:
            yield (
                f"{reading.reader} saw the child as {reading.tokens}, "
                f"{other.reader} as {other.tokens}"
            )
