"""What must hold after every run, each with a name. A check gives what is wrong, or nothing."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from s3sessions.testing.simulate.cuts import hidden, unseen
from s3sessions.testing.simulate.facts import LAST_WORD, Facts
from s3sessions.testing.simulate.forks import forked
from s3sessions.testing.simulate.ledger import Change, Demolition, Known, Spoken
from s3sessions.testing.simulate.prunes import pruned
from s3sessions.testing.simulate.reading import Reading, Sighting
from s3sessions.testing.simulate.redactions import redacted


class Invariant(enum.StrEnum):
    """What the simulator proves; the value is how people call it."""

    FOUND = "an acknowledged message is in every later restore"
    ONCE = "no message is there twice"
    ORDER = "what was acknowledged before another was begun stands before it"
    WHOLE = "of a batch every reader sees all messages, side by side, or none"
    SEEN = "a strict handle extends only what it has seen"
    STABLE = "what one reader saw, every later reader sees in the same order"
    REFUSED = "what was refused never turns up"
    ALL_OR_NOTHING = "of a session that is being deleted a reader sees all or nothing"
    GONE = "a deletion that ended leaves nothing older than it"
    CHANGED = "an acknowledged change in place stays"
    HIDDEN = "what was hidden stays hidden, and its summary or replacement stands for it"
    REDACTED = "what was redacted is served to nobody, and in the end no object holds it"
    FORKED = "a fork shows one history of its parent, all of it, or nothing"
    PRUNED = "a prune deletes nothing that is younger than it was told"
    CALM = "in calm weather everything works, and nothing raises what it does not document"


@dataclass(frozen=True)
class Violation:
    """A broken invariant: which, and by what."""

    invariant: Invariant
    text: str


def check(facts: Facts) -> tuple[Violation, ...]:
    """Give the invariants that are broken, each with one example."""
    for text in _foreign(facts):
        # Of what nobody wrote nothing more can be said.
        return (Violation(Invariant.ONCE, text),)
    found = ((invariant, next(rule(facts), None)) for invariant, rule in RULES.items())
    return tuple(Violation(invariant, text) for invariant, text in found if text is not None)


def _calm(facts: Facts) -> Iterator[str]:
    yield from facts.ledger.surprises
    if facts.final is None:
        yield "the history cannot be restored in calm weather"
    elif LAST_WORD not in facts.final.tokens and not facts.is_haunted(facts.final):
        yield f"what was appended in calm weather is not there: {facts.final.tokens}"


def _found(facts: Facts) -> Iterator[str]:
    for reading in facts.whole:
        if _follows_ghosts(facts, reading) or facts.is_haunted(reading):
            continue
        shown = set(reading.tokens)
        for spoken in facts.ledger.spoken.values():
            if spoken.acknowledged is None or spoken.acknowledged > reading.began:
                continue
            if spoken.token in shown or facts.is_lifted(spoken.token, reading):
                continue
            if not facts.is_exempt(spoken, reading):
                yield f"{reading.reader} ({reading.kind}) lacks {spoken.token}: {reading.tokens}"


def _follows_ghosts(facts: Facts, reading: Reading) -> bool:
    """Tell whether a new life may have begun below what it follows, or with the same message."""
    return reading.kind == "follow" and facts.has_ghosts(reading)


def _foreign(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        foreign = [token for token in reading.tokens if token not in facts.ledger.spoken]
        if foreign:
            yield f"{reading.reader} ({reading.kind}) saw what nobody wrote: {foreign}"


def _once(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        if facts.has_ghosts(reading):
            continue
        tokens = reading.tokens
        if len(set(tokens)) < len(tokens):
            yield f"{reading.reader} ({reading.kind}) saw {tokens}"
        write_ids = [sighting.write_id for sighting in reading.sightings]
        if len(set(write_ids)) < len(write_ids):
            yield f"{reading.reader} ({reading.kind}) saw a write id twice: {tokens}"


def _order(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        if facts.has_ghosts(reading):
            continue
        latest: Spoken | None = None
        for token in reading.tokens:
            spoken = facts.ledger.spoken[token]
            ended = spoken.acknowledged
            if latest is not None and ended is not None and ended < latest.began:
                yield f"{reading.reader}: {latest.token} stands before {token}: {reading.tokens}"
            if latest is None or spoken.began > latest.began:
                latest = spoken


def _whole(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        tokens = facts.standing(reading.tokens)
        for at, token in enumerate(tokens):
            spoken = facts.ledger.spoken[token]
            if len(spoken.batch) == 1 or facts.is_exempt(spoken, reading):
                continue
            expected = facts.standing(spoken.batch)
            first = at - expected.index(token)
            shown = tokens[max(0, first) : first + len(expected)]
            if shown != expected:
                yield f"{reading.reader} ({reading.kind}) saw {shown} of {expected}: {tokens}"


def _seen(facts: Facts) -> Iterator[str]:
    for reading in facts.whole:
        if facts.has_ghosts(reading):
            continue
        before: Sighting | None = None
        for sighting in reading.sightings:
            spoken = facts.ledger.spoken[sighting.token]
            if _is_checked(spoken) and not any(_knew(facts, k, before) for k in spoken.known):
                yield (
                    f"{sighting.token} stands behind {before and before.token}, the last that its "
                    f"writer had seen is {spoken.known}: {reading.tokens}"
                )
            if sighting.token not in facts.removed | facts.hidden:
                before = sighting
    yield from unseen(facts)


def _is_checked(spoken: Spoken) -> bool:
    """Tell whether a strict writer, and nobody else, was told that it stands there."""
    is_first = spoken.token == spoken.batch[0]
    return (
        bool(spoken.known) and bool(spoken.acknowledged) and is_first and len(spoken.writers) == 1
    )


def _knew(facts: Facts, known: Known, before: Sighting | None) -> bool:
    """Tell whether what stands before a message is the last that its handle had seen.

    A handle that looked while a replacement was written and not yet named has seen the history
    that was, and goes on behind the new one if that is named then.
    """
    if before is not None and facts.is_pending(before.token, known):
        return True
    if before is None:
        return known.token is None or known.token in facts.removed | facts.hidden
    if known.token is None or known.token in facts.removed | facts.hidden:
        return before.place <= known.place
    return before.token == known.token


def _stable(facts: Facts) -> Iterator[str]:
    final = facts.final
    if final is None or facts.has_ghosts(final) or facts.is_haunted(final):
        return
    # A replacement comes in below what was appended while it was named.
    end = _lasting(facts, final)
    furthest: list[tuple[int, int, Reading]] = []
    for reading in facts.ledger.readings:
        if facts.is_overtaken(reading):
            continue
        seen = _lasting(facts, reading)
        start = end.index(seen[0]) if seen and seen[0] in end else 0
        up_to = start + len(seen)
        if end[start:up_to] != seen:
            yield f"{reading.reader} ({reading.kind}) saw {seen}, in the end there is {end}"
        if start and (reading.kind != "last" or (len(reading.tokens) < reading.asked)):
            yield f"{reading.reader} ({reading.kind}) saw only {seen} of {end}"
        for ended, reached, other in furthest:
            if seen and ended <= reading.began and reached > up_to:
                yield f"{reading.reader} saw {seen}, and {other.reader} before it {other.tokens}"
        if seen:
            furthest.append((reading.ended, up_to, reading))


def _lasting(facts: Facts, reading: Reading) -> list[str]:
    shown = {token for cut in facts.cuts for token in cut.shown}
    return [token for token in facts.standing(reading.tokens) if token not in shown]


def _refused(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        if facts.ledger.demolitions:
            continue
        for token in reading.tokens:
            spoken = facts.ledger.spoken[token]
            if spoken.refused and spoken.acknowledged is None:
                yield f"{reading.reader} saw {token}, which was refused: {reading.tokens}"
        versions = {sighting.version for sighting in reading.sightings}
        for change in facts.ledger.changes:
            alone = sum(other.token == change.token for other in facts.ledger.changes) == 1
            if change.refused and alone and change.version and change.version in versions:
                yield f"{reading.reader} saw {change.version!r}, a change that was refused"


def _all_or_nothing(facts: Facts) -> Iterator[str]:
    for reading in facts.whole:
        for demolition in facts.deletions(reading):
            old = [t for t in reading.tokens if facts.is_older(t, demolition, reading)]
            if not old:
                continue
            for spoken in facts.ledger.spoken.values():
                ended = spoken.acknowledged
                if ended is None or ended >= min(demolition.began, reading.began):
                    continue
                if spoken.token in reading.tokens or facts.is_lifted(spoken.token, reading):
                    continue
                if not _is_gone_before(facts, spoken, demolition):
                    yield f"{reading.reader} saw {old} without {spoken.token}"


def _is_gone_before(facts: Facts, spoken: Spoken, demolition: Demolition) -> bool:
    """Tell whether an earlier deletion may have taken it."""
    earlier = [span for span in facts.marked if span.began < demolition.began]
    return any(span.is_unknown_to(spoken.known_since) for span in earlier)


def _gone(facts: Facts) -> Iterator[str]:
    for demolition in facts.ledger.demolitions:
        if demolition.ended is None:
            continue
        for reading in facts.ledger.readings:
            if reading.began <= demolition.ended or _follows_ghosts(facts, reading):
                continue
            for token in reading.tokens:
                if facts.is_older(token, demolition, reading):
                    yield f"{reading.reader} saw {token}, which is older than the deletion"


def _changed(facts: Facts) -> Iterator[str]:
    for reading in facts.ledger.readings:
        if reading.kind == "follow":
            continue
        shown = {sighting.token: sighting.version for sighting in reading.sightings}
        for change in facts.ledger.changes:
            if change.ended is None or change.ended > reading.began or change.token not in shown:
                continue
            if not change.version:
                if _was_told(facts, change):
                    yield f"{reading.reader} saw {change.token}, which was removed"
            elif shown[change.token] not in _later(facts, change):
                yield (
                    f"{reading.reader} saw {change.token} in version "
                    f"{shown[change.token]!r}, it was changed to {change.version!r}"
                )


def _was_told(facts: Facts, removal: Change) -> bool:
    """Tell whether the message's writer knew that it is there before it was removed.

    One that does not know repeats its append, and what is not visible is stored again.
    """
    acknowledged = facts.ledger.spoken[removal.token].acknowledged
    return acknowledged is not None and acknowledged < removal.began


def _later(facts: Facts, done: Change) -> set[str]:
    """Give the versions that may stand there once a change was acknowledged.

    One that was refused can have stood there: its answer was lost, and others changed it since.
    """
    return {
        change.version
        for change in facts.ledger.changes
        if change.token == done.token and (change.ended is None or change.ended >= done.began)
    }


RULES: dict[Invariant, Callable[[Facts], Iterator[str]]] = {
    Invariant.CALM: _calm,
    Invariant.ONCE: _once,
    Invariant.WHOLE: _whole,
    Invariant.FOUND: _found,
    Invariant.ORDER: _order,
    Invariant.SEEN: _seen,
    Invariant.STABLE: _stable,
    Invariant.REFUSED: _refused,
    Invariant.ALL_OR_NOTHING: _all_or_nothing,
    Invariant.GONE: _gone,
    Invariant.CHANGED: _changed,
    Invariant.HIDDEN: hidden,
    Invariant.REDACTED: redacted,
    Invariant.FORKED: forked,
    Invariant.PRUNED: pruned,
}
