"""A history, message by message, from the shapes that it is in to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final, NamedTuple, Protocol

from s3sessions.converters.anthropic import Anthropic
from s3sessions.converters.converse import Converse
from s3sessions.converters.openai import OpenAI
from s3sessions.converters.parts import Media, Other, Text, Turn

__all__ = ["Conversion", "Dropped", "read_turn", "to_anthropic", "to_openai", "to_strands"]


class Dropped(NamedTuple):
    """What is not in the result, or not as it was.

    Attributes:
        position: of the payload, in what was given.
        what: a field's name, the type of a block, or `reasoning`, `image`, `error status` …
    """

    position: int
    what: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """A history in the shape of one provider.

    Attributes:
        messages: what the provider takes; payloads in its shape are the same objects.
        system: instructions that stand apart from the messages; None where there are none, and
            for OpenAI, which has them among the messages.
        positions: for each message, the position of the payload that it comes from; None for the
            instructions that stood apart.
        dropped: what the provider has no place for, in the order of the payloads.
    """

    messages: list[dict[str, Any]]
    system: str | None
    positions: list[int | None]
    dropped: tuple[Dropped, ...]


class _Provider(Protocol):
    """One provider's notation: nothing else spells its keys.

    Attributes:
        keeps_instructions_apart: whether instructions are no messages.
    """

    keeps_instructions_apart: ClassVar[bool]

    def wrote(self, message: Mapping[str, Any]) -> bool:
        """Tell whether a message can be nobody else's; of text alone it can be several's."""

    def read(self, message: Mapping[str, Any]) -> Turn:
        """Read a message that it wrote, or of text alone."""

    def write(self, turn: Turn, omit: Callable[[str], None]) -> list[dict[str, Any]]:
        """Write a turn as messages, none where nothing is left; says what it omits."""


_CONVERSE: Final[_Provider] = Converse()
_OPENAI: Final[_Provider] = OpenAI()
_ANTHROPIC: Final[_Provider] = Anthropic()
_TALKING: Final = ("system", "user", "assistant")


def to_openai(payloads: Iterable[Mapping[str, Any]], *, system: str | None = None) -> Conversion:
    """Give a history as messages of OpenAI's chat completions.

    Media of results, reasoning, and tools that another provider runs itself have no place there.

    Args:
        payloads: of any of the three shapes.
        system: instructions that stand apart from the payloads; they become the first message.
    """
    return _convert(payloads, _OPENAI, system)


def to_anthropic(payloads: Iterable[Mapping[str, Any]], *, system: str | None = None) -> Conversion:
    """Give a history as messages of Anthropic's API.

    Reasoning that Anthropic did not sign, audio and video have no place there.

    Args:
        payloads: of any of the three shapes.
        system: instructions that stand apart from the payloads; they come first in
            `Conversion.system`.
    """
    return _convert(payloads, _ANTHROPIC, system)


def to_strands(payloads: Iterable[Mapping[str, Any]], *, system: str | None = None) -> Conversion:
    """Give a history as messages of Bedrock's Converse, which Strands Agents keeps.

    Media at an address of the web have no place there.

    Args:
        payloads: of any of the three shapes.
        system: instructions that stand apart from the payloads; they come first in
            `Conversion.system`.
    """
    return _convert(payloads, _CONVERSE, system)


def _convert(
    payloads: Iterable[Mapping[str, Any]], target: _Provider, system: str | None
) -> Conversion:
    run = _Run(target)
    if system:
        run.instruct(system)
    for position, payload in enumerate(payloads):
        run.add(position, payload)
    run.flush()
    instructions = "\n\n".join(run.instructions) or None
    return Conversion(
        run.messages, instructions, run.positions, tuple(sorted(run.dropped, key=_position))
    )


def _position(dropped: Dropped) -> int:
    return dropped.position


def read_turn(message: Any) -> Turn | None:
    """Read a message of any shape; None where it has none that is known."""
    writers = _writers(message)
    return writers[0].read(message) if writers else None


def _writers(message: Any) -> tuple[_Provider, ...]:
    """Give whose a message can be; nobody's where it has no shape that is known."""
    if not isinstance(message, Mapping):
        return ()
    for provider in (_CONVERSE, _OPENAI, _ANTHROPIC):
        if provider.wrote(message):
            return (provider,)
    is_text = message.get("role") in _TALKING and isinstance(message.get("content"), str | list)
    return (_OPENAI, _ANTHROPIC) if is_text else ()


@dataclass(slots=True)
class _Run:
    """What was converted so far, and the turn that the next message may be a part of."""

    target: _Provider
    instructions: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    positions: list[int | None] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    _held: _Held | None = None

    def instruct(self, system: str) -> None:
        if self.target.keeps_instructions_apart:
            self.instructions.append(system)
        else:
            self._append(None, {"role": "system", "content": system})

    def add(self, position: int, payload: Any) -> None:
        writers = _writers(payload)
        if not writers:
            self._drop(position, "message of no known shape")
            return
        turn = writers[0].read(payload)
        if self._held is not None and self._held.goes_on_with(writers, turn):
            self._note_unread(position, turn)
            self._held.turn = replace(turn, parts=self._held.turn.parts + turn.parts)
            return
        self.flush()
        if turn.role == "system" and self.target.keeps_instructions_apart:
            self._set_apart(position, turn)
        elif self.target in writers:
            self._append(position, payload)
        else:
            self._note_unread(position, turn)
            self._held = _Held(position, turn, writers[0])

    def flush(self) -> None:
        """Write the turn that is held."""
        held, self._held = self._held, None
        if held is None:
            return
        omitted: list[str] = []
        written = self.target.write(held.turn, omitted.append)
        for what in omitted:
            self._drop(held.position, what)
        for message in written:
            self._append(held.position, message)
        if not written and not omitted:
            self._drop(held.position, "message without content")

    def _set_apart(self, position: int, turn: Turn) -> None:
        self._note_unread(position, turn)
        for part in turn.parts:
            match part:
                case Text():
                    self.instructions.append(part.text)
                case Media():
                    self._drop(position, part.kind)
                case Other():
                    self._drop(position, part.label)
        if self.messages:
            self._drop(position, "place among the messages")

    def _note_unread(self, position: int, turn: Turn) -> None:
        for name in turn.unread:
            self._drop(position, name)

    def _append(self, position: int | None, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self.positions.append(position)

    def _drop(self, position: int, what: str) -> None:
        self.dropped.append(Dropped(position, what))


@dataclass(slots=True)
class _Held:
    """A turn that is read and not written yet, and whose it is."""

    position: int
    turn: Turn
    writer: _Provider

    def goes_on_with(self, writers: Sequence[_Provider], turn: Turn) -> bool:
        """Tell whether a message is of the same turn, though it stands by itself.

        So are the results of one answer with OpenAI, and neighbours of one role with Anthropic:
        other providers want all calls in one message, and all their results.
        """
        if turn.role != self.turn.role:
            return False
        if self.writer is _ANTHROPIC:
            return _ANTHROPIC in writers and (turn.role == "assistant" or len(writers) == 1)
        return turn.role == "tool"
