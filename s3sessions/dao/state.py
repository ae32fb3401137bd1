"""An agent's state: keys and values in agent.json, merged key by key; and fields beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from s3sessions.dao.agent_document import agent_body, encode_fields
from s3sessions.dao.details import Details
from s3sessions.dao.documents import (
    Document,
    change_document,
    check_writable,
    create_document,
    decode_field,
    decode_part,
    read_document,
    read_session_document,
)
from s3sessions.dao.healing import healed
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import session_body
from s3sessions.errors import PreconditionFailed
from s3sessions.keys import AgentKeys, SessionKeys
from s3sessions.values import are_same, dump, encode_value, format_time


@dataclass(frozen=True, slots=True)
class StateChange:
    """Keys to set and keys to drop, and fields; means the same on every version of the document.

    Attributes:
        given: keys of the state to set.
        remove: keys of the state to drop.
        fields: other fields of the document, each replaced whole.
        begin: makes the document where there is none yet; one and the same each time.
    """

    scope: Scope
    agent: AgentKeys
    details: Details
    given: Mapping[str, Any]
    remove: frozenset[str]
    fields: Mapping[str, Any]
    begin: Callable[[], dict[str, Any]]

    @classmethod
    def of(
        cls,
        scope: Scope,
        agent: AgentKeys,
        details: Details,
        given: Mapping[str, Any],
        remove: Sequence[str],
        fields: Mapping[str, Any] | None = None,
    ) -> StateChange:
        """Check what is given.

        Raises:
            InvalidSettings: a field that is not the caller's to give.
            InvalidMessage: JSON cannot hold it unaltered.
        """
        dump(encode_value(dict(given), what="state"))
        fields = {} if fields is None else fields
        encode_fields(fields, "fields")
        begin = cache(partial(agent_body, scope, agent, details))
        return cls(scope, agent, details, given, frozenset(remove), fields, begin)

    def body(self, document: Document | None) -> dict[str, Any] | None:
        """Give the document's new body; None where it holds all this already."""
        if document is None:
            begun = self.begin()
            return {**begun, **self._changes(begun)}
        changes = self._changes(document.body)
        if not changes:
            return None
        return {**document.body, **changes, "updated_at": format_time(self.scope.now())}

    def _changes(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give the fields of the document that become others, encoded."""
        changes = encode_fields(
            {name: value for name, value in self.fields.items() if not _holds(body, name, value)},
            "fields",
        )
        state = decode_part(body.get("state"))
        changed = self._on(state)
        if not are_same(changed, state):
            changes["state"] = encode_value(changed, what="state")
        return changes

    def _on(self, state: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in state.items() if name not in self.remove}
        return {**kept, **self.given}


def _holds(body: Mapping[str, Any], name: str, value: Any) -> bool:
    return name in body and are_same(decode_field(body[name]), value)


async def save_state(
    session: SessionKeys, change: StateChange, known: Document | None
) -> Document | None:
    """Write a change; a handle that knows the document asks nothing first.

    Requests: none if nothing changes; 1 PUT for a known document; otherwise, and where that was
    changed meanwhile, 2 GET and 1 PUT, and 1 PUT for a session.json that is missing.

    Raises:
        InvalidSettings, InvalidMessage: of what `agent_fields` gives for a new agent.json.
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
    if document is None:
        # Before anything is written: the caller's part in it can be refused.
        change.begin()
    if session_document is None:
        body = session_body(scope, session, change.details)
        # An agent.json without it: the session was there, and its session.json was lost.
        body = body if document is None else await healed(scope, body, [agent])
        if await create_document(scope, session.document, body) is None:
            met = await read_session_document(scope, session)
            check_writable(met, session.document, agent.agent_id)
    return await change_document(scope, agent.document, document, change.body)
