"""Upkeep: packing behind a restore that has found enough to pack, where the settings ask for it."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from s3sessions.blocks import block_of
from s3sessions.dao.packing import Packing
from s3sessions.dao.packing_plan import loose_tasks
from s3sessions.dao.restore import Restored
from s3sessions.dao.scope import Scope
from s3sessions.dao.survey import Survey
from s3sessions.dao.visible import place_of
from s3sessions.errors import S3SessionsError
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit
from s3sessions.models import Message

MIN_AGE = 86400.0
"""Seconds for which what is packed so must have been left alone."""


async def pack_if_due(
    scope: Scope, session: SessionKeys, agent: AgentKeys, restored: Restored
) -> None:
    """Pack what a restore of the whole history has shown, if it is at least `pack_at` messages.

    Nothing that goes wrong here is raised: the restore is done. Requests: none, or as a packing.
    """
    least = scope.settings.pack_at
    if least is None or _packable(scope, restored) < least:
        return
    try:
        await Packing(scope, session, agent).run(MIN_AGE)
    except S3SessionsError as error:
        ids = {"session": agent.session_id, "agent": agent.agent_id}
        emit(logging.WARNING, "history_not_packed", **ids, error=str(error))


def _packable(scope: Scope, restored: Restored) -> int:
    """Count the loose messages in blocks of which nothing that was read forbids it."""
    seen = restored.seen
    survey = Survey.of(scope, seen.listing, seen.session, seen.beginning, MIN_AGE)
    if not survey.is_of_a_known_life:
        return 0
    loose = seen.listing.messages
    messages = [m for m in restored.messages if m.index in loose]
    limit = max((place_of(m) for m in messages if survey.is_old(loose[m.index])), default=0)
    blocked = _crossed_by_batches(messages) | _unreadable(scope, restored)
    counted = [task.sources for task in loose_tasks(survey, limit)]
    return sum(len(each) for each in counted if block_of(each[0].start) not in blocked)


def _crossed_by_batches(messages: Iterable[Message]) -> set[range]:
    """Give the blocks that hold a part of a batch, which stay as they are."""
    crossed = set()
    for message in messages:
        block, batch = block_of(message.index), message.batch
        indexes = () if batch is None else (batch.commit, *(batch.indexes or ()))
        if not all(index in block for index in indexes):
            crossed.add(block)
    return crossed


def _unreadable(scope: Scope, restored: Restored) -> set[range]:
    """Give the blocks that hold what cannot be read, which stay as they are, too."""
    places = [scope.root.parse(error.key or "") for error in restored.history.corrupt]
    indexes = [place.index for place in places if place is not None and place.index is not None]
    return set(map(block_of, indexes))
