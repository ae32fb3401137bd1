"""openai-agents' SQLiteSession on a local disk: what one has without S3."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from agents import SQLiteSession

from tests.benchmarks.speed.peer import LAST, Act, Place, message


class OpenAISqlite:
    """One file for all sessions, on one event loop."""

    def __init__(self, place: Place) -> None:
        self._path = Path(place.folder) / "sessions.sqlite"
        self._runner = asyncio.Runner()

    def fill(self, session: str, size: int) -> Act:
        store = self._session(session)
        items: list[Any] = [message(number) for number in range(size)]
        return lambda: [self._runner.run(store.add_items(items))]

    def append(self, session: str, size: int) -> Act:
        store = self._session(session)
        item: Any = message(size)
        return lambda: [self._runner.run(store.add_items([item]))]

    def restore(self, session: str) -> Act:
        store = self._session(session)
        return lambda: self._runner.run(store.get_items())

    def last(self, session: str, size: int) -> Act:
        store = self._session(session)
        return lambda: self._runner.run(store.get_items(LAST))

    def delete(self, session: str) -> Act:
        store = self._session(session)

        def act() -> list[Any]:
            self._runner.run(store.clear_session())
            return []

        return act

    def _session(self, session: str) -> SQLiteSession:
        return SQLiteSession(session, self._path)
