"""Export: sessions as JSON Lines, one agent a line, in the order of the listing.

Sessions are read several at a time ahead of the one that is written. What cannot be read is passed
over and reported by key, never in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from s3sessions.errors import InvalidMessage, InvalidSettings, S3SessionsError, SessionNotFound
from s3sessions.export.conversation import Conversation
from s3sessions.export.parallel import in_order
from s3sessions.keys import Root, SessionKeys
from s3sessions.values import encode_value

if TYPE_CHECKING:
    from s3sessions.models import History, SessionInfo
    from s3sessions.sync import Sessions

__all__ = ["ExportProgress", "ExportReport", "PassedOver", "export_conversations"]


class PassedOver(NamedTuple):
    """A stored object that is not in the export, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export wrote.

    Attributes:
        sessions: sessions of which at least one line was written.
        conversations: lines, one for each agent.
        messages: messages in them.
        bytes: that were written.
        gone: sessions that were listed and deleted before they were read.
        corrupt: objects that could not be read, passed over.
        holes: indexes that no object holds.
        foreign: objects under the agents' prefixes that are not ours, passed over.
    """

    sessions: int
    conversations: int
    messages: int
    bytes: int
    gone: int
    corrupt: tuple[PassedOver, ...]
    holes: int
    foreign: int


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export has come: what was written, and the session that was written last."""

    sessions: int
    conversations: int
    messages: int
    bytes: int
    session_id: str


def export_conversations(
    sessions: Sessions,
    write: Callable[[bytes], object],
    *,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Callable[[ExportProgress], object] | None = None,
) -> ExportReport:
    """Write sessions as JSON Lines that `import_conversations` reads back equal.

    A line is one agent: `session_id`, `agent_id`, `created_at`, `messages`, `state`, the agent's
    metadata as fields of the line, and `s3sessions` with the time of each message and what else
    import needs. Requests: 1 LIST for each 1,000 sessions, 1 LIST and 1 GET for each session, and
    a whole restore of each agent. Memory holds `width` sessions.

    Args:
        sessions: where from.
        write: takes one whole line at a time, from the calling thread.
        session_ids: only these, in this order.
        width: sessions at a time.
        on_progress: told from the calling thread after each session.

    Raises:
        SessionNotFound: one of `session_ids` does not exist; what came before it is written.
        S3SessionsError: any error of the store.
    """
    if width < 1:
        raise InvalidSettings(f"width={width!r}: must be a number of at least 1")
    ids = (ref.id for ref in sessions.list()) if session_ids is None else session_ids
    calls = (
        partial(_read_session, sessions, session_id, named=session_ids is not None)
        for session_id in ids
    )
    run = _Export()
    with closing(in_order(calls, width=width)) as results:
        for result in results:
            for line in result.lines:
                write(line)
            run.add(result)
            if on_progress is not None:
                on_progress(run.progress(result.keys.session_id))
    return run.report()


@dataclass(slots=True)
class _Session:
    """One session as it is read: its lines, and what could not be read."""

    keys: SessionKeys
    lines: list[bytes] = field(default_factory=list)
    messages: int = 0
    corrupt: dict[str, str] = field(default_factory=dict)
    holes: int = 0
    foreign: int = 0
    is_gone: bool = False

    def add(self, info: SessionInfo, history: History) -> None:
        self.holes += sum(map(len, history.holes))
        for error in history.corrupt:
            self.pass_over(error.key or self.keys.prefix, error)
        try:
            line = Conversation.of(info, history).line()
        except InvalidMessage:
            info, history = self._representable(info, history)
            line = Conversation.of(info, history).line()
        self.lines.append(line)
        self.messages += len(history.messages)

    def pass_over(self, key: str, error: S3SessionsError) -> None:
        self.corrupt[key] = error.message

    def _representable(self, info: SessionInfo, history: History) -> tuple[SessionInfo, History]:
        """Leave out what is no JSON: other writers of the format can store a NaN."""
        agent = self.keys.agent(history.agent_id)
        details = info.metadata if self._is_json(self.keys.document, info.metadata) else {}
        kept = replace(
            history,
            messages=[
                message
                for message in history.messages
                if self._is_json(agent.message(message.index), message.payload)
            ],
            state=history.state if self._is_json(agent.document, history.state) else {},
            metadata=history.metadata if self._is_json(agent.document, history.metadata) else {},
        )
        return replace(info, metadata=details), kept

    def _is_json(self, key: str, value: Mapping[str, Any]) -> bool:
        try:
            encode_value(dict(value))
        except InvalidMessage as error:
            self.pass_over(key, error)
            return False
        return True


def _read_session(sessions: Sessions, session_id: str, *, named: bool) -> _Session:
    """Read a session whole; one that is deleted meanwhile is gone, an agent of it likewise."""
    session = _Session(Root(sessions.prefix).session(session_id))
    try:
        info = sessions.info(session_id)
    except SessionNotFound:
        if named:
            raise
        session.is_gone = True
        return session
    session.foreign = info.foreign
    if info.corrupt is not None:
        session.pass_over(info.corrupt.key or session.keys.document, info.corrupt)
    for agent_id in sorted(info.agents):
        history = _restore(sessions, session_id, agent_id)
        if history is not None and (history.next_index or not info.agents[agent_id]):
            session.add(info, history)
    session.is_gone = bool(info.agents) and not session.lines
    return session


def _restore(sessions: Sessions, session_id: str, agent_id: str) -> History | None:
    try:
        return sessions.open(session_id, agent_id).restore(on_corrupt="report")
    except SessionNotFound:
        return None


@dataclass(slots=True)
class _Export:
    """What was written so far."""

    sessions: int = 0
    conversations: int = 0
    messages: int = 0
    bytes: int = 0
    gone: int = 0
    corrupt: list[PassedOver] = field(default_factory=list)
    holes: int = 0
    foreign: int = 0

    def add(self, session: _Session) -> None:
        self.sessions += bool(session.lines)
        self.conversations += len(session.lines)
        self.messages += session.messages
        self.bytes += sum(map(len, session.lines))
        self.gone += session.is_gone
        self.corrupt += [PassedOver(key, reason) for key, reason in session.corrupt.items()]
        self.holes += session.holes
        self.foreign += session.foreign

    def progress(self, session_id: str) -> ExportProgress:
        return ExportProgress(
            self.sessions, self.conversations, self.messages, self.bytes, session_id
        )

    def report(self) -> ExportReport:
        return ExportReport(
            sessions=self.sessions,
            conversations=self.conversations,
            messages=self.messages,
            bytes=self.bytes,
            gone=self.gone,
            corrupt=tuple(self.corrupt),
            holes=self.holes,
            foreign=self.foreign,
        )
