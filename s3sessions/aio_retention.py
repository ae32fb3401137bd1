"""Retention in async code; see `s3sessions.sync_retention`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING, Unpack

from s3sessions.dao.sessions import SessionsDAO

if TYPE_CHECKING:
    from s3sessions.dao.pruning import Pruning
    from s3sessions.retention import PruneFilters, SweepReport

__all__ = ["AsyncRetention"]


class AsyncRetention:
    """What `AsyncSessions` does for sessions to live no longer than they should."""

    _dao: SessionsDAO

    def prune(
        self,
        older_than: timedelta | float,
        *,
        ended: bool | None = None,
        user: str | None = None,
        source: str | None = None,
        model: str | None = None,
        tag: str | None = None,
        title: str | None = None,
        empty: bool = False,
        keep: Collection[str] = (),
        start_after: str | None = None,
        purge: bool = False,
        dry_run: bool = False,
    ) -> Pruning:
        """Delete the sessions in which nobody has spoken for so long; see `Sessions.prune`."""
        from s3sessions.dao.prune_rule import PruneRule

        which: PruneFilters = {
            "ended": ended,
            "user": user,
            "source": source,
            "model": model,
            "tag": tag,
            "title": title,
            "empty": empty,
            "keep": keep,
        }
        rule = PruneRule.of(older_than, which)
        return self._dao.prune(rule, start_after=start_after, purge=purge, dry_run=dry_run)

    async def sweep(
        self,
        older_than: timedelta | float,
        *,
        name: str = "retention",
        seconds: float | None = None,
        every: timedelta | float | None = None,
        event_id: str | None = None,
        purge: bool = False,
        dry_run: bool = False,
        **which: Unpack[PruneFilters],
    ) -> SweepReport:
        """Delete old sessions by as many calls as it takes, one at a time; see `Sessions.sweep`."""
        from s3sessions.dao.prune_rule import PruneRule
        from s3sessions.dao.sweep_claim import SweepPlan

        rule = PruneRule.of(older_than, which)
        plan = SweepPlan.of(name, seconds, every, event_id)
        return await self._dao.sweep(rule, plan, purge=purge, dry_run=dry_run)
