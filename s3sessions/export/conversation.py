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
from typing import Any, Final

from s3sessions.codec import FORMAT_VERSION, STAMP
from s3sessions.errors import InvalidMessage, UnsupportedVersion
from s3sessions.models import History, SessionInfo
from s3sessions.values import decode_value, encode_value, format_time, parse_time

__all__ = ["Chain", "Conversation"]

DEFAULT_AGENT: Final = "default"

_NAMESPACE: Final = "s3sessions import 1"
_OURS: Final = frozenset({"session_id", "agent_id", "created_at", "messages", "state", STAMP})
_SESSION_FIELDS: Final = ("title", "user", "model", "source", "parent", "metadata")


@dataclass(frozen=True, slots=True)
class Conversation:
    """The messages of one agent in one session, with all that is known beside them.

    Attributes:
        times: when each message was made; empty where the line does not say.
        created_at: of the session.
        metadata: of the agent.
        state: of the agent; None where the line does not say.
        session: fields of the session document: title, user, model, source, parent, metadata.
    """

    session_id: str
    agent_id: str
    messages: list[dict[str, Any]]
    times: Sequence[datetime | None] = ()
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    state: dict[str, Any] | None = None
    session: Mapping[str, Any] = field(default_factory=dict)

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
        session = {name: getattr(info, name) for name in _SESSION_FIELDS}
        return cls(
            session_id=history.session_id,
            agent_id=history.agent_id,
            messages=history.payloads,
            times=[message.created_at for message in history.messages],
            created_at=info.created_at,
            metadata=history.metadata,
            state=history.state or None,
            session={name: value for name, value in session.items() if value},
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
        text = json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            # Another writer's lone surrogate: as an escape it is still JSON, and still equal.
            return json.dumps(fields, separators=(",", ":")).encode("ascii") + b"\n"

    def _stamp(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """Our own field: what the line needs to be read back, and what would hide a field of it."""
        stamp: dict[str, Any] = {"v": FORMAT_VERSION}
        if self.times:
            stamp["created_at"] = [format_time(moment) for moment in self.times]
        if self.session:
            stamp["session"] = encode_value(dict(self.session))
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
    stamp = _take_stamp(fields, len(messages))
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
    return Conversation(session_id, agent_id, times=times, created_at=created_at, **decoded)


_STAMP_TYPES: Final = {"created_at": list, "metadata": dict, "session": dict}


def _take_stamp(fields: dict[str, Any], messages: int) -> dict[str, Any]:
    found = fields.pop(STAMP)
    stamp: dict[str, Any] = found if isinstance(found, dict) else {}
    version = stamp.get("v")
    if not isinstance(version, int):
        raise InvalidMessage(f"the field {STAMP!r} is not what an export writes: remove it")
    if version > FORMAT_VERSION:
        raise UnsupportedVersion(
            f"line has format version {version}, this version reads up to {FORMAT_VERSION}: "
            "upgrade s3sessions"
        )
    for name, kind in _STAMP_TYPES.items():
        if name in stamp and not isinstance(stamp[name], kind):
            raise InvalidMessage(f"{STAMP}.{name} is not what an export writes: remove it")
    if len(stamp.get("created_at", ())) not in (0, messages):
        raise InvalidMessage(f"{STAMP}.created_at has not one time for each message: remove it")
    state = fields.get("state")
    if state is not None and not isinstance(state, dict):
        raise InvalidMessage(f"the field 'state' is no object: {type(state).__name__}")
    _check_session_fields(stamp.get("session", {}))
    return stamp


def _check_session_fields(session: dict[str, Any]) -> None:
    for name, value in session.items():
        kind = dict if name == "metadata" else str
        if name not in _SESSION_FIELDS or not isinstance(value, kind):
            raise InvalidMessage(f"{STAMP}.session.{name} is not what an export writes: remove it")
