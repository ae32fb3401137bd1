"""Run the stub on loopback until its input ends; the first line that it prints is its port.

python -m tests.servers.stub
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys

from tests.servers.stub.connection import Connection
from tests.servers.stub.control import Control
from tests.servers.stub.counts import Counts
from tests.servers.stub.pace import Pace
from tests.servers.stub.service import Service


async def serve() -> None:
    service, counts = Service(Pace()), Counts()
    control = Control(service, counts)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(service, control, counts), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started it holds the other end of its input: when that is gone, so is the stub.
    await loop.run_in_executor(None, sys.stdin.read)


def main() -> None:
    factory = None
    with contextlib.suppress(ImportError):
        factory = importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serve())


if __name__ == "__main__":
    main()
