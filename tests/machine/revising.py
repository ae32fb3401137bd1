"""The rules for changes in place: update, redact, complete and remove, of what was read or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.machine import changing, observing
from tests.machine.changing import Held
from tests.machine.machine import CrashAt, Machine, crashes, handles, positions
from tests.machine.turn import Turn
from tests.machine.world import Address


@dataclass
class Read:
    """A message that somebody read, with whom."""

    address: Address
    agent_id: str
    real: Any
    held: Held


class Revising(Machine):
    """Reads messages and changes them, then or later."""

    @precondition(lambda self: self.handles)
    @rule(number=handles, index=positions)
    def hold(self, number: int, index: int) -> None:
        handle = self.handle(number)
        if self.is_being_deleted(handle):
            return
        kept: list[Any] = []

        def on_model(turn: Turn) -> int:
            kept.append(changing.hold(turn, index))
            return index

        def on_product(chat: Any) -> int:
            kept.append(chat.read(index))
            return index

        self.play_on(handle, on_model, on_product)
        if len(kept) == 2:
            read = Read(handle.address, handle.model.agent_id, kept[1], kept[0])
            self.reads = [*self.reads, read][-4:]

    @precondition(lambda self: self.handles and self.reads)
    @rule(number=handles, which=st.integers(0, 3), crash=crashes)
    def update(self, number: int, which: int, crash: CrashAt) -> None:
        handle, read = self.handle(number), self.reads[which % len(self.reads)]
        is_of_it = (handle.address, handle.model.agent_id) == (read.address, read.agent_id)
        if not is_of_it or self.is_being_deleted(handle):
            return
        payload = self.payload()
        self.play_on(
            handle,
            lambda turn: changing.update(turn, read.held, payload),
            lambda chat: observing.seen(chat.update(read.real, payload)),
            crash,
        )

    @precondition(lambda self: self.handles)
    @rule(number=handles, index=positions, is_replaced=st.booleans(), crash=crashes)
    def redact(self, number: int, index: int, is_replaced: bool, crash: CrashAt) -> None:
        replacement = self.payload() if is_replaced else None
        self.revise(
            number,
            lambda turn: changing.redact(turn, index, replacement),
            lambda chat: observing.seen(chat.redact(index, replacement=replacement)),
            crash,
        )

    @precondition(lambda self: self.handles)
    @rule(number=handles, index=positions, crash=crashes)
    def complete(self, number: int, index: int, crash: CrashAt) -> None:
        payload = self.payload()
        self.revise(
            number,
            lambda turn: changing.complete(turn, index, payload),
            lambda chat: observing.seen(chat.complete(index, payload)),
            crash,
        )

    @precondition(lambda self: self.handles)
    @rule(number=handles, index=positions, crash=crashes)
    def remove(self, number: int, index: int, crash: CrashAt) -> None:
        self.revise(
            number,
            lambda turn: changing.remove(turn, index),
            lambda chat: chat.remove(index),
            crash,
        )

    def revise(
        self,
        number: int,
        on_model: Callable[[Turn], Any],
        on_product: Callable[[Any], Any],
        crash: CrashAt,
    ) -> None:
        handle = self.handle(number)
        if not self.is_being_deleted(handle):
            self.play_on(handle, on_model, on_product, crash)
