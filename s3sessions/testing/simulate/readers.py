"""Actors that read: whole histories, their ends, one message after the other, and what is new."""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.aio import AsyncAgentSession
from s3sessions.errors import Conflict, SessionNotFound, StoreUnavailable
from s3sessions.models import Message
from s3sessions.testing.simulate.stage import Role

_MOST_LAST = 4


@dataclass
class Reader:
    """Reads a number of times, each time in one of the ways that there are."""

    times: int

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await role.idle()
            try:
                await role.rng.choice((restore_all, restore_last, iterate, follow))(role)
            except (StoreUnavailable, SessionNotFound, Conflict):
                continue


async def restore_all(role: Role) -> None:
    """Restore a whole history."""
    began = role.ledger.now()
    history = await role.open().restore(on_corrupt=role.on_corrupt)
    role.ledger.read(role.name, "restore", began, history.messages, summary=history.summary)


async def restore_last(role: Role) -> None:
    """Restore the end of a history."""
    began = role.ledger.now()
    last = role.rng.randint(1, _MOST_LAST)
    history = await role.open().restore(last=last, on_corrupt=role.on_corrupt)
    role.ledger.read(role.name, "last", began, history.messages, asked=last)


async def iterate(role: Role) -> None:
    """Read a history message by message, dawdling between them."""
    began = role.ledger.now()
    stream = role.open().iterate()
    messages: list[Message] = []
    async for message in stream:
        messages.append(message)
        if role.rng.random() < 0.1:
            await role.idle()
    role.ledger.read(role.name, "iterate", began, messages)


async def follow(role: Role) -> None:
    """Restore a history, and later take what is new."""
    chat = role.open()
    began = role.ledger.now()
    messages = list((await chat.restore(on_corrupt=role.on_corrupt)).messages)
    for _ in range(role.rng.randint(1, 2)):
        await role.idle()
        began = role.ledger.now()
        messages += await _news(chat)
    role.ledger.read(role.name, "follow", began, messages)


async def _news(chat: AsyncAgentSession) -> list[Message]:
    return await chat.refresh()
