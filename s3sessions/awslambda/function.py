"""A session function: a Lambda function whose every invocation is a turn of a session."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from s3sessions.awslambda.answering import Answerer, TurnFunction
from s3sessions.awslambda.delivery import Answer, Delivery
from s3sessions.awslambda.invocation import Invocation, TurnRules
from s3sessions.awslambda.snapstart import after_restore
from s3sessions.awslambda.tenancy import SessionsByTenant, Tenancy, TenantFrom
from s3sessions.errors import InvalidSettings
from s3sessions.sync import Sessions

if TYPE_CHECKING:
    from s3sessions.awslambda.api import ApiHandler
    from s3sessions.awslambda.direct import DirectHandler
    from s3sessions.awslambda.http import HttpHandler
    from s3sessions.awslambda.sqs import SqsHandler

__all__ = ["SessionFunction"]

_NAMESPACE: Final = re.compile(r"(?! *$)[A-Za-z0-9._/#: -]{1,255}")


class SessionFunction:
    """Gives each invocation its turn of a session, within its time and once.

    Made in init, at the level of the module: the client of the store is made there, and used by
    all invocations of the process. Nothing else is kept from one to the next, and everything is
    stored when a handler returns. After a SnapStart restore the client is made anew.

    Args:
        url: where the sessions are; else `S3SESSIONS_URL`.
        sessions: makes the sessions, in place of `url` and the options: `Sessions`, or what gives
            those of a tenant by `under`.
        last: how many of the newest messages a turn begins with; None for all. What a turn that is
            delivered again has stored is looked for among them, and its messages among 20 at least.
        wait: most seconds to wait for the turn of another invocation, and never more than half of
            what is left.
        reserve: seconds of the invocation that are kept back for its answer.
        retries: how often a turn is run again after an `AppendConflict`.
        tenant_from: gives the tenant of `(event, context)` by what can be trusted in them, such as
            the claims of an authorizer. Then each event has to be of one: None, and a claim that is
            not there (KeyError), are refused. By default it is the `tenant_id` of the context, for
            functions with tenant isolation.
        metrics: namespace of the metrics that each invocation prints; None prints none.
        **options: settings of `Sessions` by name.

    Raises:
        InvalidSettings: arguments that cannot work, or do not go together.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        sessions: Callable[[], SessionsByTenant] | None = None,
        last: int | None = 50,
        wait: float = 5.0,
        reserve: float = 0.5,
        retries: int = 1,
        tenant_from: TenantFrom | None = None,
        metrics: str | None = "s3sessions",
        **options: Any,
    ) -> None:
        if sessions is not None and (url is not None or options):
            raise InvalidSettings("sessions are given: put the url and the options into them")
        _check(last=last, wait=wait, reserve=reserve, retries=retries)
        _check_namespace(metrics)
        self._make = sessions or (lambda: Sessions(url, **options))
        self._rules = TurnRules(last, wait, reserve, retries, Tenancy(tenant_from))
        self._metrics = metrics
        self._sessions = self._made()
        after_restore(self._remake)

    @contextmanager
    def invocation(self, context: Any) -> Iterator[Invocation]:
        """Begin one invocation; its metrics are printed at the end of the block, once."""
        invocation = Invocation(self._sessions, self._rules, context)
        try:
            yield invocation
        finally:
            if self._metrics is not None:
                _print(self._metrics, invocation)

    def take(
        self, delivery: Delivery, context: Any, turn_function: TurnFunction | Answerer
    ) -> Answer:
        """Answer the one delivery of an invocation; see `Invocation.take`."""
        with self.invocation(context) as invocation:
            return invocation.take(delivery, turn_function)

    # The ways in. Each is imported when it is used, so that a cold start loads what it needs.

    def http(self, turn_function: TurnFunction | Answerer) -> HttpHandler:
        """Make a handler for a function URL, an API Gateway or a load balancer: one turn each."""
        from s3sessions.awslambda.http import HttpHandler

        return HttpHandler(self, turn_function)

    def api(self, turn_function: TurnFunction | Answerer) -> ApiHandler:
        """Make a handler that also lists, reads and deletes sessions."""
        from s3sessions.awslambda.api import ApiHandler

        return ApiHandler(self, turn_function)

    def sqs(self, turn_function: TurnFunction | Answerer) -> SqsHandler:
        """Make a handler for messages of a queue: one turn each."""
        from s3sessions.awslambda.sqs import SqsHandler

        return SqsHandler(self, turn_function)

    def direct(self, turn_function: TurnFunction | Answerer) -> DirectHandler:
        """Make a handler for events that are the body: of an invoke, or of EventBridge."""
        from s3sessions.awslambda.direct import DirectHandler

        return DirectHandler(self, turn_function)

    def _made(self) -> SessionsByTenant:
        sessions = self._make()
        prepare = getattr(sessions, "prepare", None)
        if prepare is not None:
            prepare()
        return sessions

    def _remake(self) -> None:
        before, self._sessions = self._sessions, self._made()
        close = getattr(before, "close", None)
        if close is not None:
            close()


def _check(*, last: int | None, wait: float, reserve: float, retries: int) -> None:
    from s3sessions.dao.arguments import check_count, check_limit, check_seconds

    check_limit("last", last)
    check_count("retries", retries)
    check_seconds("wait", wait)
    check_seconds("reserve", reserve)


def _check_namespace(metrics: object) -> None:
    is_name = isinstance(metrics, str) and _NAMESPACE.fullmatch(metrics) is not None
    if metrics is not None and not is_name:
        raise InvalidSettings(
            f"metrics={metrics!r}: must be a namespace of CloudWatch, 1 to 255 letters, digits, "
            "spaces and ._-/#:, or None for no metrics"
        )


def _print(namespace: str, invocation: Invocation) -> None:
    from s3sessions.awslambda.metrics import print_metrics

    context = invocation.context
    print_metrics(
        namespace,
        {"FunctionName": context.function_name},
        invocation.tally.values(),
        {"RequestId": invocation.request_id},
    )
