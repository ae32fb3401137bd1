"""A handle on the document of one multi-agent in one session, in blocking code."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from s3sessions.bridge import run_sync
from s3sessions.dao.multi_agent import MultiAgentDAO
from s3sessions.models import RequestCounts

__all__ = ["MultiAgentSession"]


class MultiAgentSession:
    """A handle on the state of one graph or swarm; made by `Sessions.multi_agent`.

    It costs nothing until it is used. Threads may share it: verbs go one after the other. The state
    is one whole: what two writers save is never merged, and none is written over unseen.
    """

    def __init__(self, dao: MultiAgentDAO, session_id: str, multi_agent_id: str) -> None:
        self._dao = dao
        self._lock = threading.Lock()
        self.session_id = session_id
        self.multi_agent_id = multi_agent_id

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes of this handle so far."""
        return self._dao.meter.counts

    def restore(self, *, deadline: float | None = None) -> dict[str, Any] | None:
        """Read the body that was saved last, and from now on replace just that.

        Requests: 2 GET, in one round trip; the same again where session.json is missing.

        Args:
            deadline: seconds for all of it.

        Returns:
            The body as it was given to `save`, or as another writer of the format stored it; None
            where there is none.

        Raises:
            SessionDeleted: the session is being deleted.
            CorruptObject: the document cannot be read.
            UnsupportedVersion: a newer version has written it, or session.json.
            StoreUnavailable: the store does not answer.
            DeadlineExceeded: the time is over.
        """
        with self._lock:
            return run_sync(self._dao.restore(deadline=deadline))

    def save(self, body: Mapping[str, Any], *, deadline: float | None = None) -> None:
        """Write the whole body; when this returns it is durable.

        Atomic. Requests: none if it is what is stored, 1 PUT after a restore or a save; of a handle
        that never restored 2 GET before it, and 1 PUT more in a session that does not exist yet.

        Args:
            body: a JSON object of any shape; `bytes` may stand anywhere in it. What a framework has
                encoded as Strands' markers is to be decoded first, or Strands does not know it.
            deadline: seconds for all of it, retries included.

        Raises:
            InvalidMessage: JSON cannot hold it unaltered, it is over `max_message_bytes`, or it has
                a field `s3sessions`; nothing was written.
            Conflict: another writer has changed what this handle knows, which stays as it is;
                `restore`, then go on.
            SessionDeleted: the session is being deleted; nothing of ours is left in it, if this
                caller may delete.
            CorruptObject: what is there cannot be read; it stays as it is.
            UnsupportedVersion: a newer version has written it, or session.json.
            StoreUnavailable: whether it is stored is not known; save it again.
            DeadlineExceeded: the time is over; says whether the fate of the write is known.
            AccessDenied: the store refuses the write.
        """
        with self._lock:
            run_sync(self._dao.save(body, deadline=deadline))
