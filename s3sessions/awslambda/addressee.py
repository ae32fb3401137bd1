"""Who a turn is for: the session, the agent and the tenant that an event names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from s3sessions.awslambda.refusals import BadRequest, TenantRefused
from s3sessions.ids import MAX_ID_BYTES

__all__ = ["agent_named", "same_tenant", "session_named", "tenant_named", "visible"]

_VISIBLE: Final = re.compile(r"[!-.0-~]+")


def session_named(body: Mapping[str, Any], elsewhere: str | None = None) -> str:
    """Give the session's id out of the body, or of where else an event names it.

    Raises:
        BadRequest: none is named, two are, or it is none that a turn may begin.
    """
    inside = _text(body, "session_id")
    if inside is not None and elsewhere is not None and inside != elsewhere:
        raise BadRequest("the body names another session than the path: name one")
    session_id = elsewhere if inside is None else inside
    if session_id is None:
        raise BadRequest("no session is named: give session_id")
    return visible(session_id, "session id")


def agent_named(body: Mapping[str, Any]) -> str:
    """Give the agent's id out of the body; `default` if none is named. Raises BadRequest."""
    agent = _text(body, "agent")
    return "default" if agent is None else visible(agent, "agent id")


def tenant_named(body: Mapping[str, Any]) -> str | None:
    """Give the tenant that the body claims to be of. Raises BadRequest where it is no text."""
    return _text(body, "tenant_id")


def same_tenant(one: str | None, other: str | None) -> str | None:
    """Give what two places of an event claim. Raises TenantRefused where they differ."""
    if one is not None and other is not None and one != other:
        raise TenantRefused("the event names two tenants: it is of one")
    return other if one is None else one


def visible(value: str, what: str) -> str:
    """Give an id that comes from outside, if it can stand in a path, a header and a log as it is.

    Sessions of other ids can be made by the library, and be read and deleted from outside.

    Raises:
        BadRequest: it is empty or too long, or has a slash, a space, or anything but ASCII.
    """
    if len(value) > MAX_ID_BYTES:
        raise BadRequest(f"the {what} has {len(value)} characters, the limit is {MAX_ID_BYTES}")
    if not _VISIBLE.fullmatch(value):
        raise BadRequest(
            f"the {what} {value!r} is empty or has a slash, a space or a character beyond ASCII: "
            "take letters and digits, as in a UUID"
        )
    return value


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise BadRequest(f"{name} in the body must be a text")
