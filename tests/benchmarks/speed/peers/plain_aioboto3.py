"""What one writes with aioboto3 and a number of tasks: plain loops, the client's own defaults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterator
from typing import Any

import aioboto3
from botocore.config import Config

from tests.benchmarks.speed.peer import LAST, WORKERS, Act, Place, folder_of, key_of, message


class PlainAioboto3:
    """One client on one event loop."""

    def __init__(self, place: Place) -> None:
        self._bucket = place.bucket
        self._runner = asyncio.Runner()
        session = aioboto3.Session()
        self._client: Any = self._runner.run(
            session.client(
                "s3", endpoint_url=place.endpoint_url, config=Config(max_pool_connections=WORKERS)
            ).__aenter__()
        )

    def append(self, session: str, size: int) -> Act:
        def act() -> list[Any]:
            nonlocal size
            size += 1
            return [self._runner.run(self._put(key_of(session, size)))]

        return act

    def restore(self, session: str) -> Act:
        async def read() -> list[Any]:
            return await self._get_all(await self._keys(session))

        return lambda: self._runner.run(read())

    def last(self, session: str, size: int) -> Act:
        async def read() -> list[Any]:
            keys = await self._keys(session)
            numbered = sorted(keys, key=lambda key: int(key[:-5].split("_")[-1]))
            return await self._get_all(numbered[-LAST:])

        return lambda: self._runner.run(read())

    def close(self) -> None:
        self._runner.run(self._client.__aexit__(None, None, None))
        self._runner.close()

    async def _put(self, key: str) -> Any:
        body = json.dumps({"message": message(key)}).encode()
        return await self._client.put_object(
            Bucket=self._bucket, Key=key, Body=body, ContentType="application/json"
        )

    async def _get_all(self, keys: list[str]) -> list[Any]:
        found: dict[str, Any] = {}
        waiting: Iterator[str] = iter(keys)

        async def work() -> None:
            for key in waiting:
                answer = await self._client.get_object(Bucket=self._bucket, Key=key)
                found[key] = json.loads(await answer["Body"].read())

        workers: list[Coroutine[Any, Any, None]] = [work() for _ in range(WORKERS)]
        await asyncio.gather(*workers)
        return [found[key] for key in keys]

    async def _keys(self, session: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder_of(session)
        )
        return [entry["Key"] async for page in pages for entry in page.get("Contents", [])]
