"""A message's object made anew from what was read: what each change in place keeps of it.

Where a message stands and whose write it is are always kept: index, write id, batch, `created_at`.
`updated_at` moves forward. A change of the payload keeps the fields that this version does not
know; where the content is to go they go too, for they may hold it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP, VOID, decode_message, load_document
from s3sessions.models import Message
from s3sessions.record import Record, field
from s3sessions.values import dumps, encode_value, format_time

REDACTED: Final = "[redacted]"
"""What stands in place of a content that was taken out."""

_KEPT_OF_A_STAMP: Final = ("write_id", "batch", "usage", "usage_total", "status")


class Original(Record):
    """A message's object as it was read.

    Attributes:
        data: its bytes.
        document: its fields.
        message: what readers make of it.
        is_packed: whether it is a line of a segment: its etag changes with other messages then.
    """

    data: bytes = field(repr=False)
    document: dict[str, Any] = field(repr=False)
    message: Message
    is_packed: bool = False

    @classmethod
    def of(
        cls,
        key: str,
        index: int,
        data: bytes,
        *,
        etag: str | None = None,
        is_packed: bool = False,
    ) -> Original:
        """Read it. Raises CorruptObject, UnsupportedVersion."""
        message = decode_message(key, index, data, etag=etag)
        return cls(data, load_document(key, data), message, is_packed)

    def is_version(self, read: Message) -> bool:
        """Tell whether this is the version that somebody has read, there or in another object."""
        now = self.message
        if now.etag == read.etag or not self.is_packed:
            return now.etag == read.etag
        # Each change of ours moves the time forward; other writers may leave out what tells it.
        is_told = None not in (now.write_id, now.updated_at)
        return _version(now) == _version(read) and (is_told or now.payload == read.payload)

    @property
    def is_void(self) -> bool:
        return self.message.status == VOID

    @property
    def is_emptied(self) -> bool:
        """Whether it is a void of which nothing can be read any more."""
        return self.is_void and self.message.payload == self._emptied_payload

    def updated(self, body: str, now: datetime) -> bytes:
        """Give it another payload, encoded in `body`; its content is the caller's again."""
        return self._changed(body, now, without="redacted_at")

    def completed(self, body: str, now: datetime, **ours: Any) -> bytes:
        """Finish it: an ordinary message with the payload that is encoded in `body`."""
        return self._changed(body, now, without="status", **ours)

    def redacted(self, body: str | None, now: datetime) -> bytes:
        """Take its content out and put in its place what is encoded in `body`, or `REDACTED`."""
        body = dumps(encode_value(self._redacted_payload)) if body is None else body
        return self._bare(body, now, redacted_at=format_time(now))

    def voided(self, now: datetime) -> bytes:
        """Make it a void: invisible, and to Strands a message without content."""
        return self._bare(dumps(self._emptied_payload), now, status=VOID)

    def _changed(self, body: str, now: datetime, *, without: str, **ours: Any) -> bytes:
        stamp = {n: value for n, value in self.document.get(STAMP, {}).items() if n != without}
        stamp |= ours
        return self._joined(body, {**self.document, STAMP: {"v": FORMAT_VERSION, **stamp}}, now)

    def _bare(self, body: str, now: datetime, **ours: str | None) -> bytes:
        stamp = self.document.get(STAMP, {})
        kept = {name: stamp[name] for name in _KEPT_OF_A_STAMP if name in stamp}
        fields = {
            "message_id": self.message.index,
            "redact_message": None,
            "created_at": format_time(self.message.created_at),
            "updated_at": None,
            STAMP: {"v": FORMAT_VERSION, **kept, **ours},
        }
        return self._joined(body, fields, now)

    def _joined(self, body: str, fields: dict[str, Any], now: datetime) -> bytes:
        # Strands' own redaction stands before `message` for every reader, and keeps the original.
        changed = {"redact_message": None, "updated_at": format_time(self._later(now))}
        tail = {name: value for name, value in {**fields, **changed}.items() if name != "message"}
        return f'{{"message":{body},{dumps(tail)[1:]}'.encode()

    def _later(self, now: datetime) -> datetime:
        """Give a time after the last write, whatever the clocks say."""
        before = self.message.updated_at
        if before is None or now > before:
            return now
        try:
            return before + timedelta(microseconds=1)
        except OverflowError:
            return now

    @property
    def _redacted_payload(self) -> dict[str, Any]:
        payload = self.message.payload
        role, content = payload.get("role"), payload.get("content")
        kept = {"role": role} if isinstance(role, str) else {}
        if isinstance(content, str):
            return {**kept, "content": REDACTED}
        blocks = content if isinstance(content, list) else []
        is_typed = any(isinstance(block, dict) and "type" in block for block in blocks)
        return {**kept, "content": [{**({"type": "text"} if is_typed else {}), "text": REDACTED}]}

    @property
    def _emptied_payload(self) -> dict[str, Any]:
        role = self.message.payload.get("role")
        return {"role": role if isinstance(role, str) else "user", "content": []}


def _version(message: Message) -> tuple[object, ...]:
    return message.write_id, message.updated_at, message.status, message.redacted_at
