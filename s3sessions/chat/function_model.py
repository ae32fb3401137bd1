"""A model that is a function: `f(messages)` gives text, whole or in pieces."""

from __future__ import annotations

import copy
import inspect
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from s3sessions.chat.async_steps import AsyncSteps
from s3sessions.chat.model import Piece, Said

__all__ = ["FunctionModel"]


class FunctionModel:
    """A function that is given the messages and answers the last one.

    It gives text, or an iterable or async iterable of text (a generator, to stream), or a
    coroutine of one of them. A mapping among the pieces says what the answer has used:
    `{"inputTokens": 12}`.
    """

    def __init__(
        self, name: str, answer: Callable[[list[dict[str, Any]]], Any], *, note: str | None = None
    ) -> None:
        self.name = name
        self.note = note
        self._answer = answer
        self._steps = AsyncSteps()

    def message(self, role: str, text: str) -> dict[str, Any]:
        return {"role": role, "content": text}

    def ask(self, history: Sequence[Mapping[str, Any]]) -> Iterator[Piece]:
        said: list[str] = []
        usage: Mapping[str, Any] | None = None
        # A copy: what the function changes in it is not what was stored.
        for piece in self._pieces(self._answer(copy.deepcopy([dict(m) for m in history]))):
            if isinstance(piece, str):
                said.append(piece)
                yield piece
            elif isinstance(piece, Mapping):
                usage = piece
            else:
                raise TypeError(f"the model gave a piece of type {type(piece).__name__}, not text")
        if said:
            yield Said(self.message("assistant", "".join(said)), usage)

    def close(self) -> None:
        self._steps.close()

    def _pieces(self, answer: Any) -> Iterable[Any]:
        if inspect.isawaitable(answer):
            answer = self._steps.run(answer)
        if isinstance(answer, str):
            return [answer]
        if isinstance(answer, AsyncIterable):
            return self._steps.drive(answer)
        if isinstance(answer, Iterable) and not isinstance(answer, Mapping):
            return answer
        raise TypeError(
            f"the model gave {type(answer).__name__}: an answer is text, or an iterable of text"
        )
