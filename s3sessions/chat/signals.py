"""SIGINT and SIGTERM as exceptions that come only where nothing can be torn by them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["Interruptions", "Terminated", "install_sigterm"]

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Terminated(SystemExit):
    """SIGTERM came. Not caught, it ends the process with code 0 once every block was left."""

    def __init__(self) -> None:
        super().__init__(0)


def install_sigterm() -> None:
    """Let SIGTERM raise `Terminated` in the main thread, so that `with` and `finally` run.

    For a program that keeps something to store until its end: by default SIGTERM ends a process at
    once. What `append` has returned is stored, whatever signal comes; nothing needs this for it.
    AWS Lambda sends SIGTERM only to functions with an extension, half a second before SIGKILL.

    Raises:
        ValueError: not called in the main thread.
    """
    signal.signal(signal.SIGTERM, _terminate)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


class Interruptions:
    """While it is entered, a signal that comes at a bad moment waits for a good one.

    Good moments are the blocks of `allowed`, in which nothing is written. SIGINT raises
    KeyboardInterrupt there, SIGTERM raises `Terminated`. A second SIGINT waits for nothing.
    """

    def __init__(self) -> None:
        self._is_allowed = False
        self._waiting: int | None = None
        self._before: dict[int, Callable[[int, FrameType | None], Any] | int | None] = {}

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            # Whoever started this process may want it to ignore Ctrl-C: a shell's background job.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Raise what waits, and whatever comes until the end of the block."""
        was_allowed, self._is_allowed = self._is_allowed, True
        try:
            self._raise_waiting()
            yield
        finally:
            self._is_allowed = was_allowed

    def _receive(self, number: int, frame: FrameType | None) -> None:
        is_impatient = number == self._waiting == signal.SIGINT
        if self._waiting != signal.SIGTERM:
            self._waiting = number
        if self._is_allowed or is_impatient:
            self._raise_waiting()

    def _raise_waiting(self) -> None:
        number, self._waiting = self._waiting, None
        if number == signal.SIGTERM:
            raise Terminated
        if number is not None:
            raise KeyboardInterrupt
