"""Who strikes at the n-th request of a deletion: a crash, a lost answer, somebody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class KilledError(BaseException):
    """The process dies here."""


class KillAt:
    """Strikes once, at the n-th request: before it, or after it took effect.

    Args:
        request: counted from 1.
        after: let the request take effect first.
        error: raised there.
        instead: done there in place of an error; the deletion goes on.
    """

    def __init__(
        self,
        request: int,
        *,
        after: bool,
        error: BaseException | None = None,
        instead: Callable[[], object] | None = None,
    ) -> None:
        self.request, self._left, self._after = request, request, after
        self._error = KilledError() if error is None else error
        self._instead = instead
        self.struck = False

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        self._left -= 1
        if self._left != 0:
            return call()
        self.struck = True
        result = call() if self._after else None
        if self._instead is None:
            raise self._error
        self._instead()
        return result if self._after else call()
