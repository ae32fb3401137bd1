"""What a bucket keeps beside its objects: versions, delete markers and unfinished uploads."""

from __future__ import annotations

from s3sessions.versions import AsyncVersions, Upload, Version


async def all_versions(versions: AsyncVersions, prefix: str) -> list[Version]:
    """List every version and marker under a prefix. Requests: one for each 1,000."""
    listed: list[Version] = []
    token: str | None = None
    while True:
        page = await versions.list_versions(prefix, token=token)
        listed += page.versions
        token = page.token
        if token is None:
            return listed


async def all_uploads(versions: AsyncVersions, prefix: str) -> list[Upload]:
    """List every unfinished upload under a prefix. Requests: one for each 1,000."""
    listed: list[Upload] = []
    token: str | None = None
    while True:
        page = await versions.list_uploads(prefix, token=token)
        listed += page.uploads
        token = page.token
        if token is None:
            return listed
