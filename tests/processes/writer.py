"""A process that appends to a shared session, and prints each acknowledgement before it goes on.

It says "ready", waits for a line, writes, and ends with its figures. Each line is one write(2):
what stands in the pipe survives the SIGKILL of its writer.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from s3sessions import AgentSession, AppendConflict, Message, Sessions, StoreUnavailable
from s3sessions.ports import Request
from tests.processes.assignment import SESSION, Acknowledged, Assignment, Figures

T = TypeVar("T")

PATIENCE, PAUSE = 300, 0.2
"""How often a writer bears with a store that does not answer, and the seconds in between.

The SDK does not wait where nobody listens and its budget of retries is used up.
"""


class Writer:
    """One writer, and what has happened to it so far."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._refused = self._conflicts = self._unavailable = 0
        self._end: str | None = None
        self._chance = random.Random(f"{assignment.writer} {assignment.launch}")
        self._sessions = Sessions(assignment.url, on_request=self._observe, **assignment.options)

    def prepare(self) -> None:
        """Import the SDK and connect, so that all who begin together write together."""
        next(self._sessions.list(), None)

    def write(self) -> None:
        """Make the appends of the assignment, and acknowledge each."""
        append = {
            "share": self._share,
            "share in batches": self._share_in_batches,
            "extend": self._extend,
        }[self._assignment.manner]
        chat = self._open()
        for n in range(self._assignment.first, self._assignment.count):
            messages = append(chat, n)
            say(asdict(Acknowledged(n, [message.index for message in messages])))

    def figures(self) -> Figures:
        requests = dict(self._sessions.requests.by_verb)
        return Figures(requests, self._refused, self._conflicts, self._unavailable)

    def _open(self) -> AgentSession:
        if self._assignment.manner == "extend":
            chat = self._sessions.open(SESSION)
            seen = chat.restore(last=1).messages
            self._end = seen[-1].write_id if seen else None
            return chat
        chat = self._sessions.open(SESSION, on_conflict="rebase")
        if self._assignment.stamps:
            # A handle that has restored knows the write id of every message.
            self._restore(chat)
        return chat

    def _restore(self, chat: AgentSession) -> None:
        """Restore, though the server be killed before this writer has come so far."""
        while True:
            try:
                chat.restore()
            except StoreUnavailable:
                self._unavailable += 1
            else:
                return

    def _share(self, chat: AgentSession, n: int) -> list[Message]:
        payload = self._payload(n)
        return [self._insist(lambda stamp: chat.append(payload, write_id=stamp), n)]

    def _share_in_batches(self, chat: AgentSession, n: int) -> list[Message]:
        size = 1 + (self._assignment.writer + n) % 3
        if size == 1:
            return self._share(chat, n)
        payloads = [{**self._payload(n), "position": at, "of": size} for at in range(size)]
        return self._insist(lambda stamp: chat.append_many(payloads, write_id=stamp), n)

    def _extend(self, chat: AgentSession, n: int) -> list[Message]:
        while True:
            try:
                message = chat.append({**self._payload(n), "after": self._end})
            except AppendConflict:
                self._conflicts += 1
                self._look(chat)
            else:
                self._end = message.write_id
                return [message]

    def _look(self, chat: AgentSession) -> None:
        """See the end of the history: half of the writers restore, the others refresh."""
        seen = chat.restore(last=1).messages if self._assignment.writer % 2 else chat.refresh()
        self._end = seen[-1].write_id

    def _insist(self, append: Callable[[str | None], T], n: int) -> T:
        """Append until it is acknowledged, always under one write id once there is one."""
        write_id = f"{self._assignment.writer}/{n}" if self._assignment.stamps else None
        while True:
            try:
                return append(write_id)
            except AppendConflict:
                self._conflicts += 1
            except StoreUnavailable as error:
                self._unavailable += 1
                if self._unavailable > PATIENCE:
                    raise
                write_id = error.write_id
                # The server is being started again in another process: nothing here can tell when.
                # The server is started again by another process: nothing here can tell when.
                time.sleep(PAUSE)

    def _payload(self, n: int) -> dict[str, Any]:
        return {"role": "user", "writer": self._assignment.writer, "n": n}

    def _observe(self, request: Request) -> None:
        self._refused += request.status == 412
        is_stored = request.verb == "put" and request.status == 200
        if is_stored and self._chance.random() < self._assignment.fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def say(line: object) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    writer = Writer(Assignment.load(sys.argv[1]))
    writer.prepare()
    say("ready")
    sys.stdin.readline()
    writer.write()
    say(asdict(writer.figures()))
