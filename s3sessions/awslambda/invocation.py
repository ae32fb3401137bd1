"""One invocation: its time, its tenant, and the turns that it takes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from s3sessions.awslambda.answering import Answerer, TurnFunction, answerer_of
from s3sessions.awslambda.delivery import Answer, Delivery
from s3sessions.awslambda.taking import again_after_conflicts, turn_of
from s3sessions.awslambda.tally import Tally
from s3sessions.awslambda.tenancy import SessionsByTenant, Tenancy, sessions_of
from s3sessions.awslambda.time_left import TimeLeft
from s3sessions.awslambda.turn import LambdaTurn
from s3sessions.awslambda.write_ids import WriteIds
from s3sessions.record import Record
from s3sessions.sync import Sessions

__all__ = ["Invocation", "TurnRules"]


class TurnRules(Record):
    """How a session function takes turns; see `SessionFunction`."""

    last: int | None
    wait: float
    reserve: float
    retries: int
    tenancy: Tenancy


class Invocation:
    """What a handler does in one invocation; made by `SessionFunction.invocation`.

    Attributes:
        context: as Lambda gave it.
        tally: what it came to so far.
    """

    def __init__(self, sessions: SessionsByTenant, rules: TurnRules, context: Any) -> None:
        self.context = context
        self.tally = Tally()
        self._sessions = sessions
        self._rules = rules
        self._time_left = TimeLeft(context, rules.reserve)

    @property
    def request_id(self) -> str:
        """What Lambda calls it; an invocation that Lambda retries keeps it."""
        request_id: str = self.context.aws_request_id
        return request_id

    @property
    def seconds_left(self) -> float:
        """Seconds for its work: those until Lambda ends the process, less the reserve."""
        return self._time_left.seconds

    def in_time(self) -> AbstractContextManager[None]:
        """Let all calls inside the block end in time: no request is begun after it.

        They raise DeadlineExceeded then.
        """
        return self._time_left.for_work()

    def tenant_of(self, event: Any, named: str | None) -> str | None:
        """Give the tenant of an event by what is trusted. Requests: none.

        Raises:
            TenantRefused: there is none though there should be, or `named` is another.
        """
        return self._rules.tenancy.tenant_of(event, self.context, named)

    def sessions(self, event: Any, named: str | None) -> Sessions:
        """Give the sessions that an event may see. Raises as `tenant_of`."""
        return self._sessions_of(self.tenant_of(event, named))

    def _sessions_of(self, tenant: str | None) -> Sessions:
        return self.tally.watch(sessions_of(self._sessions, tenant))

    def take(self, delivery: Delivery, turn_function: TurnFunction | Answerer) -> Answer:
        """Answer a delivery in a turn of its session, or say again what was answered.

        Requests: 1 PUT and 1 DELETE for the turn, those of a restore, 1 PUT for each message, and
        1 GET behind them, to see that the session is still the one that was restored.

        Raises:
            TenantRefused, InvalidId, InvalidMessage: it cannot be answered; nothing was asked.
            SessionBusy: another invocation has the turn.
            AppendConflict: a writer that takes no turns was first, each time.
            SessionDeleted: the session is being deleted, or was meanwhile; then nothing of this
                turn is in it.
            DeadlineExceeded: the time is over; says whether the fate of the write is known.
            S3SessionsError: as the verbs of `AgentSession` do.
            Exception: what the turn function raises; what it has stored stays stored.
        """
        answerer = answerer_of(turn_function)
        with self.tally.of_failures():
            answerer.check(delivery)
            WriteIds(delivery.write_id)
            answer: Answer = self._take(delivery, answerer)
        self.tally.answered(answer)
        return answer

    def _take(self, delivery: Delivery, answerer: Answerer) -> Answer:
        tenant = self.tenant_of(delivery.event, delivery.named_tenant)
        with self.in_time():
            sessions = self._sessions_of(tenant)
            chat = sessions.open(delivery.session_id, delivery.agent_id)

        def answer() -> Answer:
            turn = LambdaTurn(
                delivery,
                tenant=tenant,
                sessions=sessions,
                chat=chat,
                context=self.context,
                time_left=self._time_left,
                last=self._rules.last,
            )
            return answerer.answer(turn)

        with turn_of(chat, self._time_left, wait=self._rules.wait):
            answered: Answer = again_after_conflicts(
                answer, retries=self._rules.retries, tell=self._met_a_conflict
            )
        return answered

    def _met_a_conflict(self) -> None:
        self.tally.conflicts += 1
