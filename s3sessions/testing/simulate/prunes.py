"""What must hold of a prune: it deletes nothing that is younger than it was told."""

from __future__ import annotations

from collections.abc import Iterator

from s3sessions.testing.simulate.facts import Facts


def pruned(facts: Facts) -> Iterator[str]:
    """Check that the session was silent for long enough when a prune gave notice."""
    for span in facts.marked:
        silence = None if span.notice is None else span.notice.silence
        if silence is not None and silence <= facts.ledger.older_than:
            yield f"a session was pruned {silence:.1f} s after its newest message"
