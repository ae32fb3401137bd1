"""The aioboto3 clients of a store: a client belongs to an event loop, so there is one a loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

from s3sessions.errors import MissingExtra
from s3sessions.stores.s3_client import (
    ClientOptions,
    prepare_session,
    settings_errors,
    user_agent_of,
)
from s3sessions.stores.s3_hooks import prepare_client
from s3sessions.stores.s3_models import store_models

__all__ = ["LoopClients"]


class LoopClients:
    """The clients of a store and of what was derived from it, each made when first asked for."""

    def __init__(self, options: ClientOptions, given: Any) -> None:
        self._options = options
        self._given = given
        # Not weakly keyed: a client refers to its loop, so an entry would keep its own key alive.
        self._kept: dict[asyncio.AbstractEventLoop, _Kept] = {}
        self._lock = threading.Lock()
        if given is not None:
            prepare_client(given)

    async def get(self) -> Any:
        if self._given is not None:
            return self._given
        loop = asyncio.get_running_loop()
        kept = self._kept.get(loop) or self._keep(loop)
        return kept.client or await kept.open(self._options)

    async def close(self) -> None:
        with self._lock:
            kept = self._kept.pop(asyncio.get_running_loop(), None)
        if kept is not None:
            await kept.close()

    def _keep(self, loop: asyncio.AbstractEventLoop) -> _Kept:
        with self._lock:
            for other in [other for other in self._kept if other.is_closed()]:
                del self._kept[other]
            return self._kept.setdefault(loop, _Kept())


class _Kept:
    """The client of one loop, and the generator that holds it open."""

    def __init__(self) -> None:
        self.client: Any = None
        self._lock = asyncio.Lock()
        self._holder: AsyncGenerator[Any, None] | None = None

    async def open(self, options: ClientOptions) -> Any:
        async with self._lock:
            if self.client is None:
                self._holder = _hold(options)
                with settings_errors():
                    self.client = await anext(self._holder)
            return self.client

    async def close(self) -> None:
        if self._holder is not None:
            await self._holder.aclose()


async def _hold(options: ClientOptions) -> AsyncGenerator[Any, None]:
    """Hold a client open until closed. A generator, because a loop that ends closes those."""
    async with _make(options) as client:
        elsewhere = options.relocated(client)
        if elsewhere is None:
            prepare_client(client)
            yield client
            return
    async with _make(elsewhere) as client:
        prepare_client(client)
        yield client


def _make(options: ClientOptions) -> Any:
    try:
        import aioboto3
        import aiobotocore.session
        from aiobotocore.config import AioConfig
    except ImportError as error:
        raise MissingExtra(
            "async S3 needs aioboto3: pip install 's3sessions[async]'", cause=error, extra="async"
        ) from error
    core = aiobotocore.session.AioSession(profile=options.profile)
    session = aioboto3.Session(botocore_session=core)
    # After the line above, which adds a search path to the session's loader each time.
    prepare_session(core, store_models)
    config = AioConfig(**options.config_arguments(), user_agent=user_agent_of(core))
    return session.client("s3", **options.client_arguments(), config=config)
