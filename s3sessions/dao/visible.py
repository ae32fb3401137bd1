"""Which stored messages readers see, and in which order.

A single message is visible. The messages of a batch are visible once its first one, the commit, is
there: a member is visible if the object at its commit index carries its batch id and lists it, and
it is read in its place after the commit, whatever its own index. A batch that is to replace the
history is visible once history.json names it. Voids are visible to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

from s3sessions.dao.beginning import WHOLE, Beginning
from s3sessions.dao.messages import Stored, Unreadable
from s3sessions.errors import CorruptObject
from s3sessions.models import Batch, Message


class ReplacedMember(CorruptObject):
    """A commit lists an index at which something else stands.

    Damage, or what a deletion that raced a batch has left of it in the next life of the id. Said
    like a hole, and like a hole no reason to refuse the rest.
    """


Reads: TypeAlias = Mapping[int, Stored]
"""Objects by index, as they were read."""


def batch_of(stored: Stored | None) -> Batch | None:
    """Give what an object says of its batch; None for a single message and what is unreadable."""
    content = stored.content if stored is not None else None
    return content.batch if isinstance(content, Message) else None


def is_member(stored: Stored | None) -> bool:
    """Tell whether an object is visible only if another one is there."""
    batch = batch_of(stored)
    return batch is not None and batch.position > 0


def is_listed(stored: Stored, commit: Stored | None) -> bool:
    """Tell whether a member belongs to the batch that this commit made visible."""
    batch, committed = batch_of(stored), batch_of(commit)
    if batch is None or committed is None or committed.indexes is None:
        return False
    if not isinstance(stored.content, Message) or batch.id != committed.id:
        return False
    return stored.content.index in committed.indexes


def related(reads: Reads, indexes: Iterable[int]) -> set[int]:
    """Give the commits and the members that belong to what stands at these indexes."""
    found: set[int] = set()
    for index in indexes:
        batch = batch_of(reads.get(index))
        if batch is not None:
            found.add(batch.commit)
            found.update(batch.indexes or ())
    return found


def standing(
    reads: Reads, index: int, beginning: Beginning = WHOLE
) -> Iterator[tuple[int, Stored]]:
    """Give what readers meet at a place: the object there and, of a commit, what it lists.

    What is listed and cannot be read, or is no member of the batch, is given as such: a commit is
    created behind its members, so one of the two is damaged.
    """
    stored = reads.get(index)
    if stored is None or is_member(stored):
        return
    batch = batch_of(stored)
    if batch is not None and not beginning.shows(batch):
        return
    yield index, stored
    for member in (batch.indexes or ())[1:] if batch is not None else ():
        read = reads.get(member)
        if read is None:
            continue
        if isinstance(read.content, Message) and not is_listed(read, stored):
            read = Stored(ReplacedMember(f"no member of the batch of message {index}"), read.etag)
        yield member, read


def keyed(error: Unreadable, key: str) -> Unreadable:
    """Name the object where the error does not yet."""
    error.key = error.key or key
    return error


def places(
    reads: Reads, start: int = 0, beginning: Beginning = WHOLE
) -> Iterator[tuple[int, Stored]]:
    """Give what is visible from a place on, in order, with the index at which each stands.

    Voids and what cannot be read are among it. A member comes after its commit.
    """
    listed: set[int] = set()
    for index in sorted(index for index in reads if index >= start):
        if index in listed and not isinstance(reads[index].content, Message):
            continue
        found = list(standing(reads, index, beginning))
        listed.update(member for member, _ in found[1:])
        yield from found


def place_of(message: Message) -> int:
    """Give the index at which readers see it: a member of a batch stands at its commit."""
    return message.index if message.batch is None else message.batch.commit


def in_order(found: Iterable[Message]) -> list[Message]:
    """Sort messages by where readers see them."""
    return sorted(found, key=lambda message: (place_of(message), message.index))


def messages(reads: Reads, start: int = 0, beginning: Beginning = WHOLE) -> list[Message]:
    """Give the messages that readers see, from a place on, in order."""
    return [
        stored.content
        for _, stored in places(reads, start, beginning)
        if isinstance(stored.content, Message) and not stored.is_void
    ]


def newest(found: list[Message], count: int) -> list[Message]:
    """Give the last `count` messages, and as many more as it takes to cut no batch."""
    at = max(0, len(found) - count)
    while 0 < at < len(found) and (batch := found[at].batch) is not None and batch.position > 0:
        at -= 1
    return found[at:]
