"""An agent's state: keys and values in agent.json, merged key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from s3sessions.dao.documents import (
    Details,
    Document,
    agent_body,
    change_document,
    check_writable,
    create_document,
    decode_part,
    read_document,
    read_session_document,
    session_body,
)
from s3sessions.dao.scope import Scope
from s3sessions.errors import PreconditionFailed
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.values import dump, encode_value, format_time


@dataclass(frozen=True, slots=True)
class StateChange:
    """Keys to set and keys to drop; means the same on every version of the document."""

    scope: Scope
    agent: AgentKeys
    details: Details
    given: Mapping[str, Any]
    remove: frozenset[str]

    @classmethod
    def of(
        cls,
        scope: Scope,
        agent: AgentKeys,
        details: Details,
        given: Mapping[str, Any],
        remove: Sequence[str],
    ) -> StateChange:
        """Check what is given. Raises InvalidMessage for what JSON cannot hold."""
        dump(encode_value(dict(given), what="state"))
        return cls(scope, agent, details, given, frozenset(remove))

    def body(self, document: Document | None) -> dict[str, Any] | None:
        """Give the document's new body; None where it holds all this already."""
        if document is None:
            return agent_body(self.scope, self.agent, self.details, self._on({}))
        state = decode_part(document.body.get("state"))
        changed = self._on(state)
        if changed == state:
            return None
        return {
            **document.body,
            "state": encode_value(changed, what="state"),
            "updated_at": format_time(self.scope.now()),
        }

    def _on(self, state: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in state.items() if name not in self.remove}
        return {**kept, **self.given}


async def save_state(
    session: SessionKeys, change: StateChange, known: Document | None
) -> Document | None:
    """Write a change of state; a handle that knows the document asks nothing first.

    Requests: none if nothing changes; 1 PUT for a known document; otherwise, and where that was
    changed meanwhile, 2 GET and 1 PUT, and 1 PUT for a session.json that is missing.

    Raises:
        SessionDeleted: the session is being deleted.
        CorruptObject: agent.json cannot be read, and so not be merged with.
        UnsupportedVersion: a newer version has written agent.json or session.json.
        Conflict: other writers changed the document under each try.
    """
    scope, agent = change.scope, change.agent
    if known is not None and known.corrupt is None:
        body = change.body(known)
        if body is None:
            return known
        # Changed or gone since: then it may be the session that is gone, so look at both.
        with suppress(PreconditionFailed):
            return Document(body, await scope.put(agent.document, dump(body), known.etag))
    document, session_document = await scope.both(
        partial(read_document, scope, agent.document),
        partial(read_session_document, scope, session),
    )
    check_writable(session_document, session.document, agent.agent_id)
    if session_document is None:
        body = session_body(scope, session, change.details)
        if await create_document(scope, session.document, body) is None:
            met = await read_session_document(scope, session)
            check_writable(met, session.document, agent.agent_id)
    return await change_document(scope, agent.document, document, change.body)
