"""What must hold where somebody moves the beginning of a history."""

from __future__ import annotations

from collections.abc import Iterator

from s3sessions.testing.simulate.facts import Facts
from s3sessions.testing.simulate.ledger import Cut
from s3sessions.testing.simulate.reading import Reading


def hidden(facts: Facts) -> Iterator[str]:
    """Check that readers see the history before a change of its beginning, or the one after it."""
    for reading in facts.ledger.readings:
        if reading.kind == "follow" or facts.has_ghosts(reading):
            continue
        for cut in facts.ledger.cuts:
            yield from _stays(facts, cut, reading)
            if reading.kind == "restore" and not cut.refused:
                yield from _one_of_two(facts, cut, reading)


def _stays(facts: Facts, cut: Cut, reading: Reading) -> Iterator[str]:
    if cut.ended is None or cut.ended > reading.began:
        return
    # What its writer did not know to be stored it appends again, and that is another message.
    back = [
        token for token in reading.tokens if token in cut.hidden and _was_told(facts, cut, token)
    ]
    if back:
        yield f"{reading.reader} ({reading.kind}) saw {back}, which were hidden"


def _was_told(facts: Facts, cut: Cut, token: str) -> bool:
    acknowledged = facts.ledger.spoken[token].acknowledged
    return acknowledged is not None and acknowledged < cut.began


def _was_there(facts: Facts, reading: Reading, token: str) -> bool:
    acknowledged = facts.ledger.spoken[token].acknowledged
    return acknowledged is not None and acknowledged < reading.began


def _one_of_two(facts: Facts, cut: Cut, reading: Reading) -> Iterator[str]:
    """Check that all that it hides is there, or none and what stands for it."""
    others = {token for other in facts.cuts if other is not cut for token in other.hidden}
    alone = {
        token
        for token in cut.hidden - others - facts.removed
        if _was_told(facts, cut, token)
        and _was_there(facts, reading, token)
        and not facts.is_exempt(facts.ledger.spoken[token], reading)
    }
    if facts.removed and cut.ended is None:
        # How many were hidden hangs on whether one was removed before.
        return
    shown = alone & set(reading.tokens)
    if shown and shown != alone:
        yield f"{reading.reader} saw {sorted(shown)} of {sorted(alone)}: {reading.tokens}"
    if shown and reading.summary and reading.summary == cut.summary:
        yield f"{reading.reader} saw {sorted(shown)} and the summary of them"
    if shown and (mixed := set(cut.shown) & set(reading.tokens)):
        yield f"{reading.reader} saw {sorted(mixed)} beside {sorted(shown)}"
    if not alone or shown:
        return
    if lacking := set(cut.shown) - set(reading.tokens) - others - facts.removed:
        yield f"{reading.reader} saw neither {sorted(alone)} nor {sorted(lacking)}"
    if cut.summary is not None and reading.summary not in _summaries(facts, cut):
        yield f"{reading.reader} saw {reading.summary!r} in place of {cut.summary!r}"


def _summaries(facts: Facts, cut: Cut) -> set[str]:
    """Give the summaries that may stand there once it is done."""
    return {
        other.summary
        for other in facts.cuts
        if other.summary is not None and (other.ended is None or other.ended >= cut.began)
    }


def unseen(facts: Facts) -> Iterator[str]:
    """Check that nobody moves the beginning who has not seen how another has moved it."""
    done = [cut for cut in facts.cuts if cut.ended is not None and (cut.hidden or cut.summary)]
    for cut in done:
        for other in done:
            if cut.known_at < other.began and other.ended is not None and other.ended < cut.began:
                yield f"{other} was undone by one who had not seen it, {cut}"
