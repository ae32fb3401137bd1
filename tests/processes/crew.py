"""Writer processes that run together: what each has acknowledged, and who is killed when."""

from __future__ import annotations

import json
import selectors
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

from tests.processes.assignment import Acknowledged, Assignment, Figures

ROOT = Path(__file__).parents[2]
LONGEST_LINE = 65536


class Member:
    """One writer, over all the processes that it takes to do its work."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self.acknowledged: list[Acknowledged] = []
        self.figures = Figures()
        self.kills = 0
        self._rest = b""
        self._process = self._launch()

    @property
    def writer(self) -> int:
        return self._assignment.writer

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def begin(self) -> None:
        """Let it write; returns when it has been told."""
        assert self.output.readline() == b'"ready"\n', f"writer {self.writer} could not begin"
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it with SIGKILL, wherever it is."""
        self._process.kill()

    def read(self) -> bool:
        """Take what it has printed; False at its end."""
        printed = self.output.read1(LONGEST_LINE)  # type: ignore[attr-defined]
        *lines, self._rest = (self._rest + printed).split(b"\n")
        for line in map(json.loads, lines):
            if "indexes" in line:
                self.acknowledged.append(Acknowledged(**line))
            else:
                self.figures = Figures(**line)
        return bool(printed)

    def ended(self) -> bool:
        """Take leave of a process; False where it was killed, and another goes on."""
        self._process.communicate()
        if self._process.returncode != -signal.SIGKILL:
            assert self._process.returncode == 0, f"writer {self.writer} failed"
            return True
        self.kills += 1
        self._process = self._launch()
        self.begin()
        return False

    def discard(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _launch(self) -> subprocess.Popen[bytes]:
        assignment = replace(self._assignment, first=len(self.acknowledged), launch=self.kills)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.processes.writer", assignment.dump()],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )


class Crew:
    """Several writers at once.

    Attributes:
        members: by number.
    """

    def __init__(self, assignments: Iterable[Assignment]) -> None:
        self.members: list[Member] = []
        try:
            self.members += map(Member, assignments)
        except BaseException:
            self._discard()
            raise

    def run(self, between: Callable[[Crew], None] = lambda _: None) -> None:
        """Let all write to their ends; `between` is called as acknowledgements come in."""
        try:
            for member in self.members:
                member.begin()
            with selectors.DefaultSelector() as ready:
                for member in self.members:
                    ready.register(member.output, selectors.EVENT_READ, member)
                self._follow(ready, between)
        finally:
            self._discard()

    @property
    def acknowledged(self) -> int:
        """Appends so far."""
        return sum(len(member.acknowledged) for member in self.members)

    @property
    def requests(self) -> Counter[str]:
        """By verb, of those processes that were not killed."""
        return sum((Counter(member.figures.requests) for member in self.members), Counter())

    def _follow(self, ready: selectors.BaseSelector, between: Callable[[Crew], None]) -> None:
        while ready.get_map():
            for key, _ in ready.select():
                member: Member = key.data
                if member.read():
                    between(self)
                    continue
                ready.unregister(key.fileobj)
                if not member.ended():
                    ready.register(member.output, selectors.EVENT_READ, member)

    def _discard(self) -> None:
        for member in self.members:
            member.discard()
