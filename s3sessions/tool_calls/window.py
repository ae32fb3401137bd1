"""The newest part of a history, cut where no call is parted from its results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, Final, TypeVar

from s3sessions.tool_calls.shapes import NOTATIONS
from s3sessions.tool_calls.turns import Turn, turns

__all__ = ["window"]

_INSTRUCTIONS: Final = ("system", "developer")
_DEFAULT_RECENT: Final = 20

M = TypeVar("M", bound=Mapping[str, Any])


def window(
    messages: Iterable[M], *, first_user: bool = True, recent: int = _DEFAULT_RECENT
) -> list[M]:
    """Give the newest messages of a history, and with them what set its task.

    The `recent` newest stay, and more of them where a call would be parted from its results.
    Before them stay the messages of role system or developer that the history begins with, and
    the first message of a user that is more than results of tools. Of a history that has no fault
    the window has none; `repair` what has one. A history of at most `recent` messages stays whole.

    Args:
        messages: payloads; they are not changed. Those that stay are in the new list as they are,
            not as copies.
        first_user: whether the first message of a user stays.
        recent: messages, at least 1.

    Raises:
        ValueError: `recent` is no number of at least 1.
    """
    _check_size(recent)
    history = list(messages)
    start = _whole(history, len(history) - recent)
    if start <= 0:
        return history
    head = list(takewhile(_instructs, history[:start]))
    if first_user:
        asked = (message for message in history[len(head) : start] if _is_of_user(message))
        head += [message for message in [next(asked, None)] if message is not None]
    return head + history[start:]


def _check_size(recent: Any) -> None:
    if isinstance(recent, bool) or not isinstance(recent, int) or recent < 1:
        raise ValueError(f"recent is {recent!r}: it is a number of messages, at least 1")


def _whole(history: Sequence[Any], start: int) -> int:
    """Give the last position up to `start` that stands inside no call and its results."""
    spans = [span for notation in NOTATIONS for span in _spans(turns(history, notation))]
    for first, last in sorted(spans, key=lambda span: span[1], reverse=True):
        if first < start <= last:
            start = first
    return start


def _spans(found: Iterable[Turn]) -> Iterator[tuple[int, int]]:
    """Give the first and the last position of each turn whose calls have results."""
    for turn in found:
        answers = [place.position for place in turn.results if place is not None]
        if turn.calls and turn.is_unclear:
            answers += turn.answering
        if answers:
            yield turn.asking[0], max(answers)


def _instructs(message: Any) -> bool:
    return isinstance(message, Mapping) and message.get("role") in _INSTRUCTIONS


def _is_of_user(message: Any) -> bool:
    if not isinstance(message, Mapping) or message.get("role") != "user":
        return False
    return not any(notation.results(message) for notation in NOTATIONS)
