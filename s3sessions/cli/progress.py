"""Progress of long work, on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from s3sessions.cli.output import Output

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

__all__ = ["Progress"]

_SECONDS_BETWEEN_LINES: Final = 5.0


class Progress:
    """Shows how far one piece of work has come; may be told from any thread.

    Args:
        what: names the work: `import`.
        clock: seconds; only differences count.
    """

    def __init__(
        self, output: Output, what: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._output = output
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        self._last_line = clock()
        self._bar: Bar | None = _bar(output)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
            self._bar.add_task(self._what, total=None, text="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, text: str, *, done: int = 0, total: int | None = None) -> None:
        """Say how far it is: in words, and as a part of a total where that is known."""
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=done, total=total, text=text)
            return
        with self._lock:
            now = self._clock()
            if now - self._last_line < _SECONDS_BETWEEN_LINES:
                return
            self._last_line = now
        share = f"{done / total:.0%}, " if total else ""
        self._output.note(f"{self._what}: {share}{text}")


def _bar(output: Output) -> Bar | None:
    console = output.err_console
    if console is None:
        return None
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    return Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[text]}", markup=False),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
