"""The messages of one append on their way: where each goes, and the first wave of a batch.

How a batch becomes visible. Its messages are stamped with a batch id that is new for each try.
Those behind the first are created in one wave at free indexes above the next index; no reader sees
them yet. Then the first is created at the next index: it lists the indexes of all, and its creation
is the commit. Every writer contends for the same next index, so a batch is committed, or dead, the
moment that index is taken; nobody waits. The members of a dead batch stay where they are.

The members go to the lowest indexes that are free, so that nothing free is left between a commit
and its last member: a writer whose list is older than the commit cannot slip in there.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from s3sessions.codec import Draft
from s3sessions.dao.messages import Stored, read_message
from s3sessions.dao.scope import Scope
from s3sessions.errors import PreconditionFailed, S3SessionsError, StoreUnavailable
from s3sessions.keys import AgentKeys
from s3sessions.models import Batch, Message
from s3sessions.ports import ABSENT

MOST_MESSAGES: Final = 1000
"""Longest batch: its commit lists the index of each message."""


class Attempt:
    """One try of an append: its drafts, each at an index.

    Attributes:
        drafts: the messages; the first is the commit.
        indexes: where they go, ascending.
        batch_id: None for a single message.
        replaces: whether the batch is to take the place of the whole history.
        etags: by index, of what is known to be stored.
        is_open: whether the commit may take effect, or has, without our knowing.
        is_alive: whether none of its indexes is known to be taken by another writer.
    """

    def __init__(
        self,
        drafts: tuple[Draft, ...],
        indexes: tuple[int, ...],
        batch_id: str | None,
        *,
        replaces: bool,
    ) -> None:
        self.drafts = drafts
        self.indexes = indexes
        self.batch_id = batch_id
        self.replaces = replaces
        self.etags: dict[int, str] = {}
        self.is_open = False
        self.is_alive = True

    @property
    def commit(self) -> int:
        return self.indexes[0]

    def batch(self, position: int) -> Batch | None:
        if self.batch_id is None:
            return None
        if position:
            return Batch(self.batch_id, self.commit, position)
        return Batch(self.batch_id, self.commit, 0, self.indexes, self.replaces)

    def body(self, position: int) -> bytes:
        """Give the bytes of the object at this position."""
        return self.drafts[position].at(self.indexes[position], self.batch(position))

    def messages(self) -> list[Message]:
        """Give the values that the caller gets, once all is stored."""
        return [
            draft.message(index, self.etags[index], self.batch(position))
            for position, (draft, index) in enumerate(zip(self.drafts, self.indexes, strict=True))
        ]

    def is_at(self, position: int, stored: Stored) -> bool:
        """Tell whether this object is the one that this try puts there."""
        content = stored.content
        return (
            isinstance(content, Message)
            and content.index == self.indexes[position]
            and content.write_id == self.drafts[position].write_id
            and content.batch == self.batch(position)
        )


async def put_members(scope: Scope, agent: AgentKeys, attempt: Attempt) -> bool:
    """Create all but the commit; False where another writer has taken one of the indexes.

    Requests: 1 PUT for each message but the first, at once.

    Raises:
        StoreUnavailable: the fate of one is open; the same attempt may be made again.
    """
    members = range(1, len(attempt.indexes))
    lacking = [at for at in members if attempt.indexes[at] not in attempt.etags]
    if not lacking:
        return True
    calls = [partial(_put_member, scope, agent, attempt, at) for at in lacking]
    outcomes = await scope.store.fan_out(calls)
    for outcome in outcomes:
        if isinstance(outcome, S3SessionsError):
            raise outcome
    return all(outcomes)


async def _put_member(
    scope: Scope, agent: AgentKeys, attempt: Attempt, position: int
) -> bool | S3SessionsError:
    """Create one; an error is given back, for the others are to go on."""
    index = attempt.indexes[position]
    try:
        etag = await scope.put(agent.message(index), attempt.body(position), ABSENT)
    except (PreconditionFailed, StoreUnavailable) as error:
        return await _settle_member(scope, agent, attempt, position, error)
    except S3SessionsError as error:
        return error
    attempt.etags[index] = etag
    return True


async def _settle_member(
    scope: Scope, agent: AgentKeys, attempt: Attempt, position: int, error: S3SessionsError
) -> bool | S3SessionsError:
    index = attempt.indexes[position]
    try:
        stored = await read_message(scope, agent, index)
    except S3SessionsError as unread:
        return unread
    if stored is None:
        return error if isinstance(error, StoreUnavailable) else False
    if attempt.is_at(position, stored):
        attempt.etags[index] = stored.etag
        return True
    return False
