"""What a type checker tells users: run by `make check` alone, never imported.

A line with `type: ignore` is a mistake that the checker must catch: without it, mypy would warn
that the comment is unused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

from s3sessions import (
    AgentSession,
    AsyncAgentSession,
    AsyncSessions,
    Child,
    History,
    Message,
    MessageIterator,
    SessionDescription,
    SessionInfo,
    SessionRef,
    Sessions,
    SessionSize,
    SessionSummary,
)
from s3sessions.bridge import Blocking
from s3sessions.ports import AsyncStore, SyncStore
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore
from s3sessions.stores.s3 import S3Store
from s3sessions.stores.s3_async import AsyncS3Store
from s3sessions.stores.threaded import ThreadedStore


def blocking(sessions: Sessions) -> None:
    chat = assert_type(sessions.open("s", agent="a", title="T"), AgentSession)
    assert_type(chat.append({"role": "user"}), Message)
    history = assert_type(chat.restore(last=3), History)
    assert_type(history.payloads, list[dict[str, Any]])
    assert_type(chat.iterate(), MessageIterator)
    assert_type(next(sessions.list()), SessionRef)
    assert_type(sessions.info("s"), SessionInfo)
    assert_type(sessions.latest(), SessionSize | None)
    assert_type(sessions.browse(user="u", since=None), Sequence[SessionSummary])
    assert_type(sessions.describe("s", title=None, tags=["t"]), SessionDescription)
    assert_type(sessions.end("s", "why"), SessionDescription)
    assert_type(sessions.fork("s", kind="compression", messages=[{}], title="t"), str)
    assert_type(sessions.children("s"), Sequence[Child])
    assert_type(sessions.tip("s"), str)
    assert_type(sessions.agents("s"), Sequence[str])
    assert_type(sessions.under("t"), Sessions)
    chat.append("text")  # type: ignore[arg-type]
    chat.restore(on_corrupt="skip")  # type: ignore[arg-type]
    sessions.open("s", on_conflict="win")  # type: ignore[arg-type]
    sessions.open("s", colour="red")  # type: ignore[call-arg]
    sessions.fork("s", kind="copy")  # type: ignore[arg-type]
    sessions.describe("s", parent="p")  # type: ignore[call-arg]
    Sessions("memory://", widht=3)  # type: ignore[call-arg]


async def awaited(sessions: AsyncSessions) -> None:
    chat = assert_type(sessions.open("s"), AsyncAgentSession)
    assert_type(await chat.append({"role": "user"}), Message)
    assert_type(await chat.restore(), History)
    async for message in chat.iterate():
        assert_type(message, Message)
    async for session in sessions.list():
        assert_type(session, SessionRef)
    chat.append({"role": "user"})  # type: ignore[unused-coroutine]
    (await chat.restore()).messages.count  # noqa: B018
    chat.restore().messages  # type: ignore[attr-defined]  # noqa: B018


def colours(bucket: str) -> None:
    sync: list[SyncStore] = [MemoryStore(), LocalStore("/x"), S3Store(bucket)]
    other: list[AsyncStore] = [AsyncS3Store(bucket), ThreadedStore(MemoryStore())]
    other.append(Blocking(MemoryStore()))
    sync.append(AsyncS3Store(bucket))  # type: ignore[arg-type]
    other.append(S3Store(bucket))  # type: ignore[arg-type]
    Sessions(store=AsyncS3Store(bucket))  # type: ignore[arg-type]
    AsyncSessions(store=S3Store(bucket))  # type: ignore[arg-type]
