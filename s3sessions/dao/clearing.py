"""Clearing: all that stands under a mark goes while the list of it goes on.

Three things are done at once: a wave of the list is read; session.json is read, behind the wave
before; and the messages of the waves before that are deleted. So a message goes only if the mark
was seen after the list had shown it, in the version that was listed: what a new life of the id has
written is never touched. What does not stand among the messages waits until all those have gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any

from s3sessions.dao.documents import Document, read_session_document
from s3sessions.dao.erasing import Fate, delete_chunk, delete_listed, in_chunks
from s3sessions.dao.marking import Mark
from s3sessions.dao.scope import Scope
from s3sessions.dao.waves import Waves
from s3sessions.errors import S3SessionsError
from s3sessions.keys import is_among_messages
from s3sessions.ports import Entry


class Erased:
    """What deletions have come to so far: how much is gone, and by key why something is not."""

    def __init__(self) -> None:
        self.objects = 0
        self.bytes = 0
        self.errors: dict[str, S3SessionsError] = {}

    def count(self, fates: Iterable[Fate]) -> None:
        """Add what became of some objects."""
        for entry, error in fates:
            if error is None:
                self.objects += 1
                self.bytes += entry.size
            else:
                self.errors[entry.key] = error


class Clearing:
    """One list of what stands under a mark, each object deleted as it was listed.

    Attributes:
        listed: all that the list has shown so far, but for session.json.
        rest: what is to go behind the messages, a few of which are in it, first.
    """

    def __init__(self, scope: Scope, mark: Mark, erased: Erased) -> None:
        self._scope = scope
        self._mark = mark
        self._erased = erased
        self._waves = Waves(scope.store, mark.prefix)
        self._begun: list[Entry] | None = None
        self.listed: list[Entry] = []
        self.rest: list[Entry] = []

    async def begin(self) -> None:
        """List the first wave, ahead of the mark or beside it.

        Nothing is lost by that: the mark is put only on the life that was met before.
        """
        self._begun = await self._list()

    async def take_messages(self) -> Document | None:
        """List everything and delete messages meanwhile, as many as fill whole requests.

        Requests: those of the list, 1 GET behind each wave, 1 DeleteObjects for each 1,000; as
        many round trips as waves, and 1 or 2 more.

        Returns:
            session.json as it was read behind the list; None where the mark has gone, and with it
            whatever was not deleted yet is somebody else's.

        Raises:
            CorruptObject, UnsupportedVersion: the mark was damaged.
        """
        wave = await self._list() if self._begun is None else self._begun
        going: Sequence[Entry] = []
        while True:
            has_more = not self._waves.is_over
            document, following = await self._step(going, lists=has_more)
            if document is None or not self._mark.is_on(document):
                return None
            going = self._part([*self.rest, *wave])
            if not has_more:
                break
            wave = following
        await self._scope.store.fan_out(self._deletions(going))
        return document

    async def take_rest(self) -> None:
        """Delete what is left of the messages, and what describes them.

        Requests: 1 DeleteObjects for each 1,000.
        """
        self._erased.count(await delete_listed(self._scope, self.rest))

    async def _step(
        self, going: Sequence[Entry], *, lists: bool
    ) -> tuple[Document | None, list[Entry]]:
        """Read session.json, list on and delete, all at once."""
        calls: list[Callable[[], Awaitable[Any]]] = [
            partial(read_session_document, self._scope, self._mark.session)
        ]
        calls += [self._list] if lists else []
        results = await self._scope.store.fan_out([*calls, *self._deletions(going)])
        return results[0], results[1] if lists else []

    async def _list(self) -> list[Entry]:
        document = self._mark.session.document
        wave = [entry for entry in await self._waves.next() if entry.key != document]
        self.listed += wave
        return wave

    def _part(self, listed: Sequence[Entry]) -> Sequence[Entry]:
        """Give as many messages as fill whole requests; the rest is kept."""
        messages: list[Entry] = []
        others: list[Entry] = []
        for entry in listed:
            (messages if is_among_messages(entry.key) else others).append(entry)
        whole = len(messages) // self._waves.page * self._waves.page
        self.rest = messages[whole:] + others
        return messages[:whole]

    def _deletions(self, going: Sequence[Entry]) -> list[Callable[[], Awaitable[None]]]:
        return [partial(self._delete, chunk) for chunk in in_chunks(going, self._waves.page)]

    async def _delete(self, chunk: Sequence[Entry]) -> None:
        self._erased.count(await delete_chunk(self._scope, chunk))
