"""An HTTP proxy before an S3 server that counts, logs and breaks requests; it changes no byte.

It runs in a thread with an event loop of its own, so that blocking and async tests can use it.
Bodies are held whole, so that every fault strikes at one exact point.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from types import TracebackType
from urllib.parse import urlsplit

from tests.servers.faults import (
    Answer,
    CutRequest,
    Delay,
    Fault,
    Hold,
    ResetAfter,
    ResetBefore,
    Rule,
    Rulebook,
    Truncate,
)
from tests.servers.http_messages import Head
from tests.servers.ledger import Exchange, Ledger, Passage, Sent
from tests.servers.operations import operation_of
from tests.servers.relay import LONGEST_HEAD, Relay

__all__ = [
    "Answer",
    "CutRequest",
    "Delay",
    "Exchange",
    "Hold",
    "ResetAfter",
    "ResetBefore",
    "Rule",
    "Sent",
    "Truncate",
    "WireProxy",
]


class WireProxy:
    """A wire to the server at `backend_url`, at `url` while it is entered.

    ```python
    with WireProxy(weed.endpoint_url) as wire:
        wire.rules([Rule(ResetAfter(), operation="PutObject", key="*/message_0.json", count=1)])
        ...  # a client with endpoint_url=wire.url
        assert wire.counts() == {"PutObject": 2}
    ```
    """

    def __init__(self, backend_url: str) -> None:
        backend = urlsplit(backend_url)
        if backend.scheme != "http" or backend.hostname is None or backend.port is None:
            raise ValueError(f"{backend_url!r} must be http://host:port")
        self._backend = (backend.hostname, backend.port)
        self._ledger = Ledger()
        self._rulebook = Rulebook()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self._listening: Future[int] = Future()
        self._relays: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._stop: asyncio.Event

    @property
    def url(self) -> str:
        """Where clients find the wire."""
        return f"http://127.0.0.1:{self._listening.result()}"

    def rules(self, rules: Sequence[Rule], *, seed: int = 0) -> None:
        """Put these rules, and what they have met, in place of the ones before."""
        self._rulebook = Rulebook(rules, seed)

    @property
    def struck(self) -> Counter[str]:
        """How many times each kind of fault has happened by the rules that stand."""
        return Counter(self._rulebook.struck)

    def reset(self) -> None:
        """Forget what went over the wire; the rules stay as they are."""
        self._ledger = Ledger()

    def counts(self) -> dict[str, int]:
        """Count the requests that have ended, by operation; those that were broken too."""
        return dict(Counter(exchange.operation for exchange in self.log))

    @property
    def log(self) -> list[Exchange]:
        """The requests that have ended, in the order of their ends."""
        return list(self._ledger.exchanges)

    def settle(self) -> None:
        """Wait until no request is under way, those included whose senders have given up."""
        self._ledger.wait_for_the_last()

    def hang_up(self) -> None:
        """Close the connections that wait for a next request, as a server does after a while."""
        self.settle()
        asyncio.run_coroutine_threadsafe(self._end_relays(), self._loop).result()

    @property
    def peak(self) -> int:
        """Most requests that were under way at once."""
        return self._ledger.peak

    def headers(self, operation: str) -> list[Mapping[str, str]]:
        """Give the headers, by name in lower case, of each request for that operation."""
        return [sent.headers for sent in self.sent if sent.operation == operation]

    @property
    def sent(self) -> list[Sent]:
        """The requests that have come in, in their order."""
        return list(self._ledger.sent)

    def __enter__(self) -> WireProxy:
        self._thread.start()
        self._listening.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._listen())
        except Exception as error:
            self._listening.set_exception(error)

    async def _listen(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD, backlog=1024
        )
        self._listening.set_result(server.sockets[0].getsockname()[1])
        await self._stop.wait()
        server.close()
        # A connection that was accepted just now has no task yet.
        await asyncio.sleep(0)
        while self._relays:
            await self._end_relays()

    async def _end_relays(self) -> None:
        relays = set(self._relays)
        for relay in relays:
            relay.cancel()
        if relays:
            await asyncio.wait(relays)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = asyncio.ensure_future(Relay(self._admit, self._backend, reader, writer).run())
        self._relays.add(relay)
        relay.add_done_callback(self._relays.discard)
        # Cancelled at the wire's end; a stream would report that as an error of its own.
        with contextlib.suppress(asyncio.CancelledError):
            await relay

    def _admit(self, request: Head, body: bytes) -> tuple[Passage, Fault | None]:
        operation = operation_of(request)
        passage = self._ledger.begin(operation, request.headers, body)
        return passage, self._rulebook.fault_for(operation)
