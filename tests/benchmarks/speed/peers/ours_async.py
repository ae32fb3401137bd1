"""s3sessions in async code, on either transport."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

from s3sessions import AsyncSessions
from tests.benchmarks.speed.peer import LAST, Act, Place, message


class Ours:
    """`AsyncSessions` with its default settings but for the transport, on one event loop."""

    transport: ClassVar[Literal["boto3", "object_store"]]

    def __init__(self, place: Place) -> None:
        options: Any = {"transport": self.transport}
        self._sessions = AsyncSessions(
            f"s3://{place.bucket}", endpoint_url=place.endpoint_url, **options
        )
        self._runner = asyncio.Runner()

    def append(self, session: str, size: int) -> Act:
        chat = self._sessions.open(session)
        self._runner.run(chat.append(message(size)))
        return lambda: [self._runner.run(chat.append(message(size)))]

    def restore(self, session: str) -> Act:
        chat = self._sessions.open(session)
        return lambda: self._runner.run(chat.restore()).messages

    def last(self, session: str, size: int) -> Act:
        chat = self._sessions.open(session)
        return lambda: self._runner.run(chat.restore(last=LAST)).messages

    def delete(self, session: str) -> Act:
        def act() -> list[Any]:
            self._runner.run(self._sessions.delete(session))
            return []

        return act

    def close(self) -> None:
        self._runner.run(self._sessions.close())
        self._runner.close()


class OnAioboto3(Ours):
    transport = "boto3"


class OnObstore(Ours):
    transport = "object_store"
