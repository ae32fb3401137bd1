"""Retention in blocking code: the verb that deletes old sessions, and what it says of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from s3sessions.bridge import iter_sync
from s3sessions.dao.sessions import SessionsDAO

if TYPE_CHECKING:
    from s3sessions.dao.pruning import Pruning
    from s3sessions.retention import PruneResult, PruneTotals

__all__ = ["PruneList", "Retention"]


class Retention:
    """What `Sessions` does for sessions to live no longer than they should."""

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
    ) -> PruneList:
        """Delete the sessions in which nobody has spoken for so long; say what became of each.

        The age is that of the newest message, by the store's clock; the state of a graph or a swarm
        and the claim of a turn count as one. Nothing is done until results are asked for, and then
        a few sessions at a time. One that fails does not stop the rest.

        Kept whatever their age: sessions that this object, or what is `under` it, has a handle on,
        and those in `keep`. A session in which somebody speaks while it is about to be deleted is
        kept too, but for what a handle stores that knows its tail already: see `delete`.

        A session whose deletion was cut off and that has no message left, or only old ones, is
        deleted to its end. What a fork has left unfinished is deleted once it is older than that,
        whether or not `ended` and `empty` ask for it. One whose session.json cannot be read is not
        deleted: its result says why. `purge` erases the versions of what is deleted here; it does
        not find what was deleted before.

        Requests: 1 LIST for each 1,000 objects; for each session that is deleted those of `delete`
        or `purge`, 1 PUT and 1 LIST; for each other that is old enough or has no message 1 GET. Of
        a dry run 1 GET at most, where session.json has to be asked.

        Args:
            older_than: the age, a timedelta or seconds.
            ended: True for those that were ended, False for the others. Many sessions are never
                ended; `totals.skipped_open` counts those that True has passed over.
            user: of this user only.
            source: of this source only.
            model: of this model only.
            tag: with this tag only.
            title: with this in their title only, upper and lower case alike.
            empty: also those without a message, as other writers leave them behind; their age is
                that of their newest object. One with a title, or with forks, is kept.
            keep: ids of sessions to keep.
            purge: erase every version that the store keeps, too; a result carries the receipt.
            dry_run: write nothing, and say what would be deleted.

        Raises:
            InvalidSettings: an age, a filter or ids that cannot be meant.
            AccessDenied, StoreUnavailable: at the first result: the sessions cannot be listed.
        """
        from s3sessions.dao.filters import SessionFilter
        from s3sessions.dao.prune_rule import PruneRule, ids_of, seconds_of

        among = SessionFilter(user=user, source=source, model=model, tag=tag, title=title)
        rule = PruneRule(seconds_of(older_than), among, ended, empty, ids_of(keep))
        return PruneList(self._dao.prune(rule, purge=purge, dry_run=dry_run))


class PruneList(Iterator["PruneResult"]):
    """What became of the sessions, one after the other; they are pruned as it is asked for."""

    def __init__(self, pruning: Pruning) -> None:
        self._pruning = pruning
        self._iterator = iter_sync(pruning)

    @property
    def totals(self) -> PruneTotals:
        """Counts over the results that were given so far."""
        return self._pruning.totals

    def __next__(self) -> PruneResult:
        return next(self._iterator)
