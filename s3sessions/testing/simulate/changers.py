"""Actors that change messages in place: redact, complete, update and remove."""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.aio import AsyncAgentSession
from s3sessions.errors import Conflict, MessageNotFound, SessionNotFound, StoreUnavailable
from s3sessions.models import Message
from s3sessions.testing.simulate.reading import token_of
from s3sessions.testing.simulate.stage import Role


@dataclass
class Changer:
    """Reads a history and changes one of its messages, a number of times."""

    times: int

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await role.idle()
            chat = role.open()
            began = role.ledger.now()
            try:
                history = await chat.restore()
            except (StoreUnavailable, SessionNotFound):
                continue
            role.ledger.read(role.name, "restore", began, history.messages, summary=history.summary)
            await role.idle()
            if history.messages:
                await self._change(role, chat, role.rng.choice(history.messages))

    async def _change(self, role: Role, chat: AsyncAgentSession, message: Message) -> None:
        how = role.rng.choice(("redact", "update", "complete", "remove"))
        version = "" if how == "remove" else f"{how} {role.name}.{self.times}"
        change = role.ledger.change(token_of(message), version)
        payload = {"token": token_of(message), "version": version}
        try:
            if how == "redact":
                await chat.redact(message.index, replacement=payload)
            elif how == "update":
                await chat.update(message, payload)
            elif how == "complete":
                await chat.complete(message.index, payload)
            else:
                await chat.remove(message.index)
        except StoreUnavailable:
            return
        except (Conflict, MessageNotFound):
            change.refused = True
            return
        change.ended = role.ledger.now()
