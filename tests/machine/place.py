"""The place that the machine plays in: one store, many processes, each of which may be killed."""

from __future__ import annotations

import itertools
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from s3sessions.ports import Observer, SyncStore
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from tests.interposed import Hook, Interposed
from tests.rig import Colour, Rig

T = TypeVar("T")


class Crash(BaseException):
    """The process is gone; no `except` of the product may stop it."""


class Process(Interposed):
    """A store whose fan-outs go one after the other, so that a run can be repeated."""

    def fan_out(self, calls: Sequence[Callable[[], T]]) -> Sequence[T]:
        return [call() for call in calls]

    def observed(self, observer: Observer) -> Process:
        return Process(self._store.observed(observer), self._hook)

    def sleep(self, seconds: float) -> None:
        """Nobody else is there to wait for."""


class Fuse:
    """Kills at the k-th request from now: before it takes effect, or after, unanswered."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._takes_effect = False

    def set(self, left: int | None, *, takes_effect: bool) -> None:
        self._left = left
        self._takes_effect = takes_effect

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if self._left is None:
            return call()
        self._left -= 1
        if self._left >= 0:
            return call()
        if self._left == -1 and self._takes_effect:
            call()
        # Whatever the process still tries while it dies reaches nobody.
        raise Crash


class Place:
    """A fresh, empty place, its clock, and the processes that were started on it."""

    def __init__(self, store: str, colour: Colour) -> None:
        self._folder = tempfile.TemporaryDirectory() if store == "local" else None
        self.now = 1_750_000_000.0
        self.fuse = Fuse()
        raw: SyncStore = (
            LocalStore(self._folder.name)
            if self._folder is not None
            else MemoryStore(clock=lambda: self.now)
        )
        self._entropy = itertools.count(1)
        self.raw = raw
        hook: Hook = self.fuse
        self._rig = Rig(store, colour, None, {}, Process(raw, hook))
        self._colour = colour

    def process(self) -> Any:
        """Start a process: sessions that remember nothing."""
        return self._rig.sessions(clock=lambda: self.now, entropy=self._random)

    def _random(self, size: int) -> bytes:
        """Random enough to be unique, and the same in each run."""
        return next(self._entropy).to_bytes(size, "big")

    def within(self, turn: Any, body: Callable[[], T]) -> T:
        """Do something inside a context manager of either colour."""
        if hasattr(turn, "__enter__"):
            with turn:
                return body()
        runner = self._rig._runner
        assert runner is not None
        runner.run(turn.__aenter__())
        try:
            return body()
        finally:
            runner.run(turn.__aexit__(*sys.exc_info()))

    def keys(self) -> list[str]:
        return self._rig.keys()

    def document(self, key: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._rig.body(key))
        return document

    def close(self) -> None:
        self.fuse.set(None, takes_effect=False)
        self._rig.close()
        if self._folder is not None:
            self._folder.cleanup()
