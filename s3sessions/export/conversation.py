"""A conversation as one line of JSON: the format of the lines that import reads and export writes.

Any line with messages and an id is a conversation. Fields that are not ours are the agent's
metadata, so that nothing of a line is lost. A line that export wrote carries the field
`s3sessions`: only there are bytes encoded, and only there is `state` the agent's state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.descriptions import SessionInfo
from s3sessions.errors import InvalidMessage
from s3sessions.export.stamp import SESSION_FIELDS, take_stamp
from s3sessions.models import History
from s3sessions.usage import fold
from s3sessions.values import decode_value, encode_value, format_time, parse_time

__all__ = ["Chain", "Conversation", "json_line"]

DEFAULT_AGENT: Final = "default"

_NAMESPACE: Final = "s3sessions import 1"
_OURS: Final = frozenset({"session_id", "agent_id", "created_at", "messages", "state", STAMP})


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of one agent in one session, with all that is known beside them.

    Attributes:
        times: when each message was made; empty where the line does not say.
        created_at: of the session.
        metadata: of the agent.
        state: of the agent; None where the line does not say.
        session: fields of the session document: title, user, model, source, parent, tags,
            metadata.
        usage: what each message used; empty where nothing tells.
        usage_total: what all of them used, and all before them, where only that is known.
        summary: of what came before the messages; None where there is none.
        agent_fields: further fields of agent.json. No line has them.
    """

    session_id: str
    agent_id: str
    messages: list[dict[str, Any]]
    times: Sequence[datetime | None] = ()
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    session: Mapping[str, Any] = field(default_factory=dict)
    usage: Sequence[Mapping[str, Any] | None] = ()
    usage_total: Mapping[str, Any] | None = None
    summary: str | None = None
    agent_fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, line: bytes, *, session_id_field: str | None = None) -> Conversation:
        """Read a line.

        Args:
            line: one JSON object in UTF-8.
            session_id_field: the field whose value is the session id; else `session_id`, or `id`.

        Raises:
            InvalidMessage: it is no conversation; the text says why.
            UnsupportedVersion: a newer version exported it.
        """
        fields = _load(line)
        session_id = _take_session_id(fields, session_id_field)
        agent_id = _take_agent_id(fields)
        messages = _take_messages(fields)
        if STAMP in fields:
            return _exported(session_id, agent_id, messages, fields)
        # The line's own created_at stays in the metadata too: agents share the session's.
        created_at = parse_time(fields.get("created_at"))
        return cls(session_id, agent_id, messages, created_at=created_at, metadata=fields)

    @classmethod
    def of(cls, info: SessionInfo, history: History) -> Conversation:
        """Make the conversation that a stored agent holds."""
        session = {name: getattr(info, name) for name in SESSION_FIELDS}
        usage, usage_total = _usage_of(history)
        return cls(
            session_id=history.session_id,
            agent_id=history.agent_id,
            messages=history.payloads,
            times=[message.created_at for message in history.messages],
            created_at=info.created_at,
            metadata=history.metadata,
            state=history.state or None,
            session={name: value for name, value in session.items() if value},
            usage=usage,
            usage_total=usage_total,
            summary=history.summary.text if history.summary else None,
        )

    def line(self) -> bytes:
        """Write the line that `parse` reads back as this conversation, with its line end.

        Raises:
            InvalidMessage: a message is more than JSON can hold (another writer's NaN).
        """
        metadata = encode_value(dict(self.metadata))
        fields = {
            "session_id": self.session_id,
            "agent_id": self.agent_id,
            "created_at": format_time(self.created_at),
            "messages": [encode_value(message) for message in self.messages],
            "state": None if self.state is None else encode_value(self.state),
            **{name: value for name, value in metadata.items() if name not in _OURS},
            STAMP: self._stamp({name: metadata[name] for name in _OURS & metadata.keys()}),
        }
        for name in ("created_at", "state"):
            if fields[name] is None:
                del fields[name]
        return json_line(fields)

    def _stamp(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """Our own field: what the line needs to be read back, and what would hide a field of it."""
        stamp: dict[str, Any] = {"v": FORMAT_VERSION}
        if self.times:
            stamp["created_at"] = [format_time(moment) for moment in self.times]
        if self.session:
            session = {name: _as_list(value) for name, value in self.session.items()}
            stamp["session"] = encode_value(session)
        if any(self.usage):
            stamp["usage"] = [used and dict(used) for used in self.usage]
        if self.usage_total:
            stamp["usage_total"] = dict(self.usage_total)
        if self.summary:
            stamp["summary"] = self.summary
        if metadata:
            stamp["metadata"] = metadata
        return stamp

    def write_ids(self) -> list[str]:
        """Give the write id of each message; the same line always gives the same ones.

        Raises:
            InvalidMessage: a message is more than JSON can hold.
        """
        chain = Chain(self)
        return [chain.extend(message) for message in self.messages]


def json_line(fields: Mapping[str, Any]) -> bytes:
    """Write a line of JSON in UTF-8, with its line end."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Another writer's lone surrogate: as an escape it is still JSON, and still equal.
        return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"


class _Used(NamedTuple):
    """What one message used."""

    usage: Mapping[str, Any] | None
    usage_total: Mapping[str, Any] | None = None


def _usage_of(
    history: History,
) -> tuple[list[Mapping[str, Any] | None], Mapping[str, Any] | None]:
    """Give what each message used, and the total where those do not add up to it.

    So it is where messages are hidden, or one of them has stated a total. The last message then
    carries the total alone, so that the sum stays what it was.
    """
    usage = [message.usage for message in history.messages]
    if not usage or fold(map(_Used, usage)) == history.usage:
        return (usage if any(usage) else []), None
    return [*usage[:-1], None], history.usage


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class Chain:
    """Write ids in which each hashes the one before it: equal ids mean equal beginnings."""

    def __init__(self, conversation: Conversation) -> None:
        self._names = [_NAMESPACE, conversation.session_id, conversation.agent_id]
        self._last = ""

    def extend(self, message: Mapping[str, Any]) -> str:
        """Add a message and give its write id. Raises InvalidMessage."""
        link = [*self._names, self._last, encode_value(dict(message))]
        try:
            text = json.dumps(link, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            self._last = hashlib.sha256(text.encode("utf-8")).hexdigest()[:32]
        except UnicodeEncodeError as error:
            raise InvalidMessage("message has a lone surrogate: not valid Unicode") from error
        return self._last


def _load(line: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage("line is not JSON", cause=error) from error
    if not isinstance(fields, dict):
        raise InvalidMessage(f"line is JSON, but no object: {type(fields).__name__}")
    return fields


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _take_session_id(fields: dict[str, Any], session_id_field: str | None) -> str:
    names = (session_id_field,) if session_id_field else ("session_id", "id")
    for name in names:
        if fields.get(name) is not None:
            return _id_text(name, fields.pop(name))
    raise InvalidMessage(f"line has no session id: give it the field {' or '.join(names)}")


def _take_agent_id(fields: dict[str, Any]) -> str:
    value = fields.pop("agent_id", None)
    return DEFAULT_AGENT if value is None else _id_text("agent_id", value)


def _id_text(name: str, value: Any) -> str:
    """Many data sets number their conversations, so a whole number is an id too."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise InvalidMessage(f"the field {name!r} is no id: {type(value).__name__}")


def _take_messages(fields: dict[str, Any]) -> list[dict[str, Any]]:
    messages = fields.pop("messages", None)
    if not isinstance(messages, list):
        raise InvalidMessage("line has no messages: give it a list in the field 'messages'")
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise InvalidMessage(f"messages[{index}] is no object: {type(message).__name__}")
    return messages


def _exported(
    session_id: str, agent_id: str, messages: list[dict[str, Any]], fields: dict[str, Any]
) -> Conversation:
    """Undo `Conversation.line`."""
    stamp = take_stamp(fields, len(messages))
    created_at = parse_time(fields.pop("created_at", None))
    try:
        decoded = {
            name: decode_value(value)
            for name, value in {
                "messages": messages,
                "state": fields.pop("state", None),
                "metadata": fields | stamp.get("metadata", {}),
                "session": stamp.get("session", {}),
            }.items()
        }
    except ValueError as error:
        raise InvalidMessage("encoded bytes are no base64", cause=error) from error
    times = [parse_time(text) for text in stamp.get("created_at", ())]
    return Conversation(
        session_id,
        agent_id,
        times=times,
        created_at=created_at,
        usage=stamp.get("usage", ()),
        usage_total=stamp.get("usage_total"),
        summary=stamp.get("summary"),
        **decoded,
    )
