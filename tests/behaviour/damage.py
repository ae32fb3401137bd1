"""Ways in which a stored object can be damaged, and a place with one object of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.rig import Rig

AGENT: Final = "session_s/agents/agent_default"
MESSAGES: Final = f"{AGENT}/messages"
SINGLE: Final = f"{MESSAGES}/message_1.json"
COMMIT: Final = f"{MESSAGES}/message_2.json"
MEMBER: Final = f"{MESSAGES}/message_3.json"
NEWEST: Final = f"{MESSAGES}/message_5.json"
SESSION_DOCUMENT: Final = "session_s/session.json"
AGENT_DOCUMENT: Final = f"{AGENT}/agent.json"
LEASE: Final = f"{AGENT}/lease.json"
DOCUMENTS: Final = (SESSION_DOCUMENT, AGENT_DOCUMENT)
OBJECTS: Final = (SINGLE, COMMIT, MEMBER, NEWEST, *DOCUMENTS)

UNSEEN: Final[Mapping[str, frozenset[int]]] = {
    SINGLE: frozenset({1}),
    COMMIT: frozenset({2, 3, 4}),
    MEMBER: frozenset({3}),
    NEWEST: frozenset({5}),
}
"""Which messages readers do not see once an object cannot be read."""

Damage = Callable[[bytes], bytes]


def furnish(rig: Rig) -> None:
    """Store messages 0 and 1, a batch 2 to 4, 5, and a state; and others that nothing may touch."""
    sessions = rig.sessions()
    chat = sessions.open("s", title="t")
    for n in range(2):
        chat.append({"n": n})
    chat.append_many([{"n": n} for n in range(2, 5)])
    chat.append({"n": 5})
    chat.save_state({"step": 1})
    for session_id, agent_id in (("s", "two"), ("other", "default")):
        sessions.open(session_id, agent_id).append({"of": agent_id})


def _is(data: bytes) -> Damage:
    return lambda _: data


UNREADABLE: Final[Mapping[str, Damage]] = {
    "empty": _is(b""),
    "cut after a byte": lambda data: data[:1],
    "cut in the middle": lambda data: data[: len(data) // 2],
    "cut before the end": lambda data: data[:-1],
    "zeros": lambda data: bytes(len(data)),
    "not UTF-8": _is(b'{"message": {"n": "\xff\xfe"}}'),
    "UTF-16": lambda data: data.decode().encode("utf-16"),
    "not JSON": _is(b"<html>it works!</html>"),
    "two objects": lambda data: data + data,
    "a list": lambda data: b"[" + data + b"]",
    "a number": _is(b"5"),
    "a text": _is(b'"text"'),
    "true": _is(b"true"),
    "null": _is(b"null"),
    "an empty object": _is(b"{}"),
    "nested too deep": _is(b'{"message":' + b"[" * 100_000),
    "a long number": _is(b'{"message_id": ' + b"9" * 5_000 + b"}"),
    "a lease": _is(b'{"holder": "h", "expires_at": "2026-01-01", "s3sessions": {"v": 1}}'),
    "a stamp that is a number": _is(b'{"message": {}, "s3sessions": 5}'),
    "a version that is text": _is(b'{"message": {}, "s3sessions": {"v": "1"}}'),
    "a version to come": _is(b'{"message": {}, "s3sessions": {"v": 99}}'),
}
"""After each of these nothing can be read of the object, whatever it was."""

ODD: Final[tuple[Any, ...]] = (None, 7, True, -1, 10**30, "abc", [None], {})
MESSAGE_FIELDS: Final = (
    ("message",),
    ("message_id",),
    ("redact_message",),
    ("created_at",),
    ("updated_at",),
    ("s3sessions",),
    ("s3sessions", "v"),
    ("s3sessions", "write_id"),
    ("s3sessions", "status"),
    ("s3sessions", "redacted_at"),
    ("s3sessions", "batch"),
    ("s3sessions", "batch", "id"),
    ("s3sessions", "batch", "commit"),
    ("s3sessions", "batch", "position"),
    ("s3sessions", "batch", "indexes"),
)
DOCUMENT_FIELDS: Final = (
    ("session_id",),
    ("agent_id",),
    ("created_at",),
    ("updated_at",),
    ("state",),
    ("s3sessions",),
    ("s3sessions", "v"),
    ("s3sessions", "life"),
    ("s3sessions", "title"),
    ("s3sessions", "metadata"),
    ("s3sessions", "deleted_agents"),
)


def with_field(data: bytes, path: tuple[str, ...], value: Any) -> bytes | None:
    """Put an odd value into a field; None where the object has nothing to put it into."""
    document = json.loads(data)
    inner = document
    for name in path[:-1]:
        if not isinstance(inner.get(name), dict):
            return None
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(document).encode()
