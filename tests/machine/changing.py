"""Changes in place, said on the model: what each means on the version that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from s3sessions import Conflict, MessageNotFound
from tests.machine.model import Seen, Slot, new_version
from tests.machine.turn import Turn

EMPTIED = {"role": "user", "content": [{"text": "[redacted]"}]}
"""What a redaction leaves of every payload of the machine."""


@dataclass(frozen=True)
class Held:
    """A message that a caller has read: which version of it."""

    index: int
    version: int


def hold(turn: Turn, index: int) -> Held:
    """Read a message to change it later."""
    turn.read(index)
    return Held(index, turn.agent.slots[index].version)


def update(turn: Turn, held: Held, payload: dict[str, Any]) -> Seen:
    there = turn.agent.slots.get(held.index)
    if there is None:
        raise MessageNotFound("")
    if there.version != held.version:
        raise Conflict("")
    there.is_redacted = False
    return _write(turn, held.index, payload)


def redact(turn: Turn, index: int, replacement: dict[str, Any] | None) -> Seen:
    slot = _visible(turn, index)
    wanted = EMPTIED if replacement is None else replacement
    if slot.is_redacted and (replacement is None or slot.payload == replacement):
        return turn.read(index)
    slot.is_redacted = True
    return _write(turn, index, wanted)


def complete(turn: Turn, index: int, payload: dict[str, Any]) -> Seen:
    slot = _visible(turn, index)
    if slot.is_redacted:
        raise Conflict("")
    if slot.status == "partial":
        slot.status = None
        return _write(turn, index, payload)
    if slot.payload == payload:
        return turn.read(index)
    raise Conflict("")


def remove(turn: Turn, index: int) -> None:
    slot = turn.agent.slots.get(index)
    if slot is not None and slot.status == "void":
        return
    slot = _visible(turn, index)
    slot.status = "void"
    _touch(turn, index)


def _visible(turn: Turn, index: int) -> Slot:
    turn.read(index)
    return turn.agent.slots[index]


def _write(turn: Turn, index: int, payload: dict[str, Any]) -> Seen:
    turn.agent.slots[index].payload = payload
    _touch(turn, index)
    return turn.read(index)


def _touch(turn: Turn, index: int) -> None:
    slot = turn.agent.slots[index]
    slot.version = new_version()
    if turn.handle.tail is not None:
        turn.handle.tail = turn.handle.tail.changed(index, slot.version)
