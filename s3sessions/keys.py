"""The key grammar: which object stands under which key. Nothing else spells a key.

Building and parsing are inverse. An id stands in its key as it is but for three things, written
`%XX` per UTF-8 byte: `/`, control characters, and a `%` that two hex digits follow. So no two ids
share a key, and no id leaves its prefix.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from s3sessions.errors import InvalidId, InvalidSettings

__all__ = [
    "MAX_ID_BYTES",
    "MAX_INDEX",
    "MAX_KEY_BYTES",
    "AgentKeys",
    "Kind",
    "Place",
    "Root",
    "SessionKeys",
    "agent_of",
    "decode_id",
    "encode_id",
    "listable",
    "message_index",
]

MAX_ID_BYTES: Final = 240
"""Longest encoded id: with `session_` before it, it is a file name on every POSIX file system."""

MAX_KEY_BYTES: Final = 1024
"""Longest key that S3 takes, in UTF-8 bytes."""

MAX_INDEX: Final = 10**18 - 1
"""Greatest index of a message; an object with a greater one is foreign."""

_ESCAPED = re.compile(r"%(?=[0-9A-Fa-f]{2})|[/\x00-\x1f\x7f-\x9f]")
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_CUT_ESCAPE = re.compile(r"%[0-9A-Fa-f]?$")
_MESSAGE = re.compile(r"message_(0|[1-9][0-9]{0,17})\.json")
# The longest name below an agent, so that a handle whose ids fit never outgrows the limit.
_LONGEST_NAME = "messages/message_999999999999999999.json"


def encode_id(value: str, *, what: str = "id") -> str:
    """Spell an id as one key segment.

    Raises:
        InvalidId: no text, empty, not valid Unicode, or over `MAX_ID_BYTES` once encoded.
    """
    if not isinstance(value, str):
        raise InvalidId(f"{what} must be a string, not {type(value).__name__}")
    if not value:
        raise InvalidId(f"{what} is empty: give at least one character")
    try:
        encoded = _ESCAPED.sub(_escape, value)
        size = len(encoded.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise InvalidId(f"{what} is not valid Unicode: {value!r}", cause=error) from error
    if size > MAX_ID_BYTES:
        raise InvalidId(
            f"{what} is {size} bytes long in a key, the limit is {MAX_ID_BYTES}: "
            f"{value[:40]!r}… shorten it or use a hash of it"
        )
    return encoded


def decode_id(segment: str) -> str | None:
    """Read an id back from a key segment; None where `encode_id` would not have written it."""
    try:
        value = _ESCAPE.sub(
            lambda match: bytes.fromhex(match[0].replace("%", "")).decode(), segment
        )
        return value if encode_id(value) == segment else None
    except (UnicodeDecodeError, InvalidId):
        return None


def listable(id_prefix: str) -> str:
    """Give the longest text that the encoding of every id beginning with `id_prefix` begins with.

    A `%` near the end is left out: whether it is escaped depends on what follows it.
    """
    return _ESCAPED.sub(_escape, _CUT_ESCAPE.sub("", id_prefix))


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """The keys of one agent's objects; `prefix` ends in `/`."""

    session_id: str
    agent_id: str
    prefix: str

    @property
    def document(self) -> str:
        return self.prefix + "agent.json"

    @property
    def lease(self) -> str:
        return self.prefix + "lease.json"

    @property
    def messages(self) -> str:
        return self.prefix + "messages/"

    def message(self, index: int) -> str:
        """Raises InvalidId beyond `MAX_INDEX`: nobody would read what stands there."""
        if index > MAX_INDEX:
            raise InvalidId(
                f"no index is left behind message_{MAX_INDEX}.json: remove that object",
                key=self.messages,
            )
        return f"{self.prefix}messages/message_{index}.json"


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """The keys of one session's objects; `prefix` ends in `/`."""

    session_id: str
    prefix: str

    @property
    def document(self) -> str:
        return self.prefix + "session.json"

    @property
    def agents(self) -> str:
        return self.prefix + "agents/"

    def agent(self, agent_id: str) -> AgentKeys:
        """Raises InvalidId where the id cannot stand in a key."""
        prefix = f"{self.agents}agent_{encode_id(agent_id, what='agent id')}/"
        if len((prefix + _LONGEST_NAME).encode("utf-8")) > MAX_KEY_BYTES:
            raise InvalidId(
                f"prefix, session id and agent id together make keys longer than {MAX_KEY_BYTES} "
                "bytes: shorten one of them",
                key=prefix,
            )
        return AgentKeys(self.session_id, agent_id, prefix)


class Kind(enum.StrEnum):
    """What a key names."""

    SESSION = "session"
    AGENT = "agent"
    MESSAGE = "message"
    HISTORY = "history"
    LEASE = "lease"
    SEGMENT = "segment"
    CHILD = "child"
    MULTI_AGENT = "multi_agent"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Place:
    """A key, read: what it names and in which session, agent and at which index it stands."""

    kind: Kind
    session_id: str
    agent_id: str | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """The prefix that all sessions of one `Sessions` share: empty, or ending in `/`."""

    prefix: str

    @classmethod
    def of(cls, path: str) -> Root:
        """Make a root of a path such as `""`, `"p"`, `"/p/"` or `"a/b/"`.

        Raises:
            InvalidSettings: an empty, `.` or `..` segment inside, or a session's own prefix.
        """
        path = path.strip("/")
        for segment in path.split("/") if path else ():
            if segment in ("", ".", ".."):
                raise InvalidSettings(
                    f"prefix {path!r} has an empty, '.' or '..' segment: some stores fold those"
                )
            _refuse_session_prefix(segment)
        return cls(f"{path}/" if path else "")

    def under(self, name: str) -> Root:
        """Give the root one prefix deeper. Raises InvalidId."""
        segment = encode_id(name, what="name")
        if segment in (".", ".."):
            raise InvalidId(f"name {name!r} would leave its prefix: choose another")
        _refuse_session_prefix(segment)
        return Root(f"{self.prefix}{segment}/")

    @property
    def sessions(self) -> str:
        """What every session's prefix begins with."""
        return self.prefix + "session_"

    def session(self, session_id: str) -> SessionKeys:
        """Raises InvalidId where the id cannot stand in a key."""
        prefix = f"{self.sessions}{encode_id(session_id, what='session id')}/"
        if len(prefix.encode("utf-8")) + len("session.json") > MAX_KEY_BYTES:
            raise InvalidId(f"key is longer than {MAX_KEY_BYTES} bytes", key=prefix)
        return SessionKeys(session_id, prefix)

    def session_of(self, prefix: str) -> str | None:
        """Read the session id of a common prefix; None where it is no session's."""
        name = prefix.removeprefix(self.prefix).removesuffix("/")
        return decode_id(name.removeprefix("session_")) if name.startswith("session_") else None

    def parse(self, key: str) -> Place | None:
        """Read a key; None where it stands in no session of this root."""
        head, _, rest = key.removeprefix(self.prefix).partition("/")
        session_id = self.session_of(head)
        if session_id is None or not rest:
            return None
        return _parse_in_session(session_id, rest)


def _refuse_session_prefix(segment: str) -> None:
    if segment.startswith("session_"):
        raise InvalidSettings(
            f"prefix segment {segment!r} looks like a session: sessions do not stand in sessions"
        )


def agent_of(prefix: str) -> str | None:
    """Read the agent id of a common prefix below `SessionKeys.agents`; None if it is foreign."""
    name = prefix.removesuffix("/").rpartition("/")[2]
    return decode_id(name.removeprefix("agent_")) if name.startswith("agent_") else None


def message_index(name: str) -> int | None:
    """Read the index of a message from its name below `AgentKeys.messages`."""
    match = _MESSAGE.fullmatch(name)
    return int(match[1]) if match else None


_AGENT_DOCUMENTS = {
    "agent.json": Kind.AGENT,
    "history.json": Kind.HISTORY,
    "lease.json": Kind.LEASE,
}
_SEGMENT = re.compile(r"archive/segment_\d+-\d+\.jsonl")


def _parse_in_session(session_id: str, rest: str) -> Place:
    if rest == "session.json":
        return Place(Kind.SESSION, session_id)
    folder, _, tail = rest.partition("/")
    if folder == "agents":
        return _parse_in_agent(session_id, tail)
    if folder == "children" and tail.endswith(".json") and "/" not in tail:
        return Place(Kind.CHILD, session_id)
    if folder == "multi_agents" and re.fullmatch(r"multi_agent_[^/]+/multi_agent\.json", tail):
        return Place(Kind.MULTI_AGENT, session_id)
    return Place(Kind.FOREIGN, session_id)


def _parse_in_agent(session_id: str, tail: str) -> Place:
    head, _, name = tail.partition("/")
    agent_id = agent_of(head)
    if agent_id is None or not name:
        return Place(Kind.FOREIGN, session_id)
    if name in _AGENT_DOCUMENTS:
        return Place(_AGENT_DOCUMENTS[name], session_id, agent_id)
    if _SEGMENT.fullmatch(name):
        return Place(Kind.SEGMENT, session_id, agent_id)
    if name.startswith("messages/"):
        index = message_index(name.removeprefix("messages/"))
        if index is not None:
            return Place(Kind.MESSAGE, session_id, agent_id, index)
    return Place(Kind.FOREIGN, session_id, agent_id)
