"""Packing: old messages rewritten as segments, so that a restore reads few objects.

Blocks are packed one after the other, so that one is in memory at a time; how one is packed, and
what is left of it by a crash, says `s3sessions.dao.block_packing`. The list is made anew where
something of it is gone, or it is older than `trust`: a packing that stalled must not create a
segment that others have packed further, or deleted, since.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from s3sessions import blocks
from s3sessions.dao.block_packing import BlockPacking, OutdatedList
from s3sessions.dao.documents import life_of_agent
from s3sessions.dao.messages import Unreadable
from s3sessions.dao.packing_plan import NEWEST, Plan, Task, loose_tasks, segment_tasks
from s3sessions.dao.scope import Scope
from s3sessions.dao.survey import Survey, Surveyor
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.log import emit

# Seconds for which a list is good where nothing is trusted.
_LONGEST_LOOK: Final = 60.0


@dataclass
class Packing:
    """The packing of one agent's history, and what it has done.

    Attributes:
        packed: messages that only a segment holds since.
        segments: segments created.
        corrupt: what could not be read, or holds another message than its segment.
    """

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    packed: int = 0
    segments: int = 0
    corrupt: list[Unreadable] = field(default_factory=list)

    async def run(self, min_age: float, seen: Survey | None = None) -> None:
        """Pack what is old and visible; see `AgentSession.compact`.

        Args:
            min_age: seconds for which an object must have been left alone.
            seen: a survey of just now, for the same age, if there is one.
        """
        surveyor = Surveyor(self.scope, self.session, self.agent)

        async def survey() -> Survey:
            return await surveyor.survey(min_age)

        try:
            seen = await self._run(loose_tasks, surveyor, survey, seen)
            if seen.listing.shown.end >= blocks.SEGMENT_SIZES[-1] + NEWEST:
                await self._run(segment_tasks, surveyor, survey)
        finally:
            ids = {"session": self.agent.session_id, "agent": self.agent.agent_id}
            done = {"messages": self.packed, "segments": self.segments}
            emit(logging.INFO, "history_packed", **ids, **done)

    async def _run(
        self,
        plan: Plan,
        surveyor: Surveyor,
        look: Callable[[], Awaitable[Survey]],
        seen: Survey | None = None,
    ) -> Survey:
        """Do what is planned, and give the list by which the last of it was done."""
        done = 0
        while True:
            survey, seen = seen or await look(), None
            tasks = await self._tasks(plan, surveyor, survey)
            left = [task for task in tasks if task.stop > done]
            for at, task in enumerate(left):
                try:
                    await self._pack(task, survey)
                except OutdatedList:
                    # What a new list does not help with is left to the next packing.
                    done = task.stop if at == 0 else done
                    break
                done = task.stop
            else:
                return survey

    async def _tasks(self, plan: Plan, surveyor: Surveyor, survey: Survey) -> list[Task]:
        """Plan; nothing, where no session.json tells whose history it is."""
        if not survey.is_of_a_known_life or not plan(survey, survey.listing.shown.end):
            return []
        return plan(survey, await surveyor.limit(survey))

    async def _pack(self, task: Task, survey: Survey) -> None:
        life = life_of_agent(survey.session, self.agent.agent_id)

        def is_fresh() -> bool:
            age = self.scope.clock() - survey.listing.listed_at
            return 0 <= age <= max(_LONGEST_LOOK, self.scope.settings.trust)

        block = BlockPacking(self.scope, self.session, self.agent, task, life, is_fresh)
        try:
            await block.run()
        finally:
            self.packed += block.packed
            self.segments += block.segments
            self.corrupt += block.corrupt
