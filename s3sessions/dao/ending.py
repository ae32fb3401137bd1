"""Ending a session: a statement in session.json that nobody goes on with it, never a lock."""

from __future__ import annotations

import logging
from typing import Final

from s3sessions.dao.details import check_text
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import Stamp, change_session
from s3sessions.descriptions import SessionDescription
from s3sessions.errors import InvalidSettings
from s3sessions.keys import SessionKeys
from s3sessions.log import emit
from s3sessions.values import format_time

_LONGEST_REASON: Final = 200
_ENDING: Final = frozenset({"ended_at", "end_reason"})


async def end(scope: Scope, session: SessionKeys, reason: str | None) -> SessionDescription:
    """Say that a session has ended, and why; of one that has, nothing changes.

    Requests: 1 GET and 1 PUT; no PUT where it had ended.

    Raises:
        InvalidSettings: a reason that is no text, or too long.
        SessionNotFound, SessionDeleted, CorruptObject, UnsupportedVersion, Conflict: see
            `change_session`.
    """
    check_text("reason", reason)
    if reason is not None and len(reason) > _LONGEST_REASON:
        raise InvalidSettings(
            f"reason has {len(reason)} characters: give at most {_LONGEST_REASON}"
        )
    ended = {"ended_at": format_time(scope.now()), "end_reason": reason}

    def change(stamp: Stamp) -> Stamp:
        if stamp.get("ended_at") is not None:
            return stamp
        return stamp | {name: value for name, value in ended.items() if value is not None}

    found = await change_session(scope, session, change)
    emit(logging.INFO, "session_ended", session=session.session_id)
    return found


async def reopen(scope: Scope, session: SessionKeys) -> SessionDescription:
    """Take back that a session has ended; of one that has not, nothing changes.

    Requests: 1 GET and 1 PUT; no PUT where it was open.

    Raises:
        SessionNotFound, SessionDeleted, CorruptObject, UnsupportedVersion, Conflict: see
            `change_session`.
    """

    def change(stamp: Stamp) -> Stamp:
        return {name: value for name, value in stamp.items() if name not in _ENDING}

    found = await change_session(scope, session, change)
    emit(logging.INFO, "session_reopened", session=session.session_id)
    return found
