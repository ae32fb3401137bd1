"""The rule for packing: nothing of what anybody sees changes by it."""

from __future__ import annotations

from typing import Any

from hypothesis.stateful import precondition, rule

from tests.machine.machine import CrashAt, Machine, crashes, handles


class Packing(Machine):
    """Packs what is there, however young: nobody else is at work."""

    @precondition(lambda self: self.handles)
    @rule(number=handles, crash=crashes)
    def pack(self, number: int, crash: CrashAt) -> None:
        handle = self.handle(number)
        if self.is_being_deleted(handle):
            return

        def on_product(chat: Any) -> None:
            chat.compact(pack=True, min_age=0)

        self.play_on(handle, lambda turn: None, on_product, crash)
