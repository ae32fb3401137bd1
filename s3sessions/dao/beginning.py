"""Where a history begins: what history.json says of it.

The document is absent until somebody hides, summarises or replaces something. It names the life of
the session that it belongs to: one that a stalled writer left behind in a later life of the id
would hide messages that it knows nothing of, so it counts for nobody there. Without a session.json
it counts if it fits what is there: the list reaches the next index that it was written at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.dao.documents import Document, Life, life_of_agent
from s3sessions.dao.scope import Scope
from s3sessions.models import Batch, Summary
from s3sessions.record import Record, field
from s3sessions.values import format_time

_MOST_WRITE_IDS: Final = 20


class Beginning(Record):
    """Where the visible history begins, and what stands for that which came before.

    Attributes:
        first: index of the first visible message.
        replaced_by: id of the batch that has replaced the history; None where nobody did.
        summary: of what came before.
        usage: of all visible messages below `first`.
        reached: the next index when it was written: every list that is a snapshot goes so far.
        is_known: whether this was read; else nothing that is stored is hidden.
    """

    first: int = 0
    replaced_by: str | None = None
    summary: Summary | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    reached: int = 0
    is_known: bool = True

    def shows(self, commit: Batch) -> bool:
        """Tell whether readers see a batch that is committed; `commit` is what its first says."""
        return not commit.replaces or not self.is_known or commit.id == self.replaced_by

    def says_what(self, other: Beginning) -> bool:
        """Tell whether both show the same history."""
        return _shown(self) == _shown(other)


def _shown(beginning: Beginning) -> tuple[Any, ...]:
    return beginning.first, beginning.replaced_by, beginning.summary


WHOLE: Final = Beginning()
"""The beginning of a history of which nothing is hidden."""

UNKNOWN: Final = Beginning(is_known=False)
"""What stands in for a beginning that cannot be read."""


def beginning_of(document: Document | None, session: Document | None, agent_id: str) -> Beginning:
    """Read a history.json beside its session.json, as they were read by one snapshot."""
    if document is None or is_of_another_life(document, session, agent_id):
        return WHOLE
    if document.corrupt is not None:
        return UNKNOWN
    body = document.body
    summary = body.get("summary")
    return Beginning(
        first=body["first"],
        replaced_by=body.get("replaced_by"),
        summary=Summary(summary["text"], summary["covers_to"]) if summary else None,
        usage=body.get("usage") or {},
        reached=_reached(document),
    )


def beginning_within(
    document: Document | None, session: Document | None, agent_id: str, next_index: int
) -> Beginning:
    """Read a history.json beside a list that shows this end.

    Without a session.json it may be what a stalled writer left behind a deletion.
    """
    if document is not None and session is None and not fits(document, next_index):
        return WHOLE
    return beginning_of(document, session, agent_id)


def _reached(document: Document) -> int:
    reached = document.body.get("next_index")
    return reached if isinstance(reached, int) else 0


def fits(document: Document, next_index: int) -> bool:
    """Tell whether a history.json can be of the life of which a list shows this end."""
    return next_index > 0 and next_index >= _reached(document)


def is_of_another_life(document: Document, session: Document | None, agent_id: str) -> bool:
    """Tell whether a history.json was left by an earlier life of the session or the agent."""
    if session is None or session.corrupt is not None or document.corrupt is not None:
        return False
    its, life = document.stamp.get("life"), name_of_life(life_of_agent(session, agent_id))
    return None not in (its, life) and its != life


def name_of_life(life: Life | None) -> str | None:
    """Give what history.json and segments call a life; None where that is not known.

    A session.json of Strands has but its beginning.
    """
    if life is None:
        return None
    own_id, began, ended = life
    names = [own_id or began, *([ended] if ended else [])]
    return "/".join(names) if all(isinstance(name, str) for name in names) else None


def written(document: Document) -> list[str]:
    """Give the write ids of the last writes of a history.json, the newest last."""
    write_ids = document.stamp.get("write_ids")
    return write_ids if isinstance(write_ids, list) else []


def beginning_body(
    scope: Scope,
    beginning: Beginning,
    before: Document | None,
    life: Life | None,
    write_id: str,
) -> dict[str, Any]:
    """Make the body of a history.json; unknown fields of the one before it stay."""
    now = format_time(scope.now())
    summary = beginning.summary
    kept: dict[str, Any] = {"created_at": now} if before is None else dict(before.body)
    # Who wrote and lost the answer finds its own here, though others have gone on from it.
    write_ids = [*(written(before) if before else ()), write_id][-_MOST_WRITE_IDS:]
    ours = {"v": FORMAT_VERSION, "write_ids": write_ids, "life": name_of_life(life)}
    stamp = {**kept.pop(STAMP, {}), **ours}
    return {
        **kept,
        "first": beginning.first,
        "replaced_by": beginning.replaced_by,
        "summary": {"text": summary.text, "covers_to": summary.covers_to} if summary else None,
        "usage": dict(beginning.usage),
        "next_index": beginning.reached,
        "updated_at": now,
        STAMP: {name: value for name, value in stamp.items() if value is not None},
    }
