"""A turn as the function of a handler sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from s3sessions.awslambda.delivery import Delivery
from s3sessions.awslambda.time_left import TimeLeft
from s3sessions.awslambda.write_ids import WriteIds
from s3sessions.errors import InvalidSettings
from s3sessions.models import History, Message
from s3sessions.sync import AgentSession, Sessions

if TYPE_CHECKING:
    from s3sessions.integrations.strands import S3SessionManager

__all__ = ["LambdaTurn"]


class LambdaTurn:
    """One user message and everything said until its answer, in a session that this turn holds.

    Attributes:
        tenant: whose session it is, by what is trusted; None where there are no tenants.
        write_id: what its messages are stored under: `<write_id>/0`, `/1` …, `<write_id>/answer`.
        body: what was sent.
        event: as Lambda gave it.
        context: likewise.
        sessions: all sessions of the tenant.
        chat: the handle on the agent's history. What is stored through it without a write id of
            this turn is stored again when the turn is run again.
        made_manager: what `manager` gave last.
    """

    def __init__(
        self,
        delivery: Delivery,
        *,
        tenant: str | None,
        sessions: Sessions,
        chat: AgentSession,
        context: Any,
        time_left: TimeLeft,
        last: int | None,
    ) -> None:
        self.tenant = tenant
        self.body: Mapping[str, Any] = delivery.body
        self.event = delivery.event
        self.context = context
        self.sessions = sessions
        self.chat = chat
        self.made_manager: S3SessionManager | None = None
        self._write_ids = WriteIds(delivery.write_id)
        self.write_id = self._write_ids.stem
        self._time_left = time_left
        self._last = last
        self._history: History | None = None
        self._said: list[Message] = []

    @property
    def session_id(self) -> str:
        """Id of the session."""
        return self.chat.session_id

    @property
    def agent_id(self) -> str:
        """Id of the agent."""
        return self.chat.agent_id

    @property
    def seconds_left(self) -> float:
        """Seconds for what is still to be done, storing the answer included."""
        return self._time_left.seconds

    @property
    def history(self) -> History:
        """What is stored, as of the beginning of the turn; restored when it is first asked for.

        Requests: those of `AgentSession.restore`, once. Raises what that raises.
        """
        if self._history is None:
            self._history = self.chat.restore(last=self._last)
        return self._history

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What a model is to hear: what was said before this turn, then what this turn appended.

        What the turn stored when it was delivered before is not in it until it is appended again. A
        summary of what is hidden is in `history.summary`.
        """
        before = [m for m in self.history.messages if not self._write_ids.is_ours(m.write_id)]
        return [message.payload for message in (*before, *self._said)]

    @property
    def stored_answer(self) -> Message | None:
        """The message that answered this turn when it was delivered before, whole."""
        return next((m for m in self.history.messages if self.is_answer(m)), None)

    def is_answer(self, message: Message) -> bool:
        """Tell whether a message ends this turn; one that is still partial does not."""
        return message.write_id == self._write_ids.answer and message.status != "partial"

    def append(
        self,
        payload: Mapping[str, Any],
        *,
        usage: Mapping[str, Any] | None = None,
        status: Literal["partial"] | None = None,
    ) -> Message:
        """Store one message of this turn, once however often it is delivered.

        Requests: 1 PUT (3 in a new session); 1 GET if it is stored already. Raises what
        `AgentSession.append` raises.

        Returns:
            The message: of a turn that was cut off and runs again, what was stored then.
        """
        return self._store(payload, self._write_ids.next(), usage, status)

    def append_many(
        self,
        payloads: Iterable[Mapping[str, Any]],
        *,
        usage: Sequence[Mapping[str, Any] | None] | None = None,
    ) -> list[Message]:
        """Store messages of this turn that become visible together, once; see `append`.

        Requests: 1 PUT for each. Raises what `AgentSession.append_many` raises.
        """
        _ = self.history
        stored = self.chat.append_many(payloads, write_id=self._write_ids.next(), usage=usage)
        self._said += stored
        return stored

    def answer(
        self,
        payload: Mapping[str, Any],
        *,
        usage: Mapping[str, Any] | None = None,
        status: Literal["partial"] | None = None,
    ) -> Message:
        """Store the message that ends this turn: what the turn function is to return.

        It does so by itself with a payload that is returned; this is for an answer with `usage`, or
        for one that is stored in part while it is made: called again without `status` it completes
        that, in this delivery or in a later one. Requests and errors: as `append`, or `complete`.
        """
        stored = self._store(payload, self._write_ids.answer, usage, status)
        if stored.status != "partial" or status is not None:
            return stored
        self._said.remove(stored)
        self._said.append(self.chat.complete(stored.index, payload, usage=usage))
        return self._said[-1]

    def confirm(self) -> None:
        """Make sure that what this turn has stored is in the session that it began in.

        Done behind each turn function, by itself. Requests: 1 GET.

        Raises:
            SessionDeleted: the session was deleted meanwhile; what was stored is taken back.
        """
        self.chat.confirm(self._said)

    def manager(self, **options: Any) -> S3SessionManager:
        """Give Strands a session manager for this session.

        Its messages are named by `invocation_state={"write_id": turn.write_id}`, as `agent_turn`
        calls the agent.

        Args:
            **options: of `S3SessionManager`; not `turns`, as this turn is one, and not `on_error`,
                as an answer that is not stored is not sent.

        Raises:
            MissingExtra: Strands is not installed.
            InvalidId: a session id that Strands does not take: with a slash in it.
            InvalidSettings: options that cannot work.
        """
        if not options.keys().isdisjoint(("turns", "on_error")):
            raise InvalidSettings("turn.manager takes neither turns nor on_error: leave them out")
        from s3sessions.integrations.strands import S3SessionManager

        self.made_manager = S3SessionManager(self.session_id, sessions=self.sessions, **options)
        return self.made_manager

    def _store(
        self,
        payload: Mapping[str, Any],
        write_id: str,
        usage: Mapping[str, Any] | None,
        status: Literal["partial"] | None,
    ) -> Message:
        # Restored first: what has not read the history cannot tell what is stored of it already.
        _ = self.history
        stored = self.chat.append(payload, write_id=write_id, usage=usage, status=status)
        self._said.append(stored)
        return stored
