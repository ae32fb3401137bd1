"""A store around which things happen, a clock that is set, and what was said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from s3sessions import Sessions
from s3sessions.ports import PAGE_LIMIT, Blob, Condition, Observer, Page
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import FaultyStore, Rule


class EventfulStore(FaultyStore):
    """A store around which things happen.

    Attributes:
        passed_over: ends of keys that the next list does not show, as a list of several pages
            may not, where a page was read before they were there.
        meanwhile: what others do as a request is made; told its verb and key.
    """

    def __init__(self, inner: MemoryStore, *rules: Rule) -> None:
        super().__init__(inner, *rules)
        self.passed_over: tuple[str, ...] = ()
        self.meanwhile: Callable[[str, str], None] | None = None

    def get(self, key: str) -> Blob:
        self._happen("get", key)
        return super().get(key)

    def put(self, key: str, data: bytes, *, only_if: Condition = None) -> str:
        self._happen("put", key)
        return super().put(key, data, only_if=only_if)

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        self._happen("list", prefix)
        page = super().list(
            prefix, delimiter=delimiter, token=token, start_after=start_after, limit=limit
        )
        hidden, self.passed_over = self.passed_over, ()
        return replace(page, entries=[e for e in page.entries if not e.key.endswith(hidden)])

    def sleep(self, seconds: float) -> None:
        """Take no time."""

    def observed(self, observer: Observer) -> EventfulStore:
        return self

    def _happen(self, verb: str, key: str) -> None:
        if self.meanwhile is not None:
            self.meanwhile(verb, key)


class Ticking:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def texts(inner: MemoryStore) -> list[str]:
    """Give the whole history, as a process that comes later reads it."""
    return [payload["text"] for payload in Sessions(store=inner).open("s").restore().payloads]


def said(text: str) -> dict[str, str]:
    return {"text": text}
