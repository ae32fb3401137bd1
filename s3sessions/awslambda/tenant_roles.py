"""Sessions of tenants, each with credentials that see nothing but their own prefix."""

from __future__ import annotations

import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final, Unpack

from s3sessions.dao.arguments import check_count
from s3sessions.errors import InvalidId, InvalidSettings
from s3sessions.opening import Configuration
from s3sessions.permissions.tenants import TENANT_TAG, check_role, check_tag
from s3sessions.ports import Observer
from s3sessions.record import Record
from s3sessions.settings import Options
from s3sessions.sync import Sessions

__all__ = ["TenantRoles"]

_LONGEST_VALUE: Final = 256
_MARKS: Final = frozenset("_.:=+-@")


class TenantRoles:
    """Gives the sessions of each tenant, through a role that is taken on for that tenant alone.

    The role has the policy that `s3sessions policy --tenants` prints: it reaches the prefix that
    the session tag `tenant` names, so that no bug of a function shows one tenant what is another's.
    Who takes it on needs `sts:AssumeRole` and `sts:TagSession` on it, as `policy --assume` and
    `policy --trust` say.

    Made to be shared between threads, and in `SessionFunction(sessions=lambda: TenantRoles(…))`.
    Each tenant has a boto3 client of its own (obstore is not used), which asks for credentials at
    its first request and again before they expire. Making one makes no request.

    Args:
        url: `s3://bucket/prefix`; else `S3SESSIONS_URL`. Tenants stand one prefix deeper.
        role_arn: of the role.
        limit: most tenants whose clients are kept; the one that was asked for longest ago goes.
        tag: name of the session tag.
        on_request: told of each request to S3 once it has ended.
        **options: single settings by name: see `Settings`. The profile is that of who takes the
            role on.

    Raises:
        InvalidSettings: arguments that cannot work.
    """

    def __init__(
        self,
        url: str | None,
        role_arn: str,
        *,
        limit: int = 64,
        tag: str = TENANT_TAG,
        on_request: Observer | None = None,
        **options: Unpack[Options],
    ) -> None:
        from s3sessions.stores.s3_client import ClientOptions
        from s3sessions.stores.s3_roles import TaggedRole

        check_tag(tag)
        check_count("limit", limit)
        if not limit:
            raise InvalidSettings("limit=0 keeps no tenant's client: give 1 or more")
        configuration = Configuration.of(url, None, options, client=None, store=None)
        location = configuration.location
        if location is None or location.scheme != "s3":
            raise InvalidSettings("a role gives access to s3://bucket/prefix only: correct the url")
        if configuration.settings.transport == "object_store":
            raise InvalidSettings("transport='object_store' cannot take on roles: leave it out")
        self._root = location.root
        self._settings = configuration.settings
        self._on_request = on_request
        self._limit = limit
        given = configuration.s3_options
        del given["put_args"]
        self._role = TaggedRole(check_role(role_arn), tag, ClientOptions(**given))
        self._held: OrderedDict[str, _Tenant] = OrderedDict()
        self._lock = threading.Lock()

    def under(self, tenant: str, /) -> Sessions:
        """Give the sessions of a tenant. Requests: none; its first request makes 1 AssumeRole more.

        Raises:
            InvalidId: a tenant that cannot be the value of a tag, or one segment of a key.
            InvalidSettings: no client can be made of the settings.
        """
        self._check(tenant)
        with self._lock:
            held = self._held.get(tenant)
            if held is None:
                held = self._held[tenant] = self._open(tenant)
            self._held.move_to_end(tenant)
            dropped = self._take_oldest()
        _close(dropped)
        return held.sessions

    def prepare(self) -> None:
        """Load what the clients of all tenants need. Requests: none.

        Raises:
            InvalidSettings: no client can be made of the settings.
        """
        self._role.prepare()

    def close(self) -> None:
        """Give back connections and threads; may be called twice, and using it makes new ones."""
        with self._lock:
            dropped = list(self._held.values())
            self._held.clear()
        _close(dropped)
        self._role.close()

    def _check(self, tenant: object) -> None:
        """Raise InvalidId where the tag cannot hold a tenant, or a key would spell it otherwise."""
        if not isinstance(tenant, str) or not 0 < len(tenant) <= _LONGEST_VALUE:
            raise InvalidId(f"tenant must be a text of 1 to {_LONGEST_VALUE} characters")
        prefix = f"{self._root.prefix}{tenant}/"
        if not all(map(_is_fit, tenant)) or self._root.under(tenant).prefix != prefix:
            raise InvalidId(
                f"tenant {tenant!r} cannot be a session tag: take letters, digits, spaces and "
                f"{' '.join(sorted(_MARKS))}"
            )

    def _open(self, tenant: str) -> _Tenant:
        client = self._role.client(tenant)
        sessions = Sessions(settings=self._settings, client=client, on_request=self._on_request)
        return _Tenant(sessions.under(tenant), client)

    def _take_oldest(self) -> list[_Tenant]:
        surplus = len(self._held) - self._limit
        return [self._held.popitem(last=False)[1] for _ in range(surplus)]


class _Tenant(Record):
    """The sessions of a tenant, and the client that they do not close."""

    sessions: Sessions
    client: Any


def _close(tenants: Iterable[_Tenant]) -> None:
    for tenant in tenants:
        # Whoever is in the middle of a request ends it; the next one connects anew.
        tenant.sessions.close()
        tenant.client.close()


def _is_fit(character: str) -> bool:
    return character in _MARKS or unicodedata.category(character)[0] in "LNZ"
