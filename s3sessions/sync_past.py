"""The past of a history in blocking code: what a handle offers for what is behind it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from s3sessions.bridge import run_sync
from s3sessions.dao.agent import AgentDAO
from s3sessions.models import CompactReport, HistoryChange, Message

__all__ = ["Past"]


class Past:
    """The verbs of an `AgentSession` that hide, summarise, replace and erase what was said.

    All but `compact` state the history that the handle knows, and raise `Conflict` where another
    has hidden, summarised or replaced something since: restore, and decide anew. A handle that does
    not know all of it (a fresh one, or one that has restored the newest) restores first, and from
    then on extends just that. None of them ever hides a message that another appends meanwhile.
    """

    _dao: AgentDAO
    _lock: threading.Lock

    def truncate(self, keep_last: int, *, deadline: float | None = None) -> HistoryChange:
        """Hide all but the newest messages from readers; nothing is deleted until `compact`.

        Atomic. As many more are kept as it takes to cut no batch. A history that is shorter stays
        as it is; hidden messages never come back.

        Requests: 1 LIST for each 1,000 messages, 1 PUT and 1 GET; 1 GET for each message that
        others changed in its place since it was read. None but the list if nothing is to be hidden.
        Other readers of the layout (Strands) do not know of it and see every message.

        Args:
            keep_last: messages that stay visible; 0 hides all.
            deadline: seconds for all of it.

        Raises:
            InvalidSettings: `keep_last` is no whole number, 0 or more.
            Conflict: another changed the history; nothing was hidden.
            CorruptObject, UnsupportedVersion: history.json cannot be read; it stays as it is.
            SessionDeleted: the session is being deleted.
            StoreUnavailable, DeadlineExceeded: whether it is done is not known; do it again.
        """
        with self._lock:
            return run_sync(self._dao.history.truncate(keep_last, deadline=deadline))

    def summarize(
        self, text: str, *, keep_last: int | None = None, deadline: float | None = None
    ) -> HistoryChange:
        """Put a summary in place of what was said, and hide all but the newest messages.

        Atomic: no reader and no crash finds messages hidden without the summary that stands for
        them. Requests and errors: as `truncate`.

        Args:
            text: the summary; an empty one takes it away.
            keep_last: messages that stay visible; all of them, if not given.
            deadline: seconds for all of it.

        Raises:
            InvalidMessage: the text is none, or JSON cannot hold it.
        """
        with self._lock:
            return run_sync(
                self._dao.history.summarize(text, keep_last=keep_last, deadline=deadline)
            )

    def clear(self, *, deadline: float | None = None) -> HistoryChange:
        """Hide all messages and forget the summary; what was used stays counted.

        Requests and errors: as `truncate`.
        """
        with self._lock:
            return run_sync(self._dao.history.clear(deadline=deadline))

    def replace(
        self, payloads: Iterable[Mapping[str, Any]], *, deadline: float | None = None
    ) -> list[Message]:
        """Put other messages in place of the whole history; the summary stays.

        Atomic: readers see the old history or the new one, never a mix, whatever fails in between.
        It never makes room for itself behind what another appended meanwhile: it raises.

        Requests: 1 PUT for each message in two round trips, then 1 LIST for each 1,000, 1 PUT and
        1 GET.

        Args:
            payloads: at most 1,000; none hides all, like `truncate(0)`.
            deadline: seconds for all of it.

        Returns:
            The messages that stand there now.

        Raises:
            InvalidMessage: one of them cannot be stored, or there are too many; nothing was
                written.
            Conflict: another changed or extended the history (`AppendConflict`); it is as it was.
            CorruptObject, UnsupportedVersion, SessionDeleted: as `truncate`.
            StoreUnavailable, DeadlineExceeded: whether it is done is not known; do it again.
        """
        with self._lock:
            return run_sync(self._dao.history.replace(payloads, deadline=deadline))

    def compact(
        self, *, min_age: float = 86400.0, pack: bool = False, deadline: float | None = None
    ) -> CompactReport:
        """Delete what is hidden, and what failed batches and removals have left among it.

        Safe beside writers, readers and other compactions, and after a crash: each object goes only
        in the version that was listed, the newest message of a certain age always stays, and so
        does everything younger than that. Where session.json cannot be read nothing is deleted. Run
        it again to go on.

        Packing rewrites old visible messages as segments, each block of 100 indexes as one object
        of JSON lines, and 100 such blocks, well behind the newest messages, as one again: a restore
        then reads one object for each block. No message is lost, doubled or moved by it, and each
        can be changed in its place as before. A block that a batch crosses stays as it is. Other
        readers of the layout (Strands) see none of what is packed: export it for them.

        Requests: 1 LIST for each 1,000 objects, 1 GET; where there is a history.json, 1 GET more;
        where something is hidden, 1 GET or a few, and 1 DeleteObjects for each 1,000. To pack, 1
        GET or a few, and for each block 1 GET for each message at once, 1 PUT, 1 GET and 1
        DeleteObjects; behind a deletion the list is made anew. Older versions stay in a versioned
        bucket until `Sessions.purge`.

        Args:
            min_age: seconds, by the clock of this machine, for which an object must have been left
                alone: longer than `trust`, and longer than any writer can stand still in the middle
                of a request. One that stood still for longer can create an index again that is
                gone, where nobody sees it. 0 is for sessions that nobody writes to any more.
            pack: pack, too.
            deadline: seconds for all of it.

        Raises:
            InvalidSettings: `min_age` is no number, 0 or more.
            SessionDeleted: the session is being deleted.
            Conflict: it was deleted, and began anew, while it was packed.
            CorruptObject, UnsupportedVersion: history.json cannot be read; nothing is deleted.
            PartialDelete: the store refused some keys; carries them. Run it again.
            StoreUnavailable, DeadlineExceeded: what is done so far is; run it again.
        """
        with self._lock:
            return run_sync(
                self._dao.history.compact(min_age=min_age, pack=pack, deadline=deadline)
            )
