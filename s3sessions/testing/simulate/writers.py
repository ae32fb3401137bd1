"""Actors that append: rebasing or strict, one message or a batch at a time, redelivering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from s3sessions.aio import AsyncAgentSession
from s3sessions.errors import (
    AppendConflict,
    Conflict,
    DeadlineExceeded,
    SessionBusy,
    SessionDeleted,
    StoreUnavailable,
)
from s3sessions.models import Message
from s3sessions.testing.simulate.ledger import Known
from s3sessions.testing.simulate.reading import place_of
from s3sessions.testing.simulate.stage import TRUST, Role

_MOST_TRIES = 5


@dataclass
class Job:
    """What is to be appended; it outlives the process that tries.

    Attributes:
        name: of the job, from which its tokens are made.
        size: how many messages; several go as one batch.
        write_id: the caller's, or the one that an error named.
        tries: how often it was tried.
        partial: whether it is a message that is completed later.
    """

    name: str
    size: int = 1
    write_id: str | None = None
    tries: int = 0
    partial: bool = False
    _renewed: int = 0

    @property
    def tokens(self) -> list[str]:
        name = f"{self.name}{'+' * self._renewed}"
        return [name] if self.size == 1 else [f"{name}/{at}" for at in range(self.size)]

    def renew(self) -> None:
        """Say something else instead, in a write of its own: what was refused must not turn up."""
        self._renewed += 1
        self.write_id = None


@dataclass
class Writer:
    """Appends its jobs one after the other; what is unknown it tries again, by write id.

    Attributes:
        strict: whether it extends only what it has seen: it restores first, and on a conflict
            looks at what the others said.
        alone: whether nobody else is given the same jobs.
        takes_turns: whether it claims the turn for each job.
        hurries: whether it gives its appends a deadline.
    """

    jobs: list[Job]
    strict: bool = False
    alone: bool = True
    takes_turns: bool = False
    hurries: bool = False
    _known: Known | None = None
    _known_since: int = 0
    _looked_at: float = 0.0

    async def play(self, role: Role) -> None:
        self._drop_what_nobody_can_repeat()
        chat = await self._open(role)
        while self.jobs and chat is not None:
            await role.idle()
            job = self.jobs[0]
            is_done = await (self._in_turn if self.takes_turns else self._append)(role, chat, job)
            if is_done or job.tries >= _MOST_TRIES:
                self.jobs.pop(0)
            elif role.rng.random() < 0.5:
                chat = await self._open(role)

    def _drop_what_nobody_can_repeat(self) -> None:
        """After a crash without a write id there is nothing to recognise the message by."""
        while self.jobs and self.jobs[0].tries and self.jobs[0].write_id is None:
            self.jobs.pop(0)

    async def _open(self, role: Role) -> AsyncAgentSession | None:
        """Open a handle as a new process would; None if a strict one cannot restore."""
        self._look(role)
        if not self.strict:
            self._known = None
            return role.open("rebase")
        chat = role.open("raise" if role.rng.random() < 0.5 else None)
        return chat if await self._restore(role, chat) else None

    def _look(self, role: Role) -> int:
        """Note that the handle knows nothing that is older than this."""
        self._looked_at, self._known_since = role.clock(), role.ledger.now()
        return self._known_since

    async def _restore(self, role: Role, chat: AsyncAgentSession) -> bool:
        for _ in range(_MOST_TRIES):
            began = self._look(role)
            last = role.rng.choice((None, None, 3))
            try:
                history = await chat.restore(last=last, on_corrupt=role.on_corrupt)
            except (StoreUnavailable, SessionDeleted):
                await role.idle()
                continue
            role.ledger.read(
                role.name,
                "restore" if last is None else "last",
                began,
                history.messages,
                asked=last or 0,
                summary=history.summary,
            )
            self._known = Known.of(history.messages, began, role.ledger.now())
            return True
        return False

    async def _in_turn(self, role: Role, chat: AsyncAgentSession, job: Job) -> bool:
        """Append under a lease: look at what is there once it is ours, then speak."""
        try:
            async with chat.turn(wait=role.rng.choice((0.0, 5.0, 90.0)), lease=60.0):
                if self.strict:
                    await self._refresh(role, chat)
                return await self._append(role, chat, job)
        except (SessionBusy, StoreUnavailable, SessionDeleted):
            job.tries += 1
            return False

    async def _append(self, role: Role, chat: AsyncAgentSession, job: Job) -> bool:
        """Append a job and say whether it is done with."""
        job.tries += 1
        tokens, ledger, began = job.tokens, role.ledger, role.ledger.now()
        if role.clock() - self._looked_at > TRUST:
            self._look(role)
        ledger.begin(role.name, tokens, known_since=self._known_since, known=self._known)
        try:
            messages = await _deliver(chat, job, self._deadline(role))
        except StoreUnavailable as error:
            job.write_id = job.write_id or error.write_id
            return False
        except DeadlineExceeded as error:
            job.write_id = job.write_id or error.write_id
            return self._is_given_up(role, job, error)
        except AppendConflict as error:
            if error.messages:
                ledger.read(role.name, "last", began, error.messages)
            return await self._lost(role, chat, job)
        except SessionDeleted:
            ledger.refuse(tokens)
            await role.idle()
            return False
        ledger.acknowledge(tokens, messages)
        self._looked_at = role.clock()
        # One that somebody has removed since comes back as a void, and is seen by nobody.
        is_seen = messages[-1].status != "void"
        if is_seen and self._known is not None and self._known.place < place_of(messages[-1]):
            self._known = Known.of(messages)
        return True

    def _deadline(self, role: Role) -> float | None:
        return role.rng.choice((0.1, 1.0, 10.0, 100.0)) if self.hurries else None

    def _is_given_up(self, role: Role, job: Job, error: DeadlineExceeded) -> bool:
        """Say something else next time, or the same again: both are safe.

        What an earlier try has sent may still arrive, whatever this one came to.
        """
        is_certain = error.fate == "not_written" and job.tries == 1 and self.alone
        if not is_certain or role.rng.random() < 0.5:
            return False
        role.ledger.refuse(job.tokens)
        return True

    async def _lost(self, role: Role, chat: AsyncAgentSession, job: Job) -> bool:
        """Somebody was faster: a strict writer looks at what they said and says something else."""
        if not self.strict:
            return False
        if self.alone:
            role.ledger.refuse(job.tokens)
            job.renew()
        if role.rng.random() < 0.6:
            await self._refresh(role, chat)
        else:
            await self._restore(role, chat)
        return False

    async def _refresh(self, role: Role, chat: AsyncAgentSession) -> None:
        for _ in range(_MOST_TRIES):
            try:
                added = await chat.refresh()
            except StoreUnavailable:
                await role.idle()
                continue
            except (Conflict, SessionDeleted):
                await self._restore(role, chat)
                return
            if added:
                self._known = Known.of(added)
            return


async def _deliver(chat: AsyncAgentSession, job: Job, deadline: float | None) -> list[Message]:
    payloads = [{"token": token} for token in job.tokens]
    if job.size > 1:
        return await chat.append_many(payloads, write_id=job.write_id, deadline=deadline)
    status: Literal["partial"] | None = "partial" if job.partial else None
    return [await chat.append(payloads[0], write_id=job.write_id, status=status, deadline=deadline)]
