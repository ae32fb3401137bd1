"""Erasing: deleting what a list showed, each object only as it was listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from s3sessions.dao.scope import Scope
from s3sessions.errors import PartialDelete, S3SessionsError
from s3sessions.ports import DELETE_LIMIT, Entry, Target


async def delete_listed(
    scope: Scope, gone: Sequence[Entry]
) -> list[tuple[Entry, S3SessionsError | None]]:
    """Delete by etag; give for each whether it went, or why not.

    Requests: 1 DeleteObjects for each 1,000, at once.
    """
    chunks = [gone[at : at + DELETE_LIMIT] for at in range(0, len(gone), DELETE_LIMIT)]
    calls = [
        partial(scope.store.delete_many, [Target(entry.key, entry.etag) for entry in chunk])
        for chunk in chunks
    ]
    results = await scope.store.fan_out(calls)
    errors = {outcome.key: outcome.error for result in results for outcome in result}
    return [(entry, errors[entry.key]) for entry in gone]


def partial_delete(text: str, errors: Mapping[str, S3SessionsError]) -> PartialDelete:
    """Make the error that names what is left, by key, with the reason of each."""
    key, error = next(iter(errors.items()))
    left = [(key, str(error)) for key, error in errors.items()]
    return PartialDelete(text, key=key, cause=error, left=left)
