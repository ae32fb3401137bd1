"""Changing messages in their place, in blocking code: what a handle offers for single messages."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from s3sessions.bridge import run_sync
from s3sessions.dao.agent import AgentDAO
from s3sessions.models import Message

__all__ = ["InPlace"]


class InPlace:
    """The verbs of an `AgentSession` that change one message where it stands."""

    _dao: AgentDAO
    _lock: threading.Lock

    def update(
        self, message: Message, payload: Mapping[str, Any], *, deadline: float | None = None
    ) -> Message:
        """Replace the payload of a message that was read or appended, if it is still as it was.

        Atomic, in its place; `created_at`, the write id and fields of other writers stay. Older
        versions stay in a versioned bucket until `Sessions.purge`. That it was packed since is no
        change of it.

        Returns:
            The message as it is stored now.

        Raises:
            Conflict: it was changed since.
            MessageNotFound: it is not there, or was removed.
            InvalidMessage: JSON cannot hold it unaltered, or it is too large.
            CorruptObject, UnsupportedVersion: what is there cannot be read; it stays as it is.
            StoreUnavailable: whether it is done is not known; read it.
            DeadlineExceeded: the time is over.
        """
        with self._lock:
            return run_sync(self._dao.update(message, payload, deadline=deadline))

    def redact(
        self,
        index: int,
        *,
        replacement: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Take the content of a message out of the store; its place, role and times stay.

        Gone from the message's object, from the segment that holds it and from the copies that
        failed tries of its batch have left; fields of other writers go too, for they may hold it.
        Older versions stay in a versioned bucket until `Sessions.purge`. Doing it twice changes
        nothing. A packing that had read the content before, and dies after this has ended, can
        leave a copy in a segment that nobody reads: the next packing or the doctor takes it out.

        Requests: 1 GET, 1 PUT, and 2 GET at once to see that no segment holds a copy. Of a later
        message of a batch, to find copies, 1 GET of the first, 1 LIST for each 1,000 messages and 1
        GET for each message and each segment below it.

        Args:
            index: of the message.
            replacement: what is to stand there; `[redacted]` in the shape of the old content, if
                not given.
            deadline: seconds for all of it.

        Returns:
            The message as it is stored now, with `redacted_at`.

        Raises:
            MessageNotFound: there is none, or it was removed.
            InvalidMessage: JSON cannot hold the replacement.
            CorruptObject, UnsupportedVersion: what is there cannot be read; it stays as it is.
            Conflict: others changed it under each try.
            StoreUnavailable, DeadlineExceeded: whether it is done is not known; do it again.
        """
        with self._lock:
            return run_sync(self._dao.redact(index, replacement=replacement, deadline=deadline))

    def complete(
        self,
        index: int,
        payload: Mapping[str, Any],
        *,
        usage: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Finish a message that was appended with `status="partial"`; doing it twice is safe.

        Atomic, in its place. Requests: 1 GET, 1 PUT; 1 or 2 GET more of a packed message, of which
        the segment is written.

        Args:
            index: of the message.
            payload: the whole message, as it is to stand there.
            usage: in place of what was said when it was appended; that stays, if not given.
            deadline: seconds for all of it.

        Raises:
            Conflict: it is complete already, with another payload, or it was redacted.
            MessageNotFound: it is not there, or was removed.
            InvalidMessage: JSON cannot hold it unaltered, or it is too large.
            CorruptObject, UnsupportedVersion: what is there cannot be read; it stays as it is.
            StoreUnavailable, DeadlineExceeded: whether it is done is not known; do it again.
        """
        with self._lock:
            return run_sync(self._dao.complete(index, payload, usage=usage, deadline=deadline))

    def remove(self, index: int, *, deadline: float | None = None) -> None:
        """Take one message away: a void that no reader sees stands in its place.

        Its index is never used again; its content is gone as with `redact`, which says what it
        costs, and what it used is not counted any more. Removing it twice is safe.

        Raises:
            MessageNotFound: there is none.
            CorruptObject, UnsupportedVersion: what is there cannot be read; it stays as it is.
            Conflict: others changed it under each try.
            StoreUnavailable, DeadlineExceeded: whether it is done is not known; do it again.
        """
        with self._lock:
            run_sync(self._dao.remove(index, deadline=deadline))
