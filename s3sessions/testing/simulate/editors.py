"""Actors that change where the history begins: truncate, summarise, clear, replace and compact."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from s3sessions.aio import AsyncAgentSession
from s3sessions.errors import Conflict, PartialDelete, SessionNotFound, StoreUnavailable
from s3sessions.models import HistoryChange, Message
from s3sessions.testing.simulate.ledger import Cut, Known
from s3sessions.testing.simulate.reading import place_of, token_of
from s3sessions.testing.simulate.stage import Role

T = TypeVar("T")

MIN_AGE: Final = 200_000.0
"""Seconds after which a compaction deletes: longer than `trust` and than any process stalls."""


@dataclass
class Editor:
    """Restores a history and changes where it begins, a number of times."""

    times: int
    _known_at: int = 0

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await role.idle()
            chat = role.open(role.rng.choice((None, "rebase")))
            began = role.ledger.now()
            try:
                history = await chat.restore(on_corrupt=role.on_corrupt)
            except (StoreUnavailable, SessionNotFound):
                continue
            self._known_at = role.ledger.now()
            role.ledger.read(role.name, "restore", began, history.messages, summary=history.summary)
            await role.idle()
            how = role.rng.choice((self._truncate, self._summarise, self._clear, self._replace))
            if role.rng.random() < 0.3:
                await self._compact(role, chat)
            elif history.messages:
                await how(role, chat, history.messages)
                if role.rng.random() < 0.4:
                    await role.idle()
                    await self._compact(role, chat)

    async def _truncate(
        self, role: Role, chat: AsyncAgentSession, messages: Sequence[Message]
    ) -> None:
        keep_last = role.rng.randint(0, len(messages))
        cut = role.ledger.cut(_older(messages, keep_last), known_at=self._known_at)
        await self._move(role, cut, messages, chat.truncate(keep_last))

    async def _summarise(
        self, role: Role, chat: AsyncAgentSession, messages: Sequence[Message]
    ) -> None:
        keep_last = role.rng.randint(0, len(messages))
        text = f"summary {role.name}.{self.times}.{role.ledger.now()}"
        older = _older(messages, keep_last)
        cut = role.ledger.cut(older, known_at=self._known_at, summary=text)
        await self._move(role, cut, messages, chat.summarize(text, keep_last=keep_last))

    async def _clear(
        self, role: Role, chat: AsyncAgentSession, messages: Sequence[Message]
    ) -> None:
        cut = role.ledger.cut(_older(messages, 0), known_at=self._known_at, summary="")
        await self._move(role, cut, messages, chat.clear())

    async def _replace(
        self, role: Role, chat: AsyncAgentSession, messages: Sequence[Message]
    ) -> None:
        ledger, size = role.ledger, role.rng.choice((1, 2, 3))
        name = f"{role.name}.{self.times}.{ledger.now()}"
        tokens = [f"{name}/{at}" for at in range(size)]
        since = ledger.now()
        ledger.begin(role.name, tokens, known_since=since, known=Known.of(messages))
        cut = ledger.cut(_older(messages, 0), known_at=self._known_at, shown=tokens)
        coming = chat.replace([{"token": token} for token in tokens])
        stored = await self._is_done(role, cut, coming)
        if stored is not None:
            ledger.acknowledge(tokens, stored)
            cut.ended = ledger.now()
        elif cut.refused:
            ledger.refuse(tokens)

    async def _move(
        self,
        role: Role,
        cut: Cut,
        messages: Sequence[Message],
        coming: Coroutine[Any, Any, HistoryChange],
    ) -> None:
        """Await it; where a message was removed meanwhile, fewer than were asked for are hidden."""
        done = await self._is_done(role, cut, coming)
        if done is not None:
            cut.ended = role.ledger.now()
            cut.hidden = frozenset(token_of(m) for m in messages if place_of(m)[0] < done.first)

    async def _is_done(self, role: Role, cut: Cut, coming: Coroutine[Any, Any, T]) -> T | None:
        """Await a change; note where it was refused, and so not done."""
        try:
            return await coming
        except StoreUnavailable:
            return None
        except SessionNotFound:
            # It may have been done in the life that is over.
            return None
        except Conflict:
            cut.refused = not role.ledger.demolitions
            return None

    async def _compact(self, role: Role, chat: AsyncAgentSession) -> None:
        try:
            await chat.compact(min_age=MIN_AGE)
        except (StoreUnavailable, PartialDelete, Conflict, SessionNotFound):
            return


def _older(messages: Sequence[Message], keep_last: int) -> list[str]:
    """Give the tokens of all but the newest; a batch is not cut."""
    at = len(messages) - keep_last
    while 0 < at < len(messages) and (batch := messages[at].batch) and batch.position > 0:
        at -= 1
    return [token_of(message) for message in messages[: max(at, 0)]]
