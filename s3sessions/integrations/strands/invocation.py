"""One invocation of an agent: the names that its messages are stored under, and its turn."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from s3sessions.errors import S3SessionsError, SessionBusy
from s3sessions.integrations.strands.calls import Call, unbroken
from s3sessions.models import Message

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0

NameInvocation: TypeAlias = Callable[[Mapping[str, Any]], str | None]
"""Gives what an invocation is called by whoever delivers it; None for one without a name."""


@dataclass
class Invocation:
    """What goes on between the beginning and the end of one invocation.

    Attributes:
        name: of the delivery; its messages are stored as `<name>/0`, `<name>/1` …
        said: how many messages were added.
        turn: the claim that is held until the end.
        answer: what was answered when it was delivered before; nothing is run then.
    """

    name: str | None = None
    said: int = 0
    turn: Any = None
    answer: Message | None = None

    def next_write_id(self) -> str | None:
        """Name the next message; None where the invocation has no name."""
        if self.name is None:
            return None
        self.said += 1
        return f"{self.name}/{self.said - 1}"

    async def claim(self, call: Call, make_turn: Callable[[], Any], *, wait: float) -> None:
        """Take the turn; ask again and again while another has it.

        Waiting is done in the event loop: threads that wait could be those that the holder needs
        to end its turn, and a thread cannot be cancelled.

        Raises:
            SessionBusy: another had it all the time.
        """
        limit, pause = time.monotonic() + wait, _FIRST_PAUSE
        while True:
            try:
                await self._enter(call, make_turn())
            except SessionBusy:
                left = limit - time.monotonic()
                if left <= 0:
                    raise
                await asyncio.sleep(min(left, pause))
                pause = min(_LONGEST_PAUSE, 2 * pause)
            else:
                return

    async def _enter(self, call: Call, turn: Any) -> None:
        """Take a turn; cancelled meanwhile, give it back if it was had."""
        enter = turn.__aenter__ if hasattr(turn, "__aenter__") else turn.__enter__

        async def enter_and_keep() -> None:
            await call(enter)
            self.turn = turn

        try:
            await unbroken(enter_and_keep())
        except asyncio.CancelledError:
            with suppress(S3SessionsError):
                await unbroken(self.end(call))
            raise

    async def end(self, call: Call) -> None:
        """Give the turn back."""
        turn, self.turn = self.turn, None
        if turn is not None:
            leave = turn.__aexit__ if hasattr(turn, "__aexit__") else turn.__exit__
            await call(leave, None, None, None)


def named_by_state(invocation_state: Mapping[str, Any]) -> str | None:
    """Take the name that stands in the invocation's state as `write_id`."""
    name = invocation_state.get("write_id")
    return None if name is None else str(name)
