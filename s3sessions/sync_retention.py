"""Retention in blocking code: the verb that deletes old sessions, and what it says of each."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Unpack

from s3sessions.bridge import iter_sync, run_sync
from s3sessions.dao.sessions import SessionsDAO

if TYPE_CHECKING:
    from s3sessions.dao.pruning import Pruning
    from s3sessions.retention import PruneFilters, PruneResult, PruneTotals, SweepReport

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
        start_after: str | None = None,
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

        Results come in the order of the store's list; of one that lists in no order, by id.

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
            start_after: id of a session, there still or not, such as the `reached` of a prune that
                was stopped: only those behind it, in the order of the results.
            purge: erase every version that the store keeps, too; a result carries the receipt.
            dry_run: write nothing, and say what would be deleted.

        Raises:
            InvalidSettings: an age, a filter or ids that cannot be meant.
            InvalidId: `start_after` is no session id.
            AccessDenied, StoreUnavailable: at the first result: the sessions cannot be listed.
        """
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
        return PruneList(
            self._dao.prune(rule, start_after=start_after, purge=purge, dry_run=dry_run)
        )

    def sweep(
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
        """Delete old sessions as `prune` does, by as many calls as it takes and one at a time.

        Made to be called by a clock: by a scheduled function, by cron, when a server starts. A call
        goes on behind the session that the last one has reached, or begins anew where that one has
        reached the end. While another is under way it does nothing. One that died is taken over
        when its claim ends: soon after its `seconds` are over, and at most 15 minutes after it has
        last noted what it reached. All of this stands in `sweep_<name>.json` under the prefix,
        which saves work and protects nothing: two sweeps at once delete nothing that one would not.

        A session that fails is counted and named and stops no other; the next sweep meets it again.
        A deletion that is cut off by the end of the time is no failure, and the next call ends it.
        A purge is not cut off between the deletion and the erasure of a session; where the process
        dies there, old versions are left, and no later sweep finds them: lifecycle rules do.

        A dry run writes nothing, so it goes through all sessions, whoever sweeps.

        Requests: 1 GET and 2 PUT, 1 PUT more for each minute, and those of `prune`; 1 GET where
        nothing is to be done. A call that goes on lists what is left only; of a store that lists in
        no order (a directory bucket, a folder), everything.

        Args:
            older_than: the age, a timedelta or seconds.
            name: of the sweep; those that delete by different rules need different names.
            seconds: after which it begins no request more, but those that end the erasure of what a
                purge has deleted, and the last to note what was reached; None for no end.
            every: how long after the beginning of one sweep the next may begin, a timedelta or
                seconds; None for at once.
            event_id: of the event that makes the call. One that has begun a sweep which is complete
                begins no other: schedulers may deliver an event twice.
            purge: erase every version that the store keeps, too.
            dry_run: write nothing, and count what would be deleted.
            **which: the other conditions that `prune` takes.

        Raises:
            InvalidSettings, InvalidId: something that cannot be meant.
            AccessDenied, StoreUnavailable: the sessions cannot be listed, or the document of the
                sweep be read or written.
            UnsupportedVersion: a newer version of this package has written that.
        """
        from s3sessions.dao.prune_rule import PruneRule
        from s3sessions.dao.sweep_claim import SweepPlan

        rule = PruneRule.of(older_than, which)
        plan = SweepPlan.of(name, seconds, every, event_id)
        return run_sync(self._dao.sweep(rule, plan, purge=purge, dry_run=dry_run))


class PruneList(Iterator["PruneResult"]):
    """What became of the sessions, one after the other; they are pruned as it is asked for."""

    def __init__(self, pruning: Pruning) -> None:
        self._pruning = pruning
        self._iterator = iter_sync(pruning)

    @property
    def totals(self) -> PruneTotals:
        """Counts over the results that were given so far."""
        return self._pruning.totals

    @property
    def reached(self) -> str | None:
        """Id of the last session that was gone through with all before it; None at the start."""
        return self._pruning.reached

    def __next__(self) -> PruneResult:
        return next(self._iterator)
