"""The catalogue in blocking code: what sessions there are, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from s3sessions.bridge import iter_sync, run_sync
from s3sessions.dao.sessions import SessionsDAO
from s3sessions.models import SessionRef, SessionSize, Stats

if TYPE_CHECKING:
    from s3sessions.dao.directory import SessionStream
    from s3sessions.descriptions import (
        SessionChanges,
        SessionDescription,
        SessionInfo,
        SessionSummary,
    )

__all__ = ["Catalogue", "SessionList"]


class Catalogue:
    """The verbs of `Sessions` that list sessions, look them up and describe them."""

    _dao: SessionsDAO

    def list(self, *, token: str | None = None) -> SessionList:
        """Iterate over the ids of all sessions, in the store's order.

        One whose deletion was cut off is among them, and so is one that a fork has not finished:
        `delete` ends both.

        Requests: 1 LIST for each 1,000 sessions, made as they are asked for.

        Args:
            token: the `token` of an earlier list, to go on after the last session that it gave.
        """
        return SessionList(self._dao.list(token))

    def agents(self, session_id: str) -> Sequence[str]:
        """Give the ids of a session's agents, sorted. Requests: 1 LIST for each 1,000 agents."""
        return run_sync(self._dao.agents(session_id))

    def multi_agents(self, session_id: str) -> Sequence[str]:
        """Give the ids of a session's graphs and swarms, sorted.

        Requests: 1 LIST for each 1,000.
        """
        return run_sync(self._dao.multi_agents(session_id))

    def sizes(self) -> Sequence[SessionSize]:
        """Give counts, bytes and last activity of all sessions, by id.

        Requests: 1 LIST for each 1,000 objects, no GET.
        """
        return run_sync(self._dao.sizes())

    def stats(self) -> Stats:
        """Give totals over all sessions. Requests: 1 LIST for each 1,000 objects, no GET."""
        return run_sync(self._dao.stats())

    def browse(
        self,
        *,
        limit: int | None = 20,
        offset: int = 0,
        user: str | None = None,
        source: str | None = None,
        model: str | None = None,
        tag: str | None = None,
        title: str | None = None,
        parent: str | None = None,
        ended: bool | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
        children: bool = False,
        usage: bool = False,
    ) -> Sequence[SessionSummary]:
        """Give a page of sessions, the newest activity first, to choose one from.

        Equals come by id, backwards (S3 tells times to the second; ids that `new_id` makes sort by
        time), and those in which nobody has spoken come last. A session that was compressed is not
        among them, but the one that goes on with it. One that cannot be read is, with what is known
        of it and why; where a filter asks what it cannot say, it is not.

        Requests: 1 LIST for each 1,000 objects of all sessions. For each session given, 1 GET of
        session.json and 1 GET of its first message; 2 or 3 where that has no text of the user's,
        and 1 more where messages were truncated, replaced or summarised. 1 GET of session.json for
        each that `offset` or a filter passes over; a filter on what session.json says looks at
        `width` sessions at a time. They are made side by side, in two waves without a filter.

        Args:
            limit: at most so many; None for all.
            offset: of those that are meant, how many of the first to leave out.
            user: whose session it is, exactly.
            source: where it came from, exactly.
            model: exactly.
            tag: one of its tags, exactly.
            title: a part of its title, upper and lower case alike.
            parent: id of the session that it is a fork of.
            ended: True for those that were ended, False for the others.
            since: the earliest last activity; needs no GET.
            before: what the last activity comes before; needs no GET.
            children: whether forks of kind delegate are given, too.
            usage: whether to add up the usage of each session given, for which every message of it
                is read: 1 LIST for each 1,000 keys of an agent and 1 GET for each object.

        Raises:
            InvalidSettings: a value of another type, a negative number, a time without a zone.
        """
        from s3sessions.dao.browsing import Page, browse
        from s3sessions.dao.filters import SessionFilter

        meant = SessionFilter(
            user=user, source=source, model=model, tag=tag, title=title, parent=parent, ended=ended
        )
        page = Page(limit, offset, meant, since=since, before=before, delegates=children)
        found = run_sync(browse(self._dao.scope, page))
        if not usage:
            return tuple(found)
        from s3sessions.dao.spending import with_usage

        return tuple(run_sync(with_usage(self._dao.scope, found)))

    def info(self, session_id: str) -> SessionInfo:
        """Give what is known of one session. Requests: 1 GET and 1 LIST for each 1,000 objects.

        Usage is not in it, which would take every message: `browse(usage=True)` and `restore` have
        it.

        Raises:
            SessionNotFound: there is no such session.
            SessionDeleted: it is being deleted.
        """
        return run_sync(self._dao.info(session_id))

    def latest(self) -> SessionSize | None:
        """Give the session in which somebody spoke last; one that cannot be read is passed over.

        Requests: 1 LIST for each 1,000 objects, and 2 GET for each session looked at.
        """
        return run_sync(self._dao.latest())

    def resolve(self, id_prefix: str) -> str:
        """Give the one session id that begins with `id_prefix`; the exact id wins.

        Requests: 1 LIST, 2 where several begin so.

        Raises:
            SessionNotFound: none begins so.
            AmbiguousSession: several do; carries their ids.
        """
        return run_sync(self._dao.resolve(id_prefix))

    def describe(
        self, session_id: str, *, only_unset: bool = False, **changes: Unpack[SessionChanges]
    ) -> SessionDescription:
        """Change what session.json says of a session: title, user, model, source, tags, metadata.

        Atomic; of two at once the later one wins, field by field and key by key of the metadata.
        A title is cleaned as by `open`.

        Requests: 1 GET and 1 PUT; no PUT where it says so already.

        Args:
            session_id: of a session that is there.
            only_unset: set only what nobody has said yet: a title made by a model that must not
                replace the user's, a model that was not known when the session began.
            **changes: what is not given stays; None takes a field, or a key of the metadata, away.

        Returns:
            What session.json says then.

        Raises:
            SessionNotFound: there is no session.json.
            SessionDeleted: the session is being deleted.
            InvalidSettings: a field of another type or too long, or one that cannot be changed.
            InvalidMessage: metadata that JSON cannot hold.
            CorruptObject, UnsupportedVersion: session.json cannot be read; it stays as it is.
            Conflict: others changed it under each try.
            StoreUnavailable: whether it is changed is not known; do it again.
        """
        from s3sessions.dao.describing import describe

        session = self._dao.scope.root.session(session_id)
        return run_sync(describe(self._dao.scope, session, changes, only_unset=only_unset))

    def end(self, session_id: str, reason: str | None = None) -> SessionDescription:
        """Say that a session has ended; the first time and the first reason stay.

        A statement and no lock: `prune` and `browse` go by it, and an append, which does not read
        session.json, still succeeds. `reopen` takes it back.

        Requests: 1 GET and 1 PUT; no PUT where it had ended.

        Args:
            session_id: of a session that is there.
            reason: at most 200 characters; `compression` where a fork goes on with it.

        Raises:
            InvalidSettings: a reason that is no text, or too long.
            SessionNotFound, SessionDeleted, CorruptObject, UnsupportedVersion, Conflict,
                StoreUnavailable: as `describe`.
        """
        from s3sessions.dao.ending import end

        return run_sync(end(self._dao.scope, self._dao.scope.root.session(session_id), reason))

    def reopen(self, session_id: str) -> SessionDescription:
        """Take back that a session has ended; it can be ended again, for another reason.

        Requests: 1 GET and 1 PUT; no PUT where it was open.

        Raises:
            SessionNotFound, SessionDeleted, CorruptObject, UnsupportedVersion, Conflict,
                StoreUnavailable: as `describe`.
        """
        from s3sessions.dao.ending import reopen

        return run_sync(reopen(self._dao.scope, self._dao.scope.root.session(session_id)))


class SessionList(Iterator[SessionRef]):
    """The ids of all sessions, listed as they are asked for."""

    def __init__(self, stream: SessionStream) -> None:
        self._stream = stream
        self._iterator = iter_sync(stream)

    @property
    def token(self) -> str | None:
        """Where a later list goes on: after the last session that was given. None at the start."""
        return self._stream.token

    def __next__(self) -> SessionRef:
        return next(self._iterator)
