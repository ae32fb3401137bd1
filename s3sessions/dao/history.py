"""What a handle does to the past of its history: truncate, summarise, clear, replace, compact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from s3sessions.dao.append import Appender
from s3sessions.dao.arguments import check_count, check_seconds
from s3sessions.dao.beginning import Beginning
from s3sessions.dao.compaction import Compaction
from s3sessions.dao.drafting import Drafting
from s3sessions.dao.knowledge import Knowledge
from s3sessions.dao.moving import Choose, Move
from s3sessions.dao.outline import Line
from s3sessions.dao.packing import Packing
from s3sessions.dao.survey import Survey
from s3sessions.dao.writing import Writing
from s3sessions.errors import InvalidMessage
from s3sessions.models import CompactReport, HistoryChange, Message, Summary
from s3sessions.values import dumps

Operation: TypeAlias = Callable[[float | None], AbstractAsyncContextManager[None]]
"""Runs what is inside it within a deadline."""


@dataclass
class HistoryDAO:
    """The verbs of one handle for its past; `restore` makes the handle know all of it."""

    known: Knowledge
    move: Move
    appender: Appender
    compaction: Callable[[], Compaction]
    packing: Callable[[], Packing]
    operation: Operation
    restore: Callable[[], Awaitable[object]]
    drafting: Drafting

    async def truncate(self, keep_last: int, *, deadline: float | None) -> HistoryChange:
        """Hide all but the newest; see `AgentSession.truncate`."""
        check_count("keep_last", keep_last)
        return await self._move(
            lambda lines, now: replace(now, first=self._first(lines, now, keep_last)), deadline
        )

    async def summarize(
        self, text: str, *, keep_last: int | None, deadline: float | None
    ) -> HistoryChange:
        """Set the summary, and hide all but the newest; see `AgentSession.summarize`."""
        _check_text(text)
        if keep_last is not None:
            check_count("keep_last", keep_last)

        def choose(lines: list[Line], now: Beginning) -> Beginning:
            if keep_last is None:
                return replace(now, summary=Summary(text, self._end) if text else None)
            first = self._first(lines, now, keep_last)
            return replace(now, first=first, summary=Summary(text, first) if text else None)

        return await self._move(choose, deadline)

    async def clear(self, *, deadline: float | None) -> HistoryChange:
        """Hide all, and drop the summary; see `AgentSession.clear`."""

        def choose(lines: list[Line], now: Beginning) -> Beginning:
            return replace(now, first=self._first(lines, now, 0), summary=None)

        return await self._move(choose, deadline)

    async def replace(
        self, payloads: Iterable[Mapping[str, Any]], *, deadline: float | None
    ) -> list[Message]:
        """Put others in place of all; see `AgentSession.replace`."""
        base = self.move.scope.new_id()
        drafts = self.drafting.batch(payloads, base)
        if not drafts:
            await self.truncate(0, deadline=deadline)
            return []
        writing = Writing(drafts, base, redelivered=False, is_batch=True, replaces=True)
        async with self.operation(deadline):
            await self._know()
            if self.known.history is not None and self.known.history.corrupt is not None:
                raise self.known.history.corrupt
            messages = await self.appender.append(writing)
            batch = messages[0].batch
            if batch is None:
                raise TypeError("what replaces a history is a batch")
            try:
                await self.move.run_alone(
                    lambda _, now: replace(now, first=batch.commit, replaced_by=batch.id)
                )
            except BaseException:
                # The batch stays where it is, unnamed and invisible: what is visible is unknown.
                self.known.outline.forget()
                raise
        return messages

    async def compact(self, *, min_age: float, pack: bool, deadline: float | None) -> CompactReport:
        """Delete what is hidden, and pack what is old; see `AgentSession.compact`."""
        check_seconds("min_age", min_age)
        async with self.operation(deadline):
            compaction = self.compaction()
            report = await compaction.run(min_age)
            if not pack:
                return report
            return await self._pack(report, min_age, compaction.untouched)

    async def _pack(
        self, report: CompactReport, min_age: float, seen: Survey | None
    ) -> CompactReport:
        packing = self.packing()
        await packing.run(min_age, seen)
        return replace(
            report,
            packed=packing.packed,
            segments=packing.segments,
            corrupt=tuple(packing.corrupt),
        )

    async def _move(self, choose: Choose, deadline: float | None) -> HistoryChange:
        async with self.operation(deadline):
            await self._know()
            return await self.move.run(choose)

    async def _know(self) -> None:
        """Restore where not every visible message is known."""
        if not self.known.is_whole or not self.known.restored:
            await self.restore()

    def _first(self, lines: list[Line], now: Beginning, keep_last: int) -> int:
        """Give the place of the oldest message that is kept; of a batch it is that of its first."""
        if len(lines) <= keep_last:
            return now.first
        return lines[-keep_last].place if keep_last else self._end

    @property
    def _end(self) -> int:
        return self.known.tail.next_index if self.known.tail is not None else 0


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise InvalidMessage(f"a summary is text, not {type(text).__name__}")
    dumps(text)
