"""Drafting: payloads that a caller gives, checked and encoded for one write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from s3sessions.codec import Draft
from s3sessions.dao.batch import MOST_MESSAGES
from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidMessage
from s3sessions.record import Record
from s3sessions.usage import Usage


class Drafting(Record):
    """Makes the drafts of one handle, with its clock and its limits."""

    scope: Scope

    def one(
        self,
        payload: Mapping[str, Any],
        write_id: str,
        *,
        created_at: datetime | None = None,
        status: str | None = None,
        usage: Usage | None = None,
        usage_total: Usage | None = None,
    ) -> Draft:
        """Check and encode one message. Raises InvalidMessage."""
        return Draft.of(
            payload,
            write_id=write_id,
            created_at=created_at or self.scope.now(),
            status=status,
            usage=usage,
            usage_total=usage_total,
            limit=self.scope.settings.max_message_bytes,
        )

    def batch(
        self,
        payloads: Iterable[Mapping[str, Any]],
        base: str,
        usage: Sequence[Usage | None] | None = None,
    ) -> list[Draft]:
        """Check and encode several, with `<base>/0`, `/1` … as write ids. Raises InvalidMessage."""
        given = list(payloads)
        if len(given) > MOST_MESSAGES:
            raise InvalidMessage(
                f"batch has {len(given):,} messages, the limit is {MOST_MESSAGES:,}: split it"
            )
        used = [None] * len(given) if usage is None else list(usage)
        if len(used) != len(given):
            raise InvalidMessage(
                f"usage is given for {len(used):,} of {len(given):,} messages: one each, or None"
            )
        return [
            self.one(payload, f"{base}/{at}", usage=used[at]) for at, payload in enumerate(given)
        ]
