"""Lineage in blocking code: the verbs of `Sessions` for sessions that come out of one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from s3sessions.bridge import run_sync
from s3sessions.dao.sessions import SessionsDAO
from s3sessions.models import Child, ForkKind

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionDetails

__all__ = ["Lineage"]


class Lineage:
    """The verbs of `Sessions` that fork sessions and find what was forked."""

    _dao: SessionsDAO

    def fork(
        self,
        parent_id: str,
        child_id: str | None = None,
        *,
        kind: ForkKind = "branch",
        agent: str | None = None,
        messages: Iterable[Mapping[str, Any]] | None = None,
        until: int | None = None,
        **details: Unpack[SessionDetails],
    ) -> str:
        """Make a new session out of another one; they share nothing that can change.

        - `branch`: the child has the parent's agents with the messages that readers see, numbered
          0, 1, 2 …, their summaries, state and metadata. Write ids, times and redactions stay;
          usage does not: it was used in the parent.
        - `compression`: the child goes on in the parent's place. It begins with `messages` (a
          summary, and what is to be kept) and the agent's state; the parent is ended with the
          reason `compression`, and `tip` and `resume` lead from it to the child.
        - `delegate`: the child begins with `messages`, or with none, and an empty state.

        Title, user, model, source, tags and metadata are the parent's unless given. The state of
        graphs and swarms (`multi_agent`) is not taken over.

        Atomic: readers and writers see the whole child or none, whatever fails in between. Where it
        fails, the parent is as it was, and the child `SessionUnfinished`: fork again with the same
        arguments and the same child id, which ends it, or delete it. A fork that has ended is not
        made again. Of two at once under one id, both end, and there is one child.

        Requests: 1 GET on the parent's session.json, 1 GET and 1 LIST for a child id that is given;
        2 PUT on the child's session.json, 1 PUT for the marker and 1 GET on the parent again; 1 PUT
        for each message. Of a branch 1 LIST of the agents unless one is named, and for each agent
        an iteration over its messages, 2 LIST for each 1,000 of them and 1 GET more, and 1 PUT for
        each document. Of a compression 1 LIST of the agents unless one is named, 1 GET and 1 PUT on
        agent.json, 1 GET and 1 PUT on the parent's session.json. A window of messages is in memory
        at a time.

        Args:
            parent_id: of the session to fork.
            child_id: of the new one; `new_id` makes one, if not given.
            kind: what the child is for.
            agent: the only agent of a branch; the agent that a compression or a delegate begins
                with (else the parent's only one, or `default`).
            messages: what a compression or a delegate begins with.
            until: only messages below this index, of a branch of one agent.
            **details: said of the child; see `SessionDetails`. What is said of an agent is for a
                delegate.

        Returns:
            The child's id.

        Raises:
            SessionNotFound: there is no such session, or no such agent in it.
            SessionDeleted, SessionUnfinished: the parent is not there any more, or not yet.
            AlreadyExists: the child's id is another session's, or that of another fork.
            AmbiguousAgent: several agents, and one is to be named; carries their ids.
            InvalidId: an id that cannot stand in a key, or in the key of a child's marker.
            InvalidSettings: arguments that do not go together, or a detail of another type.
            InvalidMessage: a message or metadata that cannot be stored.
            CorruptObject, UnsupportedVersion: something of the parent cannot be read.
            Conflict: the parent was truncated, summarised, replaced or changed in its place since
                the fork began, or somebody spoke in the child: delete the child, then fork again.
        """
        from s3sessions.dao.fork_request import ForkRequest
        from s3sessions.dao.forking import Fork

        scope = self._dao.scope
        asked = ForkRequest.of(scope, parent_id, child_id, kind, agent, messages, until, details)
        return run_sync(Fork(scope, asked).run())

    def children(self, session_id: str) -> Sequence[Child]:
        """Give the forks of a session, oldest first; of one that has none, or is not there, none.

        One that is being made is among them: `SessionUnfinished` tells.

        Requests: 1 LIST for each 1,000 children, no GET.

        Raises:
            InvalidId: an id that cannot stand in a key.
        """
        from s3sessions.dao.markers import children

        scope = self._dao.scope
        return tuple(run_sync(children(scope, scope.root.session(session_id))))

    def tip(self, session_id: str) -> str:
        """Give the session that goes on today where this one was compressed; itself, if it was not.

        Follows compressions only, the newest where there are several, past those that were deleted
        or are not finished; at most 100. No session is met twice.

        Requests: 1 GET and 1 LIST for the session and for each that follows; 1 GET for each that is
        passed over.

        Raises:
            SessionNotFound: there is no such session.
            SessionDeleted, SessionUnfinished: it is not there any more, or not yet.
        """
        from s3sessions.dao.lineage import tip

        return run_sync(tip(self._dao.scope, session_id))

    def resume(self, session_id: str) -> str:
        """Give the session to go on with: itself if it has messages, else the next that has.

        Follows compressions as `tip` does; where none of them has a message, it is the session
        itself.

        Requests: those of `tip` up to there, and for each session 1 LIST of the agents and a
        `restore(last=1)` of each agent until one has a message.

        Raises:
            SessionNotFound: there is no such session.
            SessionDeleted, SessionUnfinished: it is not there any more, or not yet.
        """
        from s3sessions.dao.lineage import resume

        return run_sync(resume(self._dao.scope, session_id))
