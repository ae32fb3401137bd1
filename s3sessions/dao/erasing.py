"""Erasing: deleting what a list showed, each object only as it was listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TypeAlias

from s3sessions.dao.scope import Scope
from s3sessions.errors import PartialDelete, S3SessionsError
from s3sessions.ports import DELETE_LIMIT, Entry, Target

Fate: TypeAlias = tuple[Entry, S3SessionsError | None]
"""What was to go, and why it has not; None where it is gone."""


async def delete_listed(scope: Scope, gone: Sequence[Entry]) -> list[Fate]:
    """Delete by etag; give for each whether it went, or why not.

    Requests: 1 DeleteObjects for each 1,000, at once.
    """
    chunks = in_chunks(gone, DELETE_LIMIT)
    fates = await scope.store.fan_out([partial(delete_chunk, scope, chunk) for chunk in chunks])
    return list(chain.from_iterable(fates))


async def delete_chunk(scope: Scope, chunk: Sequence[Entry]) -> list[Fate]:
    """Do so with at most `DELETE_LIMIT` objects. Requests: 1 DeleteObjects."""
    targets = [Target(entry.key, entry.etag) for entry in chunk]
    outcomes = await scope.store.delete_many(targets)
    return [(entry, outcome.error) for entry, outcome in zip(chunk, outcomes, strict=True)]


def in_chunks(gone: Sequence[Entry], size: int) -> list[Sequence[Entry]]:
    """Part what is to go, `size` at a time."""
    return [gone[at : at + size] for at in range(0, len(gone), size)]


def partial_delete(text: str, errors: Mapping[str, S3SessionsError]) -> PartialDelete:
    """Make the error that names what is left, by key, with the reason of each."""
    key, error = next(iter(errors.items()))
    left = [(key, str(error)) for key, error in errors.items()]
    return PartialDelete(text, key=key, cause=error, left=left)
