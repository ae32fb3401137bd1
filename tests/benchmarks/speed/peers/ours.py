"""s3sessions in blocking code, on either transport."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, ClassVar, Final, Literal

from s3sessions import Sessions
from s3sessions.ports import SyncStore
from tests.benchmarks.speed.peer import (
    LAST,
    OBJECT,
    PARALLEL,
    Act,
    Place,
    folder_of,
    key_of,
    message,
)

HOURS: Final = 3 * 3600


class Ours:
    """`Sessions` with its default settings but for the transport."""

    transport: ClassVar[Literal["boto3", "object_store"]]

    def __init__(self, place: Place) -> None:
        self._place = place
        self._sessions = self._open()

    def begin(self, session: str) -> Act:
        return lambda: [self._sessions.open(session).append(message(0))]

    def append(self, session: str, size: int) -> Act:
        chat = self._sessions.open(session)
        chat.append(message(size))
        return lambda: [chat.append(message(size))]

    def get(self, count: int) -> Act:
        store = self._port(width=PARALLEL)
        keys = [key_of("objects", n) for n in range(count)]
        store.fan_out([partial(store.put, key, OBJECT) for key in keys])
        return lambda: store.fan_out([partial(store.get, key) for key in keys])

    def put(self, count: int) -> Act:
        store = self._port(width=PARALLEL)
        keys = [key_of("objects", n) for n in range(count)]
        return lambda: store.fan_out([partial(store.put, key, OBJECT) for key in keys])

    def pages(self, session: str) -> Act:
        store = self._port()
        # The client is made at the first request, plain boto3's before.
        store.list(folder_of(session), limit=1)

        def act() -> list[Any]:
            entries: list[Any] = []
            token = None
            while True:
                page = store.list(folder_of(session), token=token)
                entries += page.entries
                token = page.token
                if token is None:
                    return entries

        return act

    def restore(self, session: str) -> Act:
        return lambda: self._sessions.open(session).restore().messages

    def last(self, session: str, size: int) -> Act:
        return lambda: self._sessions.open(session).restore(last=LAST).messages

    def pack(self, session: str) -> Act:
        def act() -> list[Any]:
            self._sessions.open(session).compact(pack=True, min_age=0)
            # Segments are joined to large ones once nobody can create them again: hours later.
            with self._open(clock=lambda: time.time() + HOURS) as later:
                later.open(session).compact(pack=True, min_age=0)
            return []

        return act

    def delete(self, session: str) -> Act:
        def act() -> list[Any]:
            self._sessions.delete(session)
            return []

        return act

    def _port(self, **options: Any) -> SyncStore:
        """Give what all else stands on, to measure single requests."""
        return self._open(**options)._store

    def _open(self, **options: Any) -> Sessions:
        url, endpoint_url = f"s3://{self._place.bucket}", self._place.endpoint_url
        options["transport"] = self.transport
        return Sessions(url, endpoint_url=endpoint_url, **options)


class OnBoto3(Ours):
    transport = "boto3"


class OnObstore(Ours):
    transport = "object_store"
