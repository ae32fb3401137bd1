"""What a fork is asked for, checked before any request."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from s3sessions.codec import Draft
from s3sessions.dao.details import Details
from s3sessions.dao.scope import Scope
from s3sessions.descriptions import SessionDetails
from s3sessions.errors import InvalidSettings
from s3sessions.keys import SessionKeys
from s3sessions.models import ForkKind
from s3sessions.values import dumps

_OF_AN_AGENT = ("agent_metadata", "agent_fields")


@dataclass(frozen=True, slots=True)
class ForkRequest:
    """A fork as it was asked for.

    Attributes:
        agent: the one that is meant; None where nobody was named.
        until: index at which a branch ends; None for all.
        drafts: messages that the child begins with, without a write id or a time of their own.
        given: details by name, as far as they were given.
        is_new: whether the child's id was made for it, so that nothing can stand there.
    """

    parent: SessionKeys
    child: SessionKeys
    kind: ForkKind
    agent: str | None
    until: int | None
    drafts: tuple[Draft, ...]
    given: Mapping[str, Any]
    details: Details
    is_new: bool

    @classmethod
    def of(
        cls,
        scope: Scope,
        parent_id: str,
        child_id: str | None,
        kind: ForkKind,
        agent: str | None,
        messages: Iterable[Mapping[str, Any]] | None,
        until: int | None,
        given: SessionDetails,
    ) -> ForkRequest:
        """Check it.

        Raises:
            InvalidId: an id that cannot stand in a key.
            InvalidSettings: arguments that do not go together.
            InvalidMessage: a message, or metadata, that cannot be stored.
        """
        payloads = None if messages is None else list(messages)
        _check(kind, payloads, until, given)
        parent = scope.root.session(parent_id)
        is_new = child_id is None
        child = scope.root.session(scope.new_id() if child_id is None else child_id)
        parent.child(kind, child.session_id)
        for session in (parent, child):
            session.agent(agent or "default")
        return cls(
            parent=parent,
            child=child,
            kind=kind,
            agent=agent,
            until=until,
            drafts=_drafts(scope, payloads or ()),
            given=dict(given),
            details=Details(**given, parent=parent_id),  # type: ignore[misc]
            is_new=is_new,
        )

    def digest(self, life: object) -> str:
        """Give one text for all that decides what the child consists of, and one for nothing else.

        Args:
            life: of the parent.
        """
        said = [life, self.kind, self.agent, self.until, [draft.body for draft in self.drafts]]
        return hashlib.sha256(dumps(said).encode()).hexdigest()

    def stamped(self, life: str, moment: datetime) -> list[Draft]:
        """Give the drafts as they are stored in this life of the child, however often."""
        return [
            replace(draft, write_id=f"{life}/{at}", created_at=moment)
            for at, draft in enumerate(self.drafts)
        ]


def _check(
    kind: str, payloads: list[Mapping[str, Any]] | None, until: object, given: SessionDetails
) -> None:
    if kind not in get_args(ForkKind):
        raise InvalidSettings(f"kind={kind!r}: must be 'branch', 'compression' or 'delegate'")
    if kind == "branch" and payloads is not None:
        raise InvalidSettings(
            "a branch begins with its parent's messages: give messages to a fork of kind "
            "'compression' or 'delegate'"
        )
    if kind == "compression" and not payloads:
        raise InvalidSettings(
            "a compression begins with messages: give a summary, and what is to be kept"
        )
    if until is not None and (isinstance(until, bool) or not isinstance(until, int) or until < 0):
        raise InvalidSettings(f"until is {until!r}: must be a whole number, 0 or more")
    if until is not None and kind != "branch":
        raise InvalidSettings(f"until is for a branch: a {kind} takes no messages over")
    if "parent" in given:
        raise InvalidSettings("parent is given twice: it is the session that is forked")
    if kind != "delegate" and (said := [name for name in _OF_AN_AGENT if name in given]):
        raise InvalidSettings(f"{said[0]} is for a delegate: a {kind} takes over its parent's")


def _drafts(scope: Scope, payloads: Iterable[Mapping[str, Any]]) -> tuple[Draft, ...]:
    limit = scope.settings.max_message_bytes
    return tuple(
        Draft.of(payload, write_id="", created_at=scope.now(), limit=limit) for payload in payloads
    )
