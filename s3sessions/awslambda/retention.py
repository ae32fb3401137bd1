"""The retention function: a Lambda function that a schedule calls, and that deletes old sessions.

`s3sessions.awslambda.retention.handler` is one that is ready, by the variables of its function:
`S3SESSIONS_URL` and `S3SESSIONS_RETENTION_OLDER_THAN`, and those in `retention_variables`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

from s3sessions.awslambda.metrics import print_metrics
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.awslambda.retention_report import as_json, metrics_of
from s3sessions.awslambda.snapstart import after_restore
from s3sessions.awslambda.time_left import TimeLeft
from s3sessions.dao.arguments import check_seconds
from s3sessions.dao.prune_rule import PruneRule
from s3sessions.dao.sweep_claim import SweepPlan
from s3sessions.errors import InvalidSettings
from s3sessions.sync import Sessions

if TYPE_CHECKING:
    from s3sessions.retention import PruneFilters

__all__ = ["RetentionFunction", "handler"]

handler: RetentionFunction
"""A retention function by the variables, made when Lambda asks for it in init."""

_DRY_RUN: Final = "dry_run"


class RetentionFunction:
    """Deletes the sessions in which nobody has spoken for long, as much as its time allows.

    Each invocation is a call of `Sessions.sweep`: it goes on where the last one ended, does nothing
    while another is at it, and once for an event that is delivered twice. Call it more often than
    sessions are to be swept, and let `every` say how often that is.

    An event cannot say what is deleted, but that nothing is: `{"dry_run": true}`.

    Args:
        url: where the sessions are; else `S3SESSIONS_URL`. Those of a tenant have a URL, and a
            function, of their own.
        older_than: the age, a timedelta or seconds.
        sessions: makes the sessions, in place of `url`.
        name: of the sweep; functions that delete by different rules need different names.
        every: how long after the beginning of one sweep the next may begin, a timedelta or seconds;
            a little less than the time between two events, for schedules are not exact.
        purge: erase every version that the store keeps, too.
        dry_run: write nothing, and count what would be deleted.
        reserve: seconds of the invocation that are kept back, to write down what was reached.
        metrics: namespace of the metrics that each invocation prints; None prints none.
        **which: the other conditions of `Sessions.prune`.

    Raises:
        InvalidSettings, InvalidId: what cannot be meant.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        older_than: timedelta | float,
        sessions: Callable[[], Sessions] | None = None,
        name: str = "retention",
        every: timedelta | float | None = None,
        purge: bool = False,
        dry_run: bool = False,
        reserve: float = 10.0,
        metrics: str | None = "s3sessions",
        **which: Unpack[PruneFilters],
    ) -> None:
        if sessions is not None and url is not None:
            raise InvalidSettings("sessions are given: put the url into them")
        # What is wrong is said in init, not when a schedule calls.
        PruneRule.of(older_than, which)
        SweepPlan.of(name, None, every, None)
        check_seconds("reserve", reserve)
        self._older_than = older_than
        self._which = which
        self._name = name
        self._every = every
        self._purge = purge
        self._dry_run = dry_run
        self._reserve = reserve
        self._metrics = metrics
        self._make = sessions or (lambda: Sessions(url))
        self._sessions = self._made()
        after_restore(self._remake)

    def __call__(self, event: Any, context: Any) -> dict[str, Any]:
        """Sweep, and give the report; see `retention_report`.

        Raises:
            BadRequest: an event that asks for what it cannot have. Nothing was done.
            InvalidSettings: the time-out of the function leaves nothing beside the reserve.
            S3SessionsError: of the whole, as `Sessions.sweep`. One session that fails is in the
                report, and in the metrics.
        """
        dry_run = _asks_for_dry_run(event) or self._dry_run
        seconds = TimeLeft(context, self._reserve).seconds
        if not seconds:
            raise InvalidSettings(
                f"the invocation has no more than the {self._reserve:g} s that it keeps back: give "
                "the function a longer time-out"
            )
        report = self._sessions.sweep(
            self._older_than,
            name=self._name,
            seconds=seconds,
            every=self._every,
            event_id=_event_id(event, context),
            purge=self._purge,
            dry_run=dry_run,
            **self._which,
        )
        told = {"name": self._name, "dry_run": dry_run, **as_json(report)}
        if self._metrics is not None:
            dimensions = {"FunctionName": str(context.function_name)}
            properties = {"RequestId": context.aws_request_id, **told}
            print_metrics(self._metrics, dimensions, metrics_of(report), properties)
        return told

    def _made(self) -> Sessions:
        sessions = self._make()
        sessions.prepare()
        return sessions

    def _remake(self) -> None:
        before, self._sessions = self._sessions, self._made()
        before.close()


def _asks_for_dry_run(event: Any) -> bool:
    """Read an event strictly: whoever wants a dry run and misspells it is not to lose a session."""
    if event is None:
        return False
    if not isinstance(event, Mapping):
        raise BadRequest("the event is no object: send one of a schedule, or {}")
    asked = event.get(_DRY_RUN, False)
    if not isinstance(asked, bool):
        raise BadRequest("dry_run in the event is neither true nor false")
    if not _is_scheduled(event) and event.keys() - {_DRY_RUN}:
        raise BadRequest(
            "the event asks for what it cannot change: send one of a schedule, {} or "
            '{"dry_run": true}'
        )
    return asked


def _is_scheduled(event: Mapping[str, Any]) -> bool:
    return "detail-type" in event


def _event_id(event: Any, context: Any) -> str | None:
    """Give what stays the same where Lambda or EventBridge deliver an event again."""
    if isinstance(event, Mapping) and _is_scheduled(event):
        named = event.get("id")
        if isinstance(named, str) and named:
            return named
    return str(context.aws_request_id) or None


def __getattr__(name: str) -> Any:
    if name != "handler":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from s3sessions.awslambda.retention_variables import read_variables

    made = RetentionFunction(**read_variables())
    globals()[name] = made
    return made
