"""Usage: what messages have cost, as numbers by name, and how they add up.

Each message carries what it added (tokens, calls, money), so that any number of writers count
without a counter that they would contend for. A message may state the whole instead, everything
before it included, as gateways report it. Sums are exact: of whole numbers always, of others as
they are written, in decimal, and rounded once, at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

from s3sessions.errors import InvalidMessage

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["Counted", "Usage", "check_usage", "fold", "plain_usage"]

Usage: TypeAlias = Mapping[str, Any]
"""Numbers by name, such as `inputTokens`; groups of numbers (`details`) may stand among them."""

_Totals: TypeAlias = dict[str, "int | Fraction | _Totals"]
_MAX_DEPTH: Final = 4
_MOST: Final = 2**63 - 1


class Counted(Protocol):
    """What carries usage: a message."""

    @property
    def usage(self) -> Usage | None: ...
    @property
    def usage_total(self) -> Usage | None: ...


def check_usage(usage: object, *, what: str = "usage", depth: int = 0) -> None:
    """Raise InvalidMessage for what is no mapping of names to numbers."""
    if not isinstance(usage, Mapping) or depth == _MAX_DEPTH:
        raise InvalidMessage(f"{what} is not numbers by name, as in {{'inputTokens': 12}}")
    for name, value in usage.items():
        if not isinstance(name, str):
            raise InvalidMessage(f"{what} has the name {name!r}: names are strings")
        if isinstance(value, Mapping):
            check_usage(value, what=f"{what}.{name}", depth=depth + 1)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidMessage(f"{what}.{name} is of type {type(value).__name__}: give a number")
        elif not -_MOST <= value <= _MOST:
            raise InvalidMessage(f"{what}.{name} is no number that can be added up: at most 2^63")


def fold(messages: Iterable[Counted], start: Usage | None = None) -> dict[str, Any]:
    """Add up what messages carry, in their order, to what was counted before them."""
    totals: _Totals = {}
    _add(totals, start or {})
    for message in messages:
        if message.usage_total is not None:
            totals = {}
            _add(totals, message.usage_total)
        if message.usage is not None:
            _add(totals, message.usage)
    return _plain(totals)


def plain_usage(usage: Usage) -> dict[str, Any]:
    """Copy it, groups too, as JSON holds it."""
    return {
        name: plain_usage(value) if isinstance(value, Mapping) else value
        for name, value in usage.items()
    }


def _add(totals: _Totals, usage: Usage) -> None:
    for name, value in usage.items():
        before = totals.get(name)
        if isinstance(value, Mapping):
            # A number in one message and a group in another: the group is the finer account.
            group = before if isinstance(before, dict) else {}
            _add(group, value)
            totals[name] = group
        elif not isinstance(before, dict):
            exact = value if isinstance(value, int) else _exact(value)
            totals[name] = exact if before is None else before + exact


def _exact(value: float) -> Fraction:
    """Give a number as it is written: ten times 0.1 is 1."""
    from fractions import Fraction  # it takes longer than all of this package's own

    return Fraction(repr(value))


def _plain(totals: _Totals) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in totals.items():
        if isinstance(value, dict):
            plain[name] = _plain(value)
        else:
            plain[name] = value if isinstance(value, int) else float(value)
    return plain
