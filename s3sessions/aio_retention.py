"""Retention in async code; see `s3sessions.sync_retention`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import TYPE_CHECKING

from s3sessions.dao.sessions import SessionsDAO

if TYPE_CHECKING:
    from s3sessions.dao.pruning import Pruning

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
        purge: bool = False,
        dry_run: bool = False,
    ) -> Pruning:
        """Delete the sessions in which nobody has spoken for so long; see `Sessions.prune`."""
        from s3sessions.dao.filters import SessionFilter
        from s3sessions.dao.prune_rule import PruneRule, ids_of, seconds_of

        among = SessionFilter(user=user, source=source, model=model, tag=tag, title=title)
        rule = PruneRule(seconds_of(older_than), among, ended, empty, ids_of(keep))
        return self._dao.prune(rule, purge=purge, dry_run=dry_run)
