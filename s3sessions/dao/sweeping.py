"""Sweeping: what a fork takes back when the child that it was making has been deleted under it.

A fork that stalled writes on after that. What it has written names the life of the child, so that
only this is taken back, and nothing of another child with the same id.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from s3sessions.codec import STAMP, load_document
from s3sessions.dao.origin import FORK
from s3sessions.dao.original import Original
from s3sessions.dao.paging import pages
from s3sessions.dao.scope import Scope
from s3sessions.errors import (
    AccessDenied,
    CorruptObject,
    NotFound,
    PreconditionFailed,
    UnsupportedVersion,
)
from s3sessions.keys import SessionKeys
from s3sessions.ports import Blob


async def sweep(scope: Scope, child: SessionKeys, life: str) -> None:
    """Delete what a fork has written of this life of the child.

    Requests: 1 LIST for each 1,000 objects, 1 GET for each, 1 DELETE for each that goes, and 1 PUT
    for each message of which that is refused.
    """
    async for page in pages(scope.store, child.agents):
        calls = [partial(_take_back, scope, entry.key, life) for entry in page.entries]
        await scope.store.fan_out(calls)


async def _take_back(scope: Scope, key: str, life: str) -> None:
    # Gone, changed by others, or nothing that a fork has written.
    with suppress(NotFound, PreconditionFailed, CorruptObject, UnsupportedVersion):
        blob = await scope.store.get(key)
        stamp = load_document(key, blob.data).get(STAMP, {})
        if life not in (stamp.get(FORK), stamp.get("life")):
            return
        try:
            await scope.store.delete(key, only_if=blob.etag)
        except AccessDenied:
            await _void(scope, key, blob)


async def _void(scope: Scope, key: str, blob: Blob) -> None:
    """Take the content of a message away where who writes may not delete."""
    place = scope.root.parse(key)
    if place is None or place.index is None:
        return
    original = Original.of(key, place.index, blob.data, etag=blob.etag)
    await scope.put(key, original.voided(scope.now()), blob.etag)
