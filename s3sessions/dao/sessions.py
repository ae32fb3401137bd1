"""All sessions under one root: what the public face's `Sessions` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from s3sessions.dao.agent import AgentDAO
from s3sessions.dao.documents import create_document, read_session_document
from s3sessions.dao.handles import OpenHandles
from s3sessions.dao.punctual import PunctualStore
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.errors import AlreadyExists
from s3sessions.log import request_log
from s3sessions.metering import Meter
from s3sessions.record import replace

if TYPE_CHECKING:
    from s3sessions.dao.append import OnConflict
    from s3sessions.dao.details import Details
    from s3sessions.dao.directory import SessionStream
    from s3sessions.dao.doctor.diagnosis import Diagnosis
    from s3sessions.dao.multi_agent import MultiAgentDAO
    from s3sessions.dao.prune_rule import PruneRule
    from s3sessions.dao.pruning import Pruning
    from s3sessions.dao.sweep_claim import SweepPlan
    from s3sessions.descriptions import SessionInfo
    from s3sessions.health import CheckReport
    from s3sessions.models import DeletionReport, SessionSize, Stats
    from s3sessions.receipts import PurgeReceipt
    from s3sessions.retention import SweepReport

Handle = TypeVar("Handle")


class SessionsDAO:
    """Opens, lists and deletes sessions; makes no request until then.

    Each counts its own requests, and so does each handle that it opens: what counts is an observer
    at the store, so the counts of a handle are in those of its sessions too. All keep to a deadline
    that surrounds them.
    """

    def __init__(self, scope: Scope, handles: OpenHandles | None = None) -> None:
        self.handles = OpenHandles() if handles is None else handles
        self.meter = Meter()
        self._counted = replace(scope, store=scope.store.observed(self.meter))
        store = self._counted.store.observed(request_log(scope.root))
        self.scope = replace(scope, store=PunctualStore(store))

    def open(
        self,
        session_id: str,
        agent_id: str,
        details: Details,
        on_conflict: OnConflict | None,
    ) -> AgentDAO:
        """Make the DAO of one agent. Raises InvalidId."""
        session = self.scope.root.session(session_id)
        agent = session.agent(agent_id)
        return AgentDAO(self.scope, session, agent, details, on_conflict)

    def hold(self, session_id: str, handle: Handle) -> Handle:
        """Take a session for somebody's own as long as this handle on it lives; give it back."""
        self.handles.add(self.scope.root.session(session_id).prefix, handle)
        return handle

    async def create(self, session_id: str, details: Details) -> None:
        """Create session.json; see `Sessions.create`."""
        keys = self.scope.root.session(session_id)
        body = session_body(self.scope, keys, details)
        if await create_document(self.scope, keys.document, body) is not None:
            return
        # A store's client that repeats a request whose answer was lost is refused by our own.
        there = await read_session_document(self.scope, keys)
        if there is None or there.body != body:
            raise AlreadyExists("session exists already", key=keys.document)

    # The rest is imported when it is asked for: an agent that only speaks does not pay for it.

    def list(self, token: str | None) -> SessionStream:
        from s3sessions.dao.directory import SessionStream

        return SessionStream(self.scope, token)

    async def agents(self, session_id: str) -> tuple[str, ...]:
        from s3sessions.dao.directory import list_agents

        return tuple(await list_agents(self.scope, self.scope.root.session(session_id)))

    async def sizes(self) -> tuple[SessionSize, ...]:
        from s3sessions.dao.sizes import sizes

        return tuple(await sizes(self.scope))

    async def stats(self) -> Stats:
        from s3sessions.dao.sizes import stats

        return await stats(self.scope)

    async def info(self, session_id: str) -> SessionInfo:
        from s3sessions.dao.sizes import info

        return await info(self.scope, self.scope.root.session(session_id))

    async def latest(self) -> SessionSize | None:
        from s3sessions.dao.sizes import latest

        return await latest(self.scope)

    async def resolve(self, id_prefix: str) -> str:
        from s3sessions.dao.directory import resolve

        return await resolve(self.scope, id_prefix)

    async def delete(self, session_id: str, agent_id: str | None) -> DeletionReport:
        from s3sessions.dao.deletion import Deletion

        session = self.scope.root.session(session_id)
        agent = None if agent_id is None else session.agent(agent_id)
        return await Deletion(self.scope, session, agent).run()

    def multi_agent(self, session_id: str, multi_agent_id: str) -> MultiAgentDAO:
        """Make the DAO of one multi-agent. Raises InvalidId."""
        from s3sessions.dao.multi_agent import MultiAgentDAO

        session = self.scope.root.session(session_id)
        return MultiAgentDAO(self.scope, session, session.multi_agent(multi_agent_id))

    async def multi_agents(self, session_id: str) -> tuple[str, ...]:
        from s3sessions.dao.multi_agent import list_multi_agents

        return tuple(await list_multi_agents(self.scope, self.scope.root.session(session_id)))

    async def purge(self, session_id: str, agent_id: str | None) -> PurgeReceipt:
        from s3sessions.dao.purge import Purge

        session = self.scope.root.session(session_id)
        agent = None if agent_id is None else session.agent(agent_id)
        return await Purge(self.scope, session, agent).run()

    async def check(self) -> CheckReport:
        from s3sessions.dao.check import check

        return await check(self.scope)

    def doctor(self, session_id: str | None, *, repair: bool) -> Diagnosis:
        from s3sessions.dao.doctor.diagnosis import Diagnosis

        return Diagnosis(self.scope, session_id, repair=repair)

    def prune(
        self, rule: PruneRule, *, start_after: str | None, purge: bool, dry_run: bool
    ) -> Pruning:
        """Make a prune. Raises InvalidId for a start that is no session's."""
        from s3sessions.dao.pruning import Pruning

        if start_after is not None:
            self.scope.root.session(start_after)
        return Pruning(
            self.scope,
            rule,
            self.handles,
            start_after=start_after,
            purge=purge,
            dry_run=dry_run,
        )

    async def sweep(
        self, rule: PruneRule, plan: SweepPlan, *, purge: bool, dry_run: bool
    ) -> SweepReport:
        from s3sessions.dao.sweep import Sweep
        from s3sessions.dao.sweep_claim import NoClaim, SweepClaim

        def prune(reached: str | None) -> Pruning:
            return self.prune(rule, start_after=reached, purge=purge, dry_run=dry_run)

        claim = NoClaim() if dry_run else SweepClaim(self.scope, plan)
        return await Sweep(self.scope, claim, prune, plan.seconds).run()

    def under(self, name: str) -> SessionsDAO:
        """Give the sessions one prefix deeper. Raises InvalidId."""
        deeper = replace(self._counted, root=self.scope.root.under(name))
        return SessionsDAO(deeper, self.handles)
