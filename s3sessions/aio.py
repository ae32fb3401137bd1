"""The public face in async code: `AsyncSessions` and the handles that it opens.

The same verbs as in `s3sessions.sync`, awaited, over the same logic: what they do, what they cost
and what they raise stands there. Nothing here is bound to one event loop.
"""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from s3sessions.aio_agent import AsyncAgentSession
from s3sessions.aio_catalogue import AsyncCatalogue
from s3sessions.aio_lineage import AsyncLineage
from s3sessions.aio_retention import AsyncRetention
from s3sessions.bridge import Blocking
from s3sessions.dao.details import Details
from s3sessions.dao.directory import SessionStream
from s3sessions.dao.scope import Scope
from s3sessions.dao.sessions import SessionsDAO
from s3sessions.descriptions import SessionDetails
from s3sessions.models import DeletionReport, RequestCounts
from s3sessions.opening import Configuration
from s3sessions.ports import (
    AsyncStore,
    Clock,
    Entropy,
    Observer,
    system_clock,
    system_entropy,
)
from s3sessions.settings import Options, Settings
from s3sessions.transport import Transport, choose, place_of

if TYPE_CHECKING:
    from s3sessions.aio_multi_agent import AsyncMultiAgentSession
    from s3sessions.dao.doctor.diagnosis import Diagnosis
    from s3sessions.health import CheckReport
    from s3sessions.receipts import PurgeReceipt

__all__ = ["AsyncAgentSession", "AsyncSessions", "SessionStream"]


class AsyncSessions(AsyncCatalogue, AsyncLineage, AsyncRetention):
    """Sessions under one prefix of one store, in async code; see `Sessions`.

    One serves thousands of sessions, any number of tasks, and one event loop after another; a loop
    that is done with it calls `close` (or leaves `async with`) before it ends.

    Args:
        url: `s3://bucket/prefix`, `file:///folder` or `memory://`; else `S3SESSIONS_URL`.
        settings: all settings at once, instead of the options and the `S3SESSIONS_*` variables.
        client: an aioboto3 S3 client to use; as in `Sessions`.
        store: a store of your own instead of a URL.
        on_request: told of each request once it has ended.
        clock: seconds since the epoch; for tests.
        entropy: random bytes; for tests.
        **options: single settings by name, over the variables: see `Settings`.

    Raises:
        InvalidSettings: a URL, an option or a variable that cannot work.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        settings: Settings | None = None,
        client: Any = None,
        store: AsyncStore | None = None,
        on_request: Observer | None = None,
        clock: Clock = system_clock,
        entropy: Entropy = system_entropy,
        **options: Unpack[Options],
    ) -> None:
        configuration = Configuration.of(url, settings, options, client=client, store=store)
        configuration, transport = choose(configuration, sdk="aioboto3", client=client, store=store)
        self._transport = transport
        self._store = store if store is not None else _open_store(configuration, transport, client)
        port = self._store if on_request is None else self._store.observed(on_request)
        scope = Scope(port, configuration.root, configuration.settings, clock, entropy)
        self._dao = SessionsDAO(scope)

    @property
    def prefix(self) -> str:
        """What all keys begin with: empty, or ending in `/`."""
        return self._dao.scope.root.prefix

    @property
    def transport(self) -> str:
        """What requests go out through, and why; see `Sessions.transport`."""
        return str(self._transport)

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes so far: of this object, its handles, and what is `under` it."""
        return self._dao.meter.counts

    def new_id(self) -> str:
        """Make a session id; see `Sessions.new_id`. Requests: none."""
        return self._dao.scope.new_id()

    def open(
        self,
        session_id: str,
        agent: str = "default",
        *,
        on_conflict: Literal["raise", "rebase"] | None = None,
        **details: Unpack[SessionDetails],
    ) -> AsyncAgentSession:
        """Give a handle for one agent of a session; see `Sessions.open`. Requests: none."""
        dao = self._dao.open(session_id, agent, Details(**details), on_conflict)
        return self._dao.hold(session_id, AsyncAgentSession(dao, session_id, agent))

    def multi_agent(self, session_id: str, multi_agent_id: str) -> AsyncMultiAgentSession:
        """Give a handle for the state of a graph or a swarm; see `Sessions.multi_agent`."""
        from s3sessions.aio_multi_agent import AsyncMultiAgentSession

        dao = self._dao.multi_agent(session_id, multi_agent_id)
        handle = AsyncMultiAgentSession(dao, session_id, multi_agent_id)
        return self._dao.hold(session_id, handle)

    async def create(self, session_id: str, **details: Unpack[SessionDetails]) -> None:
        """Create a session in which nobody has spoken yet; see `Sessions.create`."""
        await self._dao.create(session_id, Details(**details))

    async def delete(self, session_id: str, *, agent: str | None = None) -> DeletionReport:
        """Delete a session, or one agent of it; see `Sessions.delete`."""
        return await self._dao.delete(session_id, agent)

    async def purge(self, session_id: str, *, agent: str | None = None) -> PurgeReceipt:
        """Delete a session and erase every version of it; see `Sessions.purge`."""
        return await self._dao.purge(session_id, agent)

    async def check(self) -> CheckReport:
        """Try out whether the store keeps its promises; see `Sessions.check`."""
        return await self._dao.check()

    def doctor(self, session_id: str | None = None, *, repair: bool = False) -> Diagnosis:
        """Look for what is not as it should be; see `Sessions.doctor`."""
        return self._dao.doctor(session_id, repair=repair)

    def under(self, name: str) -> AsyncSessions:
        """Give the sessions one prefix deeper; see `Sessions.under`. Requests: none."""
        deeper = AsyncSessions.__new__(AsyncSessions)
        deeper._store = self._store
        deeper._transport = self._transport
        deeper._dao = self._dao.under(name)
        return deeper

    async def prepare(self) -> None:
        """Make the client of the store for this event loop now; see `Sessions.prepare`."""
        prepare = getattr(self._store, "prepare", None)
        if prepare is not None:
            await prepare()

    async def close(self) -> None:
        """Give back this event loop's connections; may be called twice."""
        await self._store.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _open_store(configuration: Configuration, transport: Transport, client: Any) -> AsyncStore:
    """Make the store that the URL names. Imported here, so that each use pays for its own."""
    location = configuration.location
    if location is None or location.scheme == "memory":
        from s3sessions.stores.memory import MemoryStore

        return Blocking(MemoryStore())
    if location.scheme == "file":
        from s3sessions.stores.local import LocalStore
        from s3sessions.stores.threaded import ThreadedStore

        width = configuration.width
        return ThreadedStore(LocalStore(location.place, width=width), width=width)
    if transport.name == "object_store":
        from s3sessions.stores.object_store_async import AsyncObjectStore

        return AsyncObjectStore(place_of(configuration), width=configuration.width)
    from s3sessions.stores.s3_async import AsyncS3Store

    return AsyncS3Store(location.place, client=client, **configuration.s3_options)
