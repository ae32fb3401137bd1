"""The public face in blocking code: `Sessions` and the handles that it opens."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from s3sessions.bridge import Blocking, iter_sync, run_sync
from s3sessions.dao.details import Details
from s3sessions.dao.scope import Scope
from s3sessions.dao.sessions import SessionsDAO
from s3sessions.models import DeletionReport, RequestCounts
from s3sessions.opening import Configuration
from s3sessions.ports import (
    Clock,
    Entropy,
    Observer,
    SyncStore,
    system_clock,
    system_entropy,
)
from s3sessions.settings import Options, Settings
from s3sessions.sync_agent import AgentSession
from s3sessions.sync_catalogue import Catalogue, SessionList
from s3sessions.sync_lineage import Lineage
from s3sessions.sync_retention import Retention
from s3sessions.sync_store import open_store
from s3sessions.transport import choose

if TYPE_CHECKING:
    from s3sessions.dao.doctor.diagnosis import Diagnosis
    from s3sessions.descriptions import SessionDetails
    from s3sessions.health import CheckReport, Finding
    from s3sessions.receipts import PurgeReceipt
    from s3sessions.sync_multi_agent import MultiAgentSession

__all__ = ["AgentSession", "FindingList", "SessionList", "Sessions"]


class Sessions(Catalogue, Lineage, Retention):
    """Sessions under one prefix of one store.

    Cheap to make (no request, no import of an SDK) and made to be shared: one serves thousands of
    sessions and any number of threads.

    Args:
        url: `s3://bucket/prefix`, `file:///folder` or `memory://`; else `S3SESSIONS_URL`.
        settings: all settings at once, instead of the options and the `S3SESSIONS_*` variables.
        client: a boto3 S3 client to use. It is never closed, and of all that this package sets up
            on a client of its own, only two event hooks are put on it: one takes the header
            `Expect: 100-continue` off each PutObject, one ends the client's retries once the
            `deadline` of a call is over.
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
        store: SyncStore | None = None,
        on_request: Observer | None = None,
        clock: Clock = system_clock,
        entropy: Entropy = system_entropy,
        **options: Unpack[Options],
    ) -> None:
        configuration = Configuration.of(url, settings, options, client=client, store=store)
        configuration, transport = choose(configuration, sdk="boto3", client=client, store=store)
        self._transport = transport
        self._store = store if store is not None else open_store(configuration, transport, client)
        port = Blocking(self._store if on_request is None else self._store.observed(on_request))
        scope = Scope(port, configuration.root, configuration.settings, clock, entropy)
        self._dao = SessionsDAO(scope)

    @property
    def prefix(self) -> str:
        """What all keys begin with: empty, or ending in `/`."""
        return self._dao.scope.root.prefix

    @property
    def transport(self) -> str:
        """What requests go out through, and why; such as `object_store: obstore 0.12.1`."""
        return str(self._transport)

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes so far: of this object, its handles, and what is `under` it."""
        return self._dao.meter.counts

    def new_id(self) -> str:
        """Make a session id that nobody has and that sorts by time. Requests: none."""
        return self._dao.scope.new_id()

    def open(
        self,
        session_id: str,
        agent: str = "default",
        *,
        on_conflict: Literal["raise", "rebase"] | None = None,
        **details: Unpack[SessionDetails],
    ) -> AgentSession:
        """Give a handle for one agent of a session, there already or not. Requests: none.

        Args:
            session_id: any text that a key can hold; `new_id` makes one.
            agent: id of the agent.
            on_conflict: what an append does when another writer was first. By default a handle
                that has restored raises `AppendConflict`, and any other takes the next index.
            **details: said of the session and the agent if this handle begins them; see
                `SessionDetails`.

        Raises:
            InvalidId: an id that cannot stand in a key.
            InvalidMessage: metadata that JSON cannot hold.
            InvalidSettings: a detail of another type or too long, or a time without a zone.
        """
        dao = self._dao.open(session_id, agent, Details(**details), on_conflict)
        return self._dao.hold(session_id, AgentSession(dao, session_id, agent))

    def multi_agent(self, session_id: str, multi_agent_id: str) -> MultiAgentSession:
        """Give a handle for the state of a graph or a swarm, there already or not. Requests: none.

        Raises:
            InvalidId: an id that cannot stand in a key.
        """
        from s3sessions.sync_multi_agent import MultiAgentSession

        dao = self._dao.multi_agent(session_id, multi_agent_id)
        handle = MultiAgentSession(dao, session_id, multi_agent_id)
        return self._dao.hold(session_id, handle)

    def create(self, session_id: str, **details: Unpack[SessionDetails]) -> None:
        """Create a session in which nobody has spoken yet; `open` and `append` need no such thing.

        Requests: 1 PUT, and 1 GET where the session exists. Atomic: of many, one succeeds.

        Raises:
            AlreadyExists: the session exists.
            InvalidId: an id that cannot stand in a key.
            InvalidMessage, InvalidSettings: as `open`.
        """
        run_sync(self._dao.create(session_id, Details(**details)))

    def delete(self, session_id: str, *, agent: str | None = None) -> DeletionReport:
        """Delete a session, or one agent of it. Readers see all of it or nothing.

        Killed at any request and run again, it ends. Requests: 1 GET, 1 PUT and 1 DELETE on
        session.json; 1 LIST and 1 DeleteObjects for each 1,000 objects and 1 GET; 1 LIST and 1 GET
        to see that nothing is left.

        What was forked off a session stays, and has no parent then: 1 GET and 1 PUT for each child.
        Of a session that was forked off another, the marker there goes too: 1 GET and 1 DELETE.

        Raises:
            SessionNotFound: there is nothing to delete.
            SessionUnfinished: of an agent, in a session that a fork has not made yet.
            PartialDelete: the store refused some keys; carries them. Run it again.
            CorruptObject, UnsupportedVersion: of an agent's deletion, where session.json, which is
                to carry its mark, cannot be read; it stays as it is.
        """
        return run_sync(self._dao.delete(session_id, agent))

    def purge(self, session_id: str, *, agent: str | None = None) -> PurgeReceipt:
        """Delete a session, or one agent of it, and erase every version that the store keeps.

        Object versions, delete markers and unfinished uploads go too. What Object Lock holds is in
        the receipt by key, with what holds it. Killed at any request and run again, it ends; a
        session that was deleted before is purged all the same. Old versions of the marker of a fork
        stand under its parent, and go when that is purged.

        Requests: those of `delete`, and 1 list of versions for each 1,000 and 1 DeleteObjects for
        each 1,000, 1 list of uploads and 1 request for each, until nothing is listed.

        Raises:
            SessionNotFound: there is nothing to erase.
            PartialDelete: the store refused to delete some current objects; carries them.
            AccessDenied: names the action; versions need more permissions than objects.
            CorruptObject, UnsupportedVersion: as `delete`.
        """
        return run_sync(self._dao.purge(session_id, agent))

    def check(self) -> CheckReport:
        """Try out whether the store keeps the promises that sessions are built on.

        Some S3-compatible servers ignore conditions and overwrite in silence. Writes a few objects
        beside the sessions, never in one, and takes them away again. Requests: about 130.

        Raises:
            AccessDenied, InvalidSettings, StoreUnavailable: it could not be tried out.
        """
        return run_sync(self._dao.check())

    def doctor(self, session_id: str | None = None, *, repair: bool = False) -> FindingList:
        """Look for what is not as it should be, in one session or in all; say what each means.

        Nothing is written without `repair`, and no repair loses a message. Requests: as many as it
        takes to read the sessions, made as findings are asked for.

        Args:
            session_id: of the session; all of them, if not given.
            repair: put right what can be put right.

        Raises:
            SessionNotFound: there is no such session.
        """
        return FindingList(self._dao.doctor(session_id, repair=repair))

    def under(self, name: str) -> Sessions:
        """Give the sessions one prefix deeper: of a tenant, an environment. Requests: none.

        It shares the store with this one, which is the one to close. Raises InvalidId.
        """
        deeper = Sessions.__new__(Sessions)
        deeper._store = self._store
        deeper._transport = self._transport
        deeper._dao = self._dao.under(name)
        return deeper

    def prepare(self) -> None:
        """Make the client of the store now, so that the first request does not wait for it.

        For those who have time before that: in the init of a Lambda function. Requests: none.

        Raises:
            InvalidSettings, AccessDenied: no client can be made of the settings.
            MissingExtra: a package that the URL or the transport needs is not installed.
        """
        # No verb of the port: only a store that has a client makes it when it is first asked.
        prepare = getattr(self._store, "prepare", None)
        if prepare is not None:
            prepare()

    def close(self) -> None:
        """Give back connections and threads; may be called twice."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class FindingList(Iterator["Finding"]):
    """What the doctor finds, session after session, looked for as it is asked for."""

    def __init__(self, diagnosis: Diagnosis) -> None:
        self._diagnosis = diagnosis
        self._iterator = iter_sync(diagnosis)

    @property
    def sessions(self) -> int:
        """How many sessions were looked at so far."""
        return self._diagnosis.sessions

    def __next__(self) -> Finding:
        return next(self._iterator)
