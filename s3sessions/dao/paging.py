"""Paging: everything that a prefix holds, page by page, or in waves of pages."""

from __future__ import annotations

from collections.abc import AsyncIterator

from s3sessions.dao.waves import Waves
from s3sessions.ports import AsyncStore, Entry, Page


async def pages(
    store: AsyncStore, prefix: str, *, delimiter: str | None = None, start_after: str | None = None
) -> AsyncIterator[Page]:
    """Give every page of a list, one after the other. Requests: one LIST for each 1,000 keys."""
    token = None
    while True:
        start = start_after if token is None else None
        page = await store.list(prefix, delimiter=delimiter, token=token, start_after=start)
        yield page
        token = page.token
        if token is None:
            return


async def waves(store: AsyncStore, prefix: str) -> AsyncIterator[list[Entry]]:
    """Give everything under a prefix, in no order. Requests: as `Waves`."""
    listed = Waves(store, prefix)
    while not listed.is_over:
        yield await listed.next()


async def entries(store: AsyncStore, prefix: str) -> list[Entry]:
    """Give everything under a prefix, in no order. Requests: as `Waves`."""
    return [entry async for wave in waves(store, prefix) for entry in wave]
