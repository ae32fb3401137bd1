"""Describing a session that is there: title, user, model, source, tags and metadata."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from s3sessions.dao.details import check_text, checked_tags
from s3sessions.dao.documents import decode_part
from s3sessions.dao.scope import Scope
from s3sessions.dao.session_document import Stamp, change_session
from s3sessions.dao.titles import clean_title
from s3sessions.descriptions import SessionChanges, SessionDescription
from s3sessions.errors import InvalidSettings
from s3sessions.keys import SessionKeys
from s3sessions.log import emit
from s3sessions.values import dump, encode_value

_TEXTS: Final = ("title", "user", "model", "source")
_CHANGEABLE: Final = frozenset({*_TEXTS, "tags", "metadata"})


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be said of a session; None takes away what was said.

    Attributes:
        fields: by name, as they are stored.
        metadata: by key, as the caller gave it.
    """

    fields: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Changes:
        """Check what is to be said.

        Raises:
            InvalidSettings: a field that cannot be changed, of another type, or too long.
            InvalidMessage: metadata that JSON cannot hold.
        """
        if unknown := sorted(given.keys() - _CHANGEABLE):
            names = ", ".join(sorted(_CHANGEABLE))
            raise InvalidSettings(f"{unknown[0]} of a session cannot be changed: {names} can")
        fields = {name: given[name] for name in _TEXTS if name in given}
        for name, value in fields.items():
            check_text(name, value)
        if "title" in fields:
            fields["title"] = clean_title(fields["title"])
        if "tags" in given:
            fields["tags"] = list(checked_tags(given["tags"])) or None
        metadata = given.get("metadata") or {}
        if not isinstance(metadata, Mapping):
            raise InvalidSettings(f"metadata must be a mapping, not {type(metadata).__name__}")
        dump(encode_value(dict(metadata), what="metadata"))
        return cls(fields, dict(metadata))

    def only_unset(self, stamp: Stamp) -> Changes:
        """Give what of it nobody has said yet."""
        said = decode_part(stamp.get("metadata"))
        return Changes(
            {n: v for n, v in self.fields.items() if v is not None and stamp.get(n) is None},
            {n: v for n, v in self.metadata.items() if v is not None and n not in said},
        )

    def on(self, stamp: Stamp) -> Stamp:
        """Make the change. Metadata is merged as the caller knows it, before it is encoded."""
        changed = {**stamp, **self.fields}
        if self.metadata:
            merged = {**decode_part(stamp.get("metadata")), **self.metadata}
            taken = {name for name, value in self.metadata.items() if value is None}
            kept = {name: value for name, value in merged.items() if name not in taken}
            changed["metadata"] = encode_value(kept) or None
        ours = {*self.fields, "metadata"}
        return {n: v for n, v in changed.items() if v is not None or n not in ours}


async def describe(
    scope: Scope, session: SessionKeys, given: SessionChanges, *, only_unset: bool
) -> SessionDescription:
    """Change what is said of a session; see `Sessions.describe`."""
    changes = Changes.of(given)

    def change(stamp: Stamp) -> Stamp:
        return (changes.only_unset(stamp) if only_unset else changes).on(stamp)

    found = await change_session(scope, session, change)
    emit(logging.INFO, "session_described", session=session.session_id)
    return found
