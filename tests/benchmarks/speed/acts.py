"""The acts: who does what to which session, and what must be there before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.benchmarks.speed.cold import Cold
from tests.benchmarks.speed.crew import Crew, PeerFailed
from tests.benchmarks.speed.filling import Filling
from tests.benchmarks.speed.peer import LAST
from tests.benchmarks.speed.reading import Reading

Take: TypeAlias = Callable[[], Reading]
"""One act, from what has to be there for it to what it took."""

Pace: TypeAlias = Mapping[str, float]

APPENDS = 5


class Acts:
    """Makes acts; nothing is asked of anybody before the first of them is done."""

    def __init__(self, crew: Crew, filling: Filling, cold: Cold) -> None:
        self._crew = crew
        self._filling = filling
        self._cold = cold
        self._ready: set[tuple[str, ...]] = set()

    def started(self, program: str) -> Take:
        """Run a program of its own."""
        return lambda: self._cold.run(program)

    def request(self, who: str, verb: str, count: int) -> Take:
        """Send single requests, 16 at once; gives what one of them takes."""
        return lambda: _share(self.perform(who, verb, count, expect=count), count)

    def page(self, who: str, size: int) -> Take:
        """List a session; gives what one page takes."""
        session = f"of-{size}"

        def take() -> Reading:
            self._fill(who, session, size)
            listed = self.perform(who, "pages", session, expect=size, times=3)
            return _share(listed, -(-size // 1000))

        return take

    def append(self, who: str, size: int, pace: Pace) -> Take:
        """Append to a session of so many; those that write each message by itself begin one."""
        session = f"appended-{who}-{size}-{'-'.join(pace)}"
        return lambda: self.perform(who, "append", session, size, times=APPENDS, pace=pace)

    def restore(self, who: str, size: int, pace: Pace) -> Take:
        """Read all of a history of single messages."""
        session = f"of-{size}"

        def take() -> Reading:
            self._fill(who, session, size)
            return self.perform(who, "restore", session, expect=size, pace=pace)

        return take

    def whole_restore(self, who: str, size: int, pace: Pace) -> Take:
        """Read a history that is kept as one."""
        session = f"of-{size}"

        def take() -> Reading:
            self._once(who, "fill", session, size)
            return self.perform(who, "restore", session, expect=size, pace=pace)

        return take

    def packed_restore(self, who: str, size: int, pace: Pace) -> Take:
        """Read all of a packed history."""

        def take() -> Reading:
            session = self._pack(size)
            return self.perform(who, "restore", session, expect=size, pace=pace)

        return take

    def last(self, who: str, size: int, pace: Pace) -> Take:
        """Read the end of a history of single messages."""
        session = f"of-{size}"

        def take() -> Reading:
            self._fill(who, session, size)
            return self.perform(who, "last", session, size, expect=LAST, pace=pace)

        return take

    def packed_last(self, who: str, size: int, pace: Pace) -> Take:
        """Read the end of a packed history."""

        def take() -> Reading:
            session = self._pack(size)
            return self.perform(who, "last", session, size, expect=LAST, pace=pace)

        return take

    def deletion(self, who: str, size: int, pace: Pace) -> Take:
        """Delete a session that is filled anew each time."""
        session = f"deleted-{who}"

        def take() -> Reading:
            self._filling.fill(_writer(who), session, size)
            return self.perform(who, "delete", session, pace=pace)

        return take

    def perform(
        self,
        who: str,
        verb: str,
        *arguments: Any,
        times: int = 1,
        expect: int | None = None,
        pace: Pace | None = None,
    ) -> Reading:
        """Have a peer do something.

        Args:
            times: how often at a stretch.
            expect: how many things must come of it.
            pace: of the stub, for the act alone.

        Raises:
            PeerFailed: it could not, or read something else than there is.
        """
        reading, count = self._crew.perform(who, verb, *arguments, times=times, pace=pace or {})
        if expect not in (None, count):
            # Fast is only who has read all of it.
            raise PeerFailed(f"{who} {verb}: {count} instead of {expect}")
        return reading

    def _fill(self, who: str, session: str, size: int) -> None:
        writer = _writer(who)
        if (writer, session) not in self._ready:
            self._filling.fill(writer, session, size)
            self._ready.add((writer, session))

    def _pack(self, size: int) -> str:
        """Give the name of a packed session."""
        session = f"packed-{size}"
        self._fill("ours-boto3", session, size)
        try:
            self._once("ours-fast", "pack", session)
        except PeerFailed:
            self._once("ours-boto3", "pack", session)
        return session

    def _once(self, who: str, verb: str, session: str, *arguments: Any) -> None:
        """Do what has to be done but once, past any latency."""
        if (who, verb, session) not in self._ready:
            self.perform(who, verb, session, *arguments)
            self._ready.add((who, verb, session))


def _writer(who: str) -> str:
    """Name the peer whose objects this one reads."""
    return "strands" if who == "strands" else "ours-boto3"


def _share(reading: Reading, parts: int) -> Reading:
    """Give what one of several equal parts took."""
    operations = {name: count / parts for name, count in reading.operations.items()}
    return Reading(reading.wall / parts, reading.cpu / parts, operations)
