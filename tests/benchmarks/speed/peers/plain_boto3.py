"""What one writes with boto3 and a pool of threads: plain loops, the client's own defaults."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from tests.benchmarks.speed.peer import (
    LAST,
    OBJECT,
    PARALLEL,
    WORKERS,
    Act,
    Place,
    folder_of,
    key_of,
    message,
)


class PlainBoto3:
    """One client, and a thread for each connection of it."""

    def __init__(self, place: Place) -> None:
        self._bucket = place.bucket
        self._client = boto3.client(
            "s3", endpoint_url=place.endpoint_url, config=Config(max_pool_connections=WORKERS)
        )
        self._pool = ThreadPoolExecutor(WORKERS)
        self._few = ThreadPoolExecutor(PARALLEL)

    def append(self, session: str, size: int) -> Act:
        def act() -> list[Any]:
            nonlocal size
            size += 1
            body = json.dumps({"message": message(size)}).encode()
            return [self._put(key_of(session, size), body)]

        return act

    def get(self, count: int) -> Act:
        keys = [key_of("objects", n) for n in range(count)]
        for key in keys:
            self._put(key, OBJECT)
        return lambda: list(self._few.map(self._body, keys))

    def put(self, count: int) -> Act:
        keys = [key_of("objects", n) for n in range(count)]
        return lambda: list(self._few.map(lambda key: self._put(key, OBJECT), keys))

    def pages(self, session: str) -> Act:
        return lambda: self._keys(session)

    def restore(self, session: str) -> Act:
        return lambda: list(self._pool.map(self._get, self._keys(session)))

    def last(self, session: str, size: int) -> Act:
        def act() -> list[Any]:
            numbered = sorted(self._keys(session), key=lambda key: int(key[:-5].split("_")[-1]))
            return list(self._pool.map(self._get, numbered[-LAST:]))

        return act

    def delete(self, session: str) -> Act:
        def act() -> list[str]:
            keys = self._keys(session)
            for start in range(0, len(keys), 1000):
                targets = [{"Key": key} for key in keys[start : start + 1000]]
                self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": targets, "Quiet": True}
                )
            return keys

        return act

    def _put(self, key: str, body: bytes) -> Any:
        return self._client.put_object(
            Bucket=self._bucket, Key=key, Body=body, ContentType="application/json"
        )

    def _body(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body

    def _get(self, key: str) -> Any:
        return json.loads(self._body(key))

    def _keys(self, session: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder_of(session)
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
