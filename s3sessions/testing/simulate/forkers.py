"""Actors that fork a session off, read what came of it, and look at it in calm weather."""

from __future__ import annotations

from dataclasses import dataclass

from s3sessions.errors import AlreadyExists, Conflict, SessionNotFound, StoreUnavailable
from s3sessions.testing.simulate.deleters import Deleter
from s3sessions.testing.simulate.ledger import CHILD, SESSION
from s3sessions.testing.simulate.reading import token_of
from s3sessions.testing.simulate.stage import Role


@dataclass
class Forker:
    """Forks the child off; killed or refused, the same fork is run again.

    Attributes:
        starts_over: whether it deletes a child that it cannot end, and forks again.
    """

    starts_over: bool
    tries: int = 5

    async def play(self, role: Role) -> None:
        await role.idle()
        while self.tries > 0:
            self.tries -= 1
            fork = role.ledger.fork()
            try:
                await role.sessions.fork(SESSION, CHILD)
            except StoreUnavailable:
                await role.idle()
                continue
            except SessionNotFound:
                return
            except (Conflict, AlreadyExists):
                if not self.starts_over:
                    return
                await Deleter(CHILD).play(role)
                continue
            fork.ended = role.ledger.now()
            return


@dataclass
class ChildReader:
    """Reads the child a number of times, whether it is there or not."""

    times: int

    async def play(self, role: Role) -> None:
        while self.times > 0:
            self.times -= 1
            await role.idle()
            try:
                await role.rng.choice((restore_child, iterate_child))(role)
            except (StoreUnavailable, SessionNotFound, Conflict):
                continue


async def restore_child(role: Role) -> None:
    """Restore the child's history."""
    began = role.ledger.now()
    history = await role.open_child().restore()
    role.ledger.read_child(role.name, "restore", began, history.messages, history.summary)


async def iterate_child(role: Role) -> None:
    """Read the child's history message by message."""
    began = role.ledger.now()
    messages = [message async for message in role.open_child().iterate()]
    role.ledger.read_child(role.name, "iterate", began, messages)


async def fork_in_calm_weather(role: Role) -> None:
    """Read what is left of the child; then make it anew, and compare it with its parent."""
    try:
        await restore_child(role)
        parent = await role.open().restore(on_corrupt=role.on_corrupt)
    except SessionNotFound:
        return
    await Deleter(CHILD).play(role)
    if not parent.messages:
        return
    fork = role.ledger.fork()
    try:
        await role.sessions.fork(SESSION, CHILD)
    except SessionNotFound:
        # What a handle from before a deletion has begun has no session.json.
        return
    fork.ended = role.ledger.now()
    child = await role.open_child().restore()
    one, other = ([token_of(m) for m in history.messages] for history in (parent, child))
    if one != other or (parent.summary and parent.summary.text) != (
        child.summary and child.summary.text
    ):
        role.ledger.surprises.append(f"a fork of {one} shows {other}")
    children = [child.id for child in await role.sessions.children(SESSION)]
    if children != [CHILD]:
        role.ledger.surprises.append(f"the children of the session are {children}")
