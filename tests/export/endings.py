"""How a process ends at one of its requests: before it, after it, or with a store that is gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s3sessions import StoreUnavailable
from tests.interposed import Hook


class Killed(Exception):
    """The process ends here."""


def dies_before(number: int) -> Hook:
    """Nothing is sent from this request on."""

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        seen.append(key)
        if len(seen) > number:
            raise Killed
        return call()

    seen: list[str] = []
    return hook


def dies_after(number: int) -> Hook:
    """This request takes effect, and nobody is there for its answer."""

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        seen.append(key)
        if len(seen) > number:
            raise Killed
        result = call()
        if len(seen) == number:
            raise Killed
        return result

    seen: list[str] = []
    return hook


def breaks_down(number: int) -> Hook:
    """The store does not answer any more: what was sent last took effect, the rest did not."""

    def hook(verb: str, key: str, call: Callable[[], Any]) -> Any:
        seen.append(key)
        if len(seen) == number:
            call()
        if len(seen) >= number:
            raise StoreUnavailable("no answer", key=key)
        return call()

    seen: list[str] = []
    return hook
