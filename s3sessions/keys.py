"""The key grammar: which object stands under which key. Nothing else spells a key.

Building and parsing are inverse; how an id is spelled stands in `s3sessions.ids`.
"""

from __future__ import annotations

import enum
import re
from typing import Final, cast

from s3sessions.blocks import blocks_over
from s3sessions.errors import InvalidId, InvalidSettings
from s3sessions.ids import MAX_ID_BYTES, decode_id, encode_id, listable
from s3sessions.models import ForkKind
from s3sessions.record import Record

__all__ = [
    "MAX_ID_BYTES",
    "MAX_INDEX",
    "MAX_KEY_BYTES",
    "AgentKeys",
    "Kind",
    "MultiAgentKeys",
    "Place",
    "Root",
    "SessionKeys",
    "agent_of",
    "decode_id",
    "encode_id",
    "is_among_messages",
    "listable",
    "message_index",
    "message_name",
    "multi_agent_of",
]

MAX_KEY_BYTES: Final = 1024
"""Longest key that S3 takes, in UTF-8 bytes."""

MAX_INDEX: Final = 10**18 - 1
"""Greatest index of a message; an object with a greater one is foreign."""

_MESSAGE = re.compile(r"message_(0|[1-9][0-9]{0,17})\.json")
# The longest name below an agent, so that a handle whose ids fit never outgrows the limit.
_LONGEST_NAME = "messages/message_999999999999999999.json"
_MULTI_AGENT_DOCUMENT = "multi_agent.json"
_MARKER = re.compile(r"(branch|compression|delegate)_(.+)\.json", re.DOTALL)
_MAX_NAME_BYTES = 255


class AgentKeys(Record):
    """The keys of one agent's objects; `prefix` ends in `/`."""

    session_id: str
    agent_id: str
    prefix: str

    @property
    def document(self) -> str:
        return self.prefix + "agent.json"

    @property
    def history(self) -> str:
        return self.prefix + "history.json"

    @property
    def lease(self) -> str:
        return self.prefix + "lease.json"

    @property
    def messages(self) -> str:
        return self.prefix + "messages/"

    @property
    def archive(self) -> str:
        return self.prefix + "archive/"

    def segment(self, block: range) -> str:
        """Give the key of the segment that holds a block."""
        return f"{self.archive}segment_{block.start}-{block.stop - 1}.jsonl"

    def message(self, index: int) -> str:
        """Raises InvalidId beyond `MAX_INDEX`: nobody would read what stands there."""
        if index > MAX_INDEX:
            raise InvalidId(
                f"no index is left behind message_{MAX_INDEX}.json: remove that object",
                key=self.messages,
            )
        return self.messages + message_name(index)


class MultiAgentKeys(Record):
    """The key of one graph's or swarm's document; `prefix` ends in `/`."""

    session_id: str
    multi_agent_id: str
    prefix: str

    @property
    def document(self) -> str:
        return self.prefix + _MULTI_AGENT_DOCUMENT


class SessionKeys(Record):
    """The keys of one session's objects; `prefix` ends in `/`."""

    session_id: str
    prefix: str

    @property
    def document(self) -> str:
        return self.prefix + "session.json"

    @property
    def end(self) -> str:
        """What all keys of the session come before, in the order of bytes and in that of a tree."""
        return self.prefix + "~"

    @property
    def agents(self) -> str:
        return self.prefix + "agents/"

    def agent(self, agent_id: str) -> AgentKeys:
        """Raises InvalidId where the id cannot stand in a key."""
        prefix = f"{self.agents}agent_{encode_id(agent_id, what='agent id')}/"
        _refuse_long(prefix, _LONGEST_NAME, what="agent id")
        return AgentKeys(self.session_id, agent_id, prefix)

    @property
    def children(self) -> str:
        return self.prefix + "children/"

    @property
    def compressions(self) -> str:
        """What the markers of the children that go on after a compression begin with."""
        return self.children + "compression_"

    def child(self, kind: ForkKind, child_id: str) -> str:
        """Give the key of a child's marker.

        Raises:
            InvalidId: the id cannot stand in a key, or makes this one too long.
        """
        name = f"{kind}_{encode_id(child_id, what='child id')}.json"
        if len(name.encode("utf-8")) > _MAX_NAME_BYTES:
            raise InvalidId(
                f"child id makes a file name longer than {_MAX_NAME_BYTES} bytes: shorten it",
                key=self.children + name,
            )
        _refuse_long(self.children, name, what="child id")
        return self.children + name

    @property
    def multi_agents(self) -> str:
        return self.prefix + "multi_agents/"

    def multi_agent(self, multi_agent_id: str) -> MultiAgentKeys:
        """Raises InvalidId where the id cannot stand in a key."""
        segment = encode_id(multi_agent_id, what="multi-agent id")
        prefix = f"{self.multi_agents}multi_agent_{segment}/"
        _refuse_long(prefix, _MULTI_AGENT_DOCUMENT, what="multi-agent id")
        return MultiAgentKeys(self.session_id, multi_agent_id, prefix)


def _refuse_long(prefix: str, longest_name: str, *, what: str) -> None:
    if len((prefix + longest_name).encode("utf-8")) > MAX_KEY_BYTES:
        raise InvalidId(
            f"prefix, session id and {what} together make keys longer than {MAX_KEY_BYTES} "
            "bytes: shorten one of them",
            key=prefix,
        )


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


class Place(Record):
    """A key, read: what it names and in which session, agent and at which index it stands.

    `block` are the indexes that a segment holds.
    """

    kind: Kind
    session_id: str
    agent_id: str | None = None
    index: int | None = None
    multi_agent_id: str | None = None
    child_id: str | None = None
    child_kind: ForkKind | None = None
    block: range | None = None


class Root(Record):
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

    @property
    def checks(self) -> str:
        """What the prefix of every check of the store begins with; no session's does."""
        return self.prefix + "s3sessions_check_"

    def session(self, session_id: str) -> SessionKeys:
        """Raises InvalidId where the id cannot stand in a key."""
        prefix = f"{self.sessions}{encode_id(session_id, what='session id')}/"
        if len(prefix.encode("utf-8")) + len("session.json") > MAX_KEY_BYTES:
            raise InvalidId(f"key is longer than {MAX_KEY_BYTES} bytes", key=prefix)
        return SessionKeys(session_id, prefix)

    @property
    def sweeps(self) -> str:
        """What the document of every sweep begins with; no session's prefix does."""
        return self.prefix + "sweep_"

    def sweep(self, name: str) -> str:
        """Give the key of a sweep's document. Raises InvalidId."""
        key = f"{self.sweeps}{encode_id(name, what='name of a sweep')}.json"
        if len(key.encode("utf-8")) > MAX_KEY_BYTES:
            raise InvalidId(f"key is longer than {MAX_KEY_BYTES} bytes", key=key)
        return key

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
    return _id_behind("agent_", prefix)


def multi_agent_of(prefix: str) -> str | None:
    """Read the id of a common prefix below `SessionKeys.multi_agents`; None if it is foreign."""
    return _id_behind("multi_agent_", prefix)


def _id_behind(beginning: str, prefix: str) -> str | None:
    name = prefix.removesuffix("/").rpartition("/")[2]
    return decode_id(name.removeprefix(beginning)) if name.startswith(beginning) else None


def message_name(index: int) -> str:
    """Give the name of a message below `AgentKeys.messages`."""
    return f"message_{index}.json"


def message_index(name: str) -> int | None:
    """Read the index of a message from its name below `AgentKeys.messages`."""
    match = _MESSAGE.fullmatch(name)
    return int(match[1]) if match else None


def is_among_messages(key: str) -> bool:
    """Tell whether a key of a session stands in a folder of messages; quicker than to read it."""
    return key.endswith("/messages/", 0, key.rfind("/") + 1)


_AGENT_DOCUMENTS = {
    "agent.json": Kind.AGENT,
    "history.json": Kind.HISTORY,
    "lease.json": Kind.LEASE,
}
_SEGMENT = re.compile(r"archive/segment_(0|[1-9][0-9]{0,17})-([1-9][0-9]{0,17})\.jsonl")


def _block(name: str) -> range | None:
    """Read a segment's name below an agent; None where it names no whole aligned block."""
    match = _SEGMENT.fullmatch(name)
    if match is None:
        return None
    block = range(int(match[1]), int(match[2]) + 1)
    return block if block in blocks_over(block.start) else None


def _parse_in_session(session_id: str, rest: str) -> Place:
    if rest == "session.json":
        return Place(Kind.SESSION, session_id)
    folder, _, tail = rest.partition("/")
    if folder == "agents":
        return _parse_in_agent(session_id, tail)
    if folder == "children":
        return _parse_marker(session_id, tail)
    if folder == "multi_agents":
        return _parse_in_multi_agent(session_id, tail)
    return Place(Kind.FOREIGN, session_id)


def _parse_marker(session_id: str, name: str) -> Place:
    match = _MARKER.fullmatch(name)
    child_id = decode_id(match[2]) if match else None
    if match is None or child_id is None:
        return Place(Kind.FOREIGN, session_id)
    kind = cast(ForkKind, match[1])
    return Place(Kind.CHILD, session_id, child_id=child_id, child_kind=kind)


def _parse_in_multi_agent(session_id: str, tail: str) -> Place:
    head, _, name = tail.partition("/")
    multi_agent_id = multi_agent_of(head)
    if multi_agent_id is None or name != _MULTI_AGENT_DOCUMENT:
        return Place(Kind.FOREIGN, session_id)
    return Place(Kind.MULTI_AGENT, session_id, multi_agent_id=multi_agent_id)


def _parse_in_agent(session_id: str, tail: str) -> Place:
    head, _, name = tail.partition("/")
    agent_id = agent_of(head)
    if agent_id is None or not name:
        return Place(Kind.FOREIGN, session_id)
    if name in _AGENT_DOCUMENTS:
        return Place(_AGENT_DOCUMENTS[name], session_id, agent_id)
    if (block := _block(name)) is not None:
        return Place(Kind.SEGMENT, session_id, agent_id, block=block)
    if name.startswith("messages/"):
        index = message_index(name.removeprefix("messages/"))
        if index is not None:
            return Place(Kind.MESSAGE, session_id, agent_id, index)
    return Place(Kind.FOREIGN, session_id, agent_id)
