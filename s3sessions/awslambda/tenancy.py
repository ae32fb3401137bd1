"""Whose sessions an invocation may see: those of the tenant that can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from s3sessions.awslambda.refusals import TenantRefused
from s3sessions.errors import InvalidId, InvalidSettings
from s3sessions.keys import Root
from s3sessions.record import Record
from s3sessions.sync import Sessions

__all__ = ["SessionsByTenant", "Tenancy", "TenantFrom", "sessions_of"]

TenantFrom: TypeAlias = Callable[[Any, Any], str | None]
"""Gives the tenant of an event and a context by what can be trusted in them."""


class SessionsByTenant(Protocol):
    """Gives the sessions of each tenant; `Sessions` does, each one prefix deeper."""

    def under(self, name: str, /) -> Sessions:
        """Give the sessions of a tenant. Raises InvalidId for no name of one."""


class Tenancy(Record):
    """Which tenant an invocation is of.

    Attributes:
        tenant_from: what tells; None for the tenant of the context, where it has one.
    """

    tenant_from: TenantFrom | None = None

    def tenant_of(self, event: Any, context: Any, named: str | None) -> str | None:
        """Give the trusted tenant; None where there are no tenants.

        Raises:
            TenantRefused: there is none though there should be, or one that cannot be, or `named`
                is another.
        """
        if self.tenant_from is None:
            tenant = getattr(context, "tenant_id", None) or None
        else:
            tenant = _told(self.tenant_from, event, context)
        if tenant is not None:
            _check(tenant)
        if named is not None and named != tenant:
            raise TenantRefused("the event names another tenant than the one that it comes from")
        return tenant


def _check(tenant: str) -> None:
    """Raise TenantRefused for what cannot be the name of a tenant."""
    try:
        Root.of("").under(tenant)
    except (InvalidId, InvalidSettings) as error:
        raise TenantRefused("no sessions can stand under such a name of a tenant") from error


def _told(tenant_from: TenantFrom, event: Any, context: Any) -> str:
    """Ask for a tenant. Raises TenantRefused where there is none."""
    try:
        tenant: object = tenant_from(event, context)
    except (LookupError, TypeError, AttributeError) as error:
        # A token without the claim, or an event that came by another way than it reads.
        raise TenantRefused("the event does not say of which tenant it is") from error
    if not isinstance(tenant, str) or not tenant:
        raise TenantRefused("the event is of no tenant, and each has to be of one")
    return tenant


def sessions_of(sessions: SessionsByTenant, tenant: str | None) -> Sessions:
    """Give the sessions of a tenant, or all of them where there are no tenants.

    Raises:
        TenantRefused: there is no tenant, and these sessions are kept by tenant only.
    """
    if tenant is not None:
        return sessions.under(tenant)
    if not isinstance(sessions, Sessions):
        raise TenantRefused("the event is of no tenant, and sessions are kept by tenant")
    return sessions
