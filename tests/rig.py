"""One place in one store, spoken to in one colour: what every behaviour test runs on.

A behaviour is written once, in blocking code. In the async colour `Driven` runs each coroutine on
an event loop of its own, so the very same test exercises `AsyncSessions`.
"""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from s3sessions import AsyncMultiAgentSession, AsyncSessions, Sessions
from s3sessions.aio import AsyncAgentSession
from s3sessions.bridge import Blocking
from s3sessions.ports import SyncStore

Colour = Literal["sync", "async"]


class Driven:
    """An object of the async face as if it were of the sync one."""

    def __init__(self, inner: Any, runner: asyncio.Runner) -> None:
        self._inner = inner
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return self._calling(value) if callable(value) else value

    def _calling(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if inspect.iscoroutine(result):
                return self._runner.run(result)
            if isinstance(result, (AsyncSessions, AsyncAgentSession, AsyncMultiAgentSession)):
                return Driven(result, self._runner)
            return DrivenIterator(result, self._runner) if hasattr(result, "__anext__") else result

        return call


class DrivenIterator(Iterator[Any]):
    """An async iterator as if it were a blocking one."""

    def __init__(self, inner: AsyncIterator[Any], runner: asyncio.Runner) -> None:
        self._inner = inner
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __next__(self) -> Any:
        try:
            return self._runner.run(self._step())
        except StopAsyncIteration:
            raise StopIteration from None

    async def _step(self) -> Any:
        return await anext(self._inner)


@dataclass
class Rig:
    """A fresh, empty place.

    Attributes:
        name: of the kind of store.
        colour: which face `sessions` gives.
        url: of the place; None where the store itself is handed over.
        options: settings that reach it.
        raw: the same place through a blocking store, to plant and to inspect objects.
        prefix: of all keys, as `raw` sees them.
    """

    name: str
    colour: Colour
    url: str | None
    options: dict[str, Any]
    raw: SyncStore
    prefix: str = ""
    _runner: asyncio.Runner | None = None
    _opened: list[Any] = field(default_factory=list)

    def sessions(self, **options: Any) -> Any:
        """Open the place anew, as another process would: nothing is remembered."""
        given: dict[str, Any] = {**self.options, **options}
        if self.colour == "sync":
            store: dict[str, Any] = {} if self.url else {"store": self.raw}
            sessions: Any = Sessions(self.url, **store, **given)
        else:
            self._runner = self._runner or asyncio.Runner()
            async_store: dict[str, Any] = {} if self.url else {"store": Blocking(self.raw)}
            sessions = Driven(AsyncSessions(self.url, **async_store, **given), self._runner)
        self._opened.append(sessions)
        return sessions

    def keys(self) -> list[str]:
        """All keys in the place, sorted, without its prefix."""
        keys, token = [], None
        while True:
            page = self.raw.list(self.prefix, token=token)
            keys += [entry.key.removeprefix(self.prefix) for entry in page.entries]
            token = page.token
            if token is None:
                return sorted(keys)

    def plant(self, key: str, data: bytes) -> None:
        """Put an object where it does not belong."""
        self.raw.put(self.prefix + key, data)

    def body(self, key: str) -> bytes:
        return self.raw.get(self.prefix + key).data

    def remove(self, key: str) -> None:
        self.raw.delete(self.prefix + key)

    def close(self) -> None:
        for sessions in self._opened:
            sessions.close()
        if self._runner is not None:
            self._runner.close()
        self.raw.close()


def fresh_name() -> str:
    """A name that no other test has used on a server that many share."""
    return uuid.uuid4().hex[:12]
