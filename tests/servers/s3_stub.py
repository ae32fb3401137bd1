"""An S3 in memory in a process of its own: it counts requests, and answers as late as it is told.

Nothing is proved on it that a real server has to prove; it is for what takes a known number of
requests, a known latency, or a server that costs its client no time.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple

from tests.servers.daemon import ServerFailed
from tests.servers.s3_server import S3Server

ROOT: Final = Path(__file__).parents[2]


class Counted(NamedTuple):
    """What the stub has answered since its last reset.

    Attributes:
        operations: requests by S3's names; `100-continue` and `SlowDown` beside them.
        connections: opened.
        most_in_flight: the most requests that waited for their answers at once; only where
            answers are held back.
    """

    operations: dict[str, int]
    connections: int
    most_in_flight: int

    @property
    def requests(self) -> int:
        """All of them, without the `100 Continue` on the way."""
        return sum(self.operations.values()) - self.operations.get("100-continue", 0)


class Stub(S3Server):
    """A running stub; it ends with the process that started it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.stub"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Ctrl-C in the terminal is for whoever started it.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ServerFailed(f"the stub ended with {self._process.wait()}: see what it printed")
        self._port = int(line)
        self._control = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def make_bucket(self) -> str:
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        self._ask("bucket", name=name)
        return name

    def seed(
        self, bucket: str, key: str, body: str, count: int, *, start: int = 0, age: float = 0
    ) -> None:
        """Put many objects at once, so many seconds old.

        Args:
            key: of each object, with its number, from `start`, at each `{n}`.
            body: the same.
        """
        self._ask("seed", bucket=bucket, key=key, body=body, count=count, start=start, age=age)

    def pace(self, **settings: float | None) -> None:
        """Change `tests.servers.stub.pace.Pace` from now on."""
        self._ask("set", **settings)

    @contextmanager
    def paced(self, **settings: float) -> Iterator[None]:
        """Count from nought, and answer at that pace until the end of the block."""
        self.reset()
        self.pace(**settings)
        try:
            yield
        finally:
            self.pace(**{name: None if name == "list_ms" else 0 for name in settings})

    def end_connections(self, *, unheard: bool = False) -> None:
        """Close all that clients have open, as a server does with those that rest too long.

        Args:
            unheard: whether the clients are not told, as where they were frozen meanwhile: what
                they send on them is answered with a reset.
        """
        self._ask("end", unheard=unheard)
        # Its answer comes before the end of the others does; that of another request after it.
        self._ask("stats")

    def reset(self) -> None:
        """Count from nought."""
        self._ask("reset")

    def counted(self) -> Counted:
        """Give what was counted since the last reset."""
        counts = json.loads(self._ask("stats"))
        return Counted(counts["operations"], counts["connections"], counts["most_in_flight"])

    def __enter__(self) -> Stub:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._control.close()
        # The end of its input is its end.
        self._process.communicate()

    def _ask(self, verb: str, **arguments: Any) -> bytes:
        self._control.request("POST", f"/_stub/{verb}", json.dumps(arguments))
        response = self._control.getresponse()
        body = response.read()
        if response.status != 200:
            raise ServerFailed(f"the stub answers {response.status} to {verb}: {body!r}")
        return body
