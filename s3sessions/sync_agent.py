"""A handle on one agent's history in one session, in blocking code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from s3sessions.bridge import iter_sync, run_sync
from s3sessions.dao.agent import AgentDAO
from s3sessions.models import History, Message, RequestCounts
from s3sessions.sync_in_place import InPlace
from s3sessions.sync_past import Past
from s3sessions.sync_turn import Turn

if TYPE_CHECKING:
    from s3sessions.dao.iteration import MessageStream
    from s3sessions.errors import CorruptObject, UnsupportedVersion

__all__ = ["AgentSession", "MessageIterator"]


class AgentSession(InPlace, Past):
    """A handle on one agent's history in one session; made by `Sessions.open`.

    It costs nothing until it is used. Threads may share it: writes go one after the other.

    Most verbs take a `deadline`, seconds from now (on Lambda, what is left of the invocation): past
    it they begin no request, no retry and no wait, and raise `DeadlineExceeded`. A request that
    hangs is given up then, too; in blocking code a client of your own keeps to its own time-outs.
    """

    def __init__(self, dao: AgentDAO, session_id: str, agent_id: str) -> None:
        self._dao = dao
        self._lock = threading.Lock()
        self.session_id = session_id
        self.agent_id = agent_id

    @property
    def requests(self) -> RequestCounts:
        """Requests and bytes of this handle so far."""
        return self._dao.meter.counts

    def append(
        self,
        payload: Mapping[str, Any],
        *,
        write_id: str | None = None,
        created_at: datetime | None = None,
        status: Literal["partial"] | None = None,
        usage: Mapping[str, Any] | None = None,
        usage_total: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> Message:
        """Store one message; when this returns it is durable, at its index, once.

        Requests: 1 PUT by a handle that knows its tail. A fresh one: 1 LIST and 1 GET before it,
        and 1 PUT more for each document that is missing (2 in a new session). Where the list has
        holes, 1 GET more or a few, to tell members of unfinished batches from messages.

        Args:
            payload: a JSON object of any shape; `bytes` may stand anywhere in it.
            write_id: your own name for this write (a request id and a position): if a message that
                this handle has read holds it, that message is returned and nothing is written. A
                handle that never restored reads the newest 20 for it.
            created_at: when the message was made, with a time zone; now, if not given.
            status: `partial` for one whose end is still to come; see `complete`.
            usage: numbers by name that this message adds to `History.usage`: tokens, calls, money.
            usage_total: what the usage is with this message, everything before it included, for
                those who count themselves.
            deadline: seconds for all of it, retries included.

        Returns:
            The message with its index.

        Raises:
            InvalidMessage: JSON cannot hold it unaltered, or it is too large; nothing was written.
                Likewise, and InvalidSettings, of what the handle's `agent_fields` gives.
            AppendConflict: another writer extended the history that this handle knows; carries what
                was appended. `refresh`, then append again.
            SessionDeleted: the session is being deleted.
            UnsupportedVersion: a newer version has written session.json.
            StoreUnavailable: whether it is stored is not known; append it again with the error's
                `write_id`.
            DeadlineExceeded: the time is over; says whether the fate of the write is known.
            AccessDenied: the store refuses the write.
        """
        with self._lock:
            return run_sync(
                self._dao.append(
                    payload,
                    write_id=write_id,
                    created_at=created_at,
                    status=status,
                    usage=usage,
                    usage_total=usage_total,
                    deadline=deadline,
                )
            )

    def append_many(
        self,
        payloads: Iterable[Mapping[str, Any]],
        *,
        write_id: str | None = None,
        usage: Sequence[Mapping[str, Any] | None] | None = None,
        deadline: float | None = None,
    ) -> list[Message]:
        """Store messages that become visible together, or not at all: a batch.

        No reader sees a part of it, whatever fails. Their indexes ascend, but need not be
        consecutive. Requests: 1 PUT for each message, in two round trips; by a fresh handle as in
        `append` besides.

        Args:
            payloads: at most 1,000; none is no write.
            write_id: your own name for this write; the messages get `<write_id>/0`, `/1` … Those
                that are stored already are returned and not written again, as in `append`.
            usage: of each message, in their order; None for one that adds nothing.
            deadline: seconds for all of it, retries included.

        Raises:
            InvalidMessage: one of them cannot be stored, or there are too many; nothing was
                written.
            AppendConflict, SessionDeleted, UnsupportedVersion, AccessDenied: as `append`; nothing
                is visible.
            StoreUnavailable: whether they are stored is not known; append all of them again with
                the error's `write_id`.
            DeadlineExceeded: the time is over; says whether the fate of the write is known.
        """
        with self._lock:
            return run_sync(
                self._dao.append_many(payloads, write_id=write_id, usage=usage, deadline=deadline)
            )

    def confirm(self, messages: Sequence[Message], *, deadline: float | None = None) -> None:
        """Make sure that what this handle has appended is in the session that it knows.

        An append of a handle that knows its tail does not see that the session was deleted since.
        This looks: once it returns, no deletion that has begun leaves the messages behind. If the
        session was deleted, they become voids, if they are still as they were appended: nobody sees
        anything, but the session is listed, empty, until it is deleted again.

        Requests: 1 GET; 1 GET and 1 PUT for each message that is taken back.

        Raises:
            SessionDeleted: the session, or this agent, is being deleted, or was; one that was begun
                anew under the same id is another session.
            StoreUnavailable, DeadlineExceeded: it is not known; confirm again.
        """
        with self._lock:
            run_sync(self._dao.confirm(messages, deadline=deadline))

    def restore(
        self,
        *,
        start: int | Callable[[Mapping[str, Any]], int] = 0,
        last: int | None = None,
        max_messages: int | None = None,
        partial: Literal["keep", "mark", "drop"] = "keep",
        on_corrupt: Literal["raise", "report"] = "raise",
        deadline: float | None = None,
    ) -> History:
        """Read the history, and from now on extend just that: a conflict is raised.

        Requests: 1 LIST for each 1,000 messages and 1 GET, then 1 GET for each message and for
        agent.json, in two round trips up to 1,000 messages. Of packed messages 1 GET for each
        segment. One that nobody spoke in is empty. Where the setting `pack_at` asks for it, and
        enough is there that is a day old, a restore of all of it packs that behind what it has
        read, as `compact` does; if that fails it is logged, and the restore is done all the same.

        Args:
            start: only messages from this index on; a batch counts at its first message and is
                given whole. Or a function that gives the index for the fields of agent.json (as in
                `History.agent_fields`; `{}` where there are none), for those that keep in it how
                much of the history is in use: agent.json is read beside the list then, at no
                further request or round trip. It may be called several times, and the fields are
                those of the same moment as the messages.
            last: only so many of the newest messages, and as many more as it takes to cut no batch.
            max_messages: refuse, before any message is read, to read more than that.
            partial: `drop` leaves out messages that were not completed; kept, their `status` is
                `partial`. `mark` adds ` [interrupted]` to their text, for a model to see; what is
                stored stays as it is.
            on_corrupt: `raise` for the first message that cannot be read, or `report` all in
                `History.corrupt` and pass them over.
            deadline: seconds for all of it.

        Raises:
            InvalidSettings: an argument of another kind, `start` together with `last`, or a `start`
                that gives what is no index.
            TooManyMessages: there are more than `max_messages`; carries the count.
            CorruptObject: a message cannot be read.
            UnsupportedVersion: a message or a document was written by a newer version.
            SessionDeleted: the session is being deleted.
            StoreUnavailable: the store does not answer, or the history changed under each list.
            DeadlineExceeded: the time is over.
        """
        with self._lock:
            return run_sync(
                self._dao.restore(
                    start=start,
                    last=last,
                    max_messages=max_messages,
                    partial=partial,
                    on_corrupt=on_corrupt,
                    deadline=deadline,
                )
            )

    def refresh(self, *, deadline: float | None = None) -> list[Message]:
        """Read what others appended since this handle last looked; from now on extend that too.

        What to do after an `AppendConflict`. A handle that never restored restores.

        Requests: 1 LIST for each 1,000 messages, 1 GET, and 1 GET for each new message.

        Returns:
            The new messages, in order; this handle's own are not among them.

        Raises:
            Conflict: the end that this handle knows is gone; restore.
            CorruptObject, UnsupportedVersion: a new message cannot be read.
            SessionDeleted: the session is being deleted.
            DeadlineExceeded: the time is over.
        """
        with self._lock:
            return run_sync(self._dao.refresh(deadline=deadline))

    def iterate(
        self,
        *,
        start: int = 0,
        stop: int | None = None,
        on_corrupt: Literal["raise", "report"] = "report",
    ) -> MessageIterator:
        """Iterate over the messages with `start <= index < stop`, a window in memory at a time.

        A batch counts at its first message and is given whole.

        Requests: 1 LIST for each 1,000 messages and 1 GET, then 1 GET for each message, made as
        they are asked for. What could not be read is in the iterator's `corrupt`.

        Raises:
            SessionDeleted, SessionNotFound: from the iterator, if it is deleted meanwhile.
        """
        return MessageIterator(self._dao.iterate(start=start, stop=stop, on_corrupt=on_corrupt))

    def read(self, index: int) -> Message:
        """Read one message, a hidden one too until `compact` deletes it.

        Requests: 1 GET, and 1 more for a later one of a batch.

        Raises:
            MessageNotFound: there is none at that index.
            CorruptObject, UnsupportedVersion: it cannot be read.
        """
        return run_sync(self._dao.read(index))

    def save_state(
        self,
        state: Mapping[str, Any],
        *,
        remove: Sequence[str] = (),
        fields: Mapping[str, Any] | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Set keys of the agent's state and drop others; keys not named stay as they are.

        Atomic, and merged key by key with what other writers set meanwhile. Requests: none if
        nothing changes, 1 PUT after a restore or a save; of a fresh handle 2 GET before it, and
        1 PUT more in a session that does not exist yet.

        Args:
            state: keys to set, with their values.
            remove: keys to drop.
            fields: further fields of agent.json, for integrations that keep something of their own
                beside the state; each is one JSON value, replaced whole. Not `agent_id`, `state`,
                `created_at`, `updated_at` and `s3sessions`, nor what begins with
                `__bytes_encoded__`.
            deadline: seconds for all of it.

        Returns:
            The whole state as it is stored now.

        Raises:
            InvalidSettings: a field that is not the caller's to give; nothing was asked.
            InvalidMessage: JSON cannot hold it unaltered; nothing was written.
            CorruptObject: agent.json cannot be read; it stays as it is.
            UnsupportedVersion: a newer version has written it, or session.json.
            Conflict: other writers changed the document under each try.
            SessionDeleted: the session is being deleted.
            DeadlineExceeded: the time is over.
        """
        with self._lock:
            return run_sync(
                self._dao.save_state(state, remove=remove, fields=fields, deadline=deadline)
            )

    def turn(self, *, wait: float = 0.0, lease: float = 60.0) -> Turn:
        """Claim the history for one invocation, while the block of this context manager runs.

        So that a second invocation waits, or gives up, before it spends a model call and not after.
        The claim is renewed with the next request of this handle once half of it has passed, given
        back at the end of the block, after an error too, and expires after a crash. It saves work
        and protects nothing: what keeps messages safe is how they are appended, so that neither a
        wrong clock nor a stalled holder can lose one.

        Requests: 1 PUT and 1 DELETE; 1 GET for each look at a claim that another holds.

        Args:
            wait: most seconds to wait for another's turn to end.
            lease: seconds after which others may take the turn over, if it is not renewed.

        Raises:
            InvalidSettings: times that cannot work.
            SessionBusy: at the beginning of the block: another holds the turn; says until when.
            StoreUnavailable: likewise: whether it is claimed is not known.
        """
        return Turn(self._dao.turn(wait, lease), self._lock)


class MessageIterator(Iterator[Message]):
    """Messages of one agent, read as they are asked for."""

    def __init__(self, stream: MessageStream) -> None:
        self._stream = stream
        self._iterator = iter_sync(stream)

    @property
    def corrupt(self) -> Sequence[CorruptObject | UnsupportedVersion]:
        """What could not be read so far; passed over."""
        return self._stream.corrupt

    @property
    def holes(self) -> Sequence[range]:
        """Runs of indexes that no object holds."""
        return self._stream.holes

    @property
    def foreign(self) -> int:
        """Objects under the agent's prefix that are not ours."""
        return self._stream.foreign

    def __next__(self) -> Message:
        return next(self._iterator)
