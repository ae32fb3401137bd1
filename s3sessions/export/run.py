"""What every export does, whatever it writes.

Sessions are read several at a time ahead of the one that is written, in the order of the listing.
What cannot be read is passed over and reported by key, never in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from s3sessions.errors import InvalidMessage, InvalidSettings, S3SessionsError, SessionNotFound
from s3sessions.export.parallel import in_order
from s3sessions.export.reports import ExportProgress, ExportReport, PassedOver
from s3sessions.keys import Root, SessionKeys
from s3sessions.values import encode_value

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History
    from s3sessions.sync import Sessions

__all__ = ["Follow", "Refusal", "Rendering", "run_export"]

T = TypeVar("T")

Follow = Callable[[ExportProgress], object]
"""Told after each session."""


@dataclass(frozen=True, slots=True)
class Rendering(Generic[T]):
    """One agent's history as it is to be written, and what has no place there.

    Attributes:
        item: None where nothing is left to write.
    """

    item: T | None
    dropped: Sequence[str] = ()


class Refusal(Exception):
    """The destination does not take a session; nothing of it was written."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.passed_over = PassedOver(key, reason)


def run_export(
    sessions: Sessions,
    render: Callable[[SessionInfo, History], Rendering[T]],
    write: Callable[[list[T]], int],
    *,
    session_ids: Iterable[str] | None,
    width: int,
    on_progress: Follow | None,
) -> ExportReport:
    """Read sessions, render each agent's history, and write what came of each session.

    Args:
        sessions: where from.
        render: called in threads. It may raise InvalidMessage for what is no JSON, and is called
            again without that.
        write: takes what was rendered of one session, from the calling thread, and gives the
            bytes that it wrote; may raise `Refusal`.
        session_ids: only these, in this order; else all.
        width: sessions at a time.
        on_progress: told from the calling thread.

    Raises:
        InvalidSettings: a width below 1.
        SessionNotFound: one of `session_ids` does not exist; what came before it is written.
        S3SessionsError: any error of the store.
    """
    if width < 1:
        raise InvalidSettings(f"width={width!r}: must be a number of at least 1")
    ids = (ref.id for ref in sessions.list()) if session_ids is None else session_ids
    is_named = session_ids is not None
    calls = (partial(_read_session, sessions, each, render, named=is_named) for each in ids)
    run = _Export()
    with closing(in_order(calls, width=width)) as results:
        for result in results:
            try:
                run.add(result, write(result.items))
            except Refusal as refusal:
                run.refuse(result, refusal)
            if on_progress is not None:
                on_progress(run.progress(result.keys.session_id))
    return run.report()


@dataclass(slots=True)
class _Session(Generic[T]):
    """One session as it is read: what is to be written of it, and what could not be read."""

    keys: SessionKeys
    render: Callable[[SessionInfo, History], Rendering[T]]
    items: list[T] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
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
            rendering = self.render(info, history)
        except InvalidMessage:
            info, history = self._representable(info, history)
            rendering = self.render(info, history)
        if rendering.item is not None:
            self.items.append(rendering.item)
            self.messages += len(history.messages)
        self.dropped += rendering.dropped

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


def _read_session(
    sessions: Sessions,
    session_id: str,
    render: Callable[[SessionInfo, History], Rendering[T]],
    *,
    named: bool,
) -> _Session[T]:
    """Read a session whole; one that is deleted meanwhile is gone, an agent of it likewise."""
    session = _Session(Root(sessions.prefix).session(session_id), render)
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
    found = 0
    for agent_id in sorted(info.agents):
        history = _restore(sessions, session_id, agent_id)
        if history is not None and (history.next_index or not info.agents[agent_id]):
            session.add(info, history)
            found += 1
    session.is_gone = bool(info.agents) and not found
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
    dropped: Counter[str] = field(default_factory=Counter)
    refused: list[PassedOver] = field(default_factory=list)

    def add(self, session: _Session[Any], written: int) -> None:
        self.sessions += bool(session.items)
        self.conversations += len(session.items)
        self.messages += session.messages
        self.bytes += written
        self.dropped.update(session.dropped)
        self._count_losses(session)

    def refuse(self, session: _Session[Any], refusal: Refusal) -> None:
        self.refused.append(refusal.passed_over)
        self._count_losses(session)

    def _count_losses(self, session: _Session[Any]) -> None:
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
            dropped=dict(self.dropped.most_common()),
            refused=tuple(self.refused),
        )
