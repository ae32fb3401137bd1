"""Pages of lists, cut from the streams that obstore lists with."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from s3sessions.ports import PAGE_LIMIT, Entry, Page

__all__ = ["Chunk", "Held", "Listing", "cut", "entries_of", "of_beside", "token_beside"]

Chunk: TypeAlias = Sequence[Mapping[str, Any]]
"""At most `PAGE_LIMIT` objects, as obstore shows them."""

_MOST_HELD: Final = 32
# No key that obstore can spell begins so, and such keys are the tokens of its lists.
_BESIDE: Final = "\x00"


class Held:
    """The streams of lists that were read to the end of a page, for whoever asks for the next.

    They go on by S3's own token and know, where a page was full, whether there is more. One that
    nobody asks for is let go when others come; the list then goes on behind the last key.
    """

    def __init__(self) -> None:
        self._streams: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def keep(self, prefix: str, token: str, stream: Any) -> None:
        with self._lock:
            self._streams[prefix, token] = stream
            if len(self._streams) > _MOST_HELD:
                del self._streams[next(iter(self._streams))]

    def take(self, prefix: str, token: str | None) -> Any:
        """Give the stream that goes on there, to one caller; None where there is none."""
        if token is None:
            return None
        with self._lock:
            return self._streams.pop((prefix, token), None)


class Listing:
    """One page on its way.

    Attributes:
        stream: where it comes from; a new one for each attempt but for the first of a held one.
        goes_on: whether the stream was held, so that its end costs no request.
    """

    __slots__ = ("_held", "_limit", "_prefix", "_span", "_token", "goes_on", "stream")

    def __init__(
        self,
        held: Held,
        prefix: str,
        token: str | None,
        span: tuple[str | None, str | None],
        limit: int,
    ) -> None:
        self._held = held
        self._prefix = prefix
        self._token = token
        self._span = span
        self._limit = limit
        self.stream: Any = None
        self.goes_on = False

    def begin(self, client: Any) -> Any:
        """Give the stream of this attempt."""
        stream = None if self.stream is not None else self._held.take(self._prefix, self._token)
        self.goes_on = stream is not None
        folder, offset = self._span
        self.stream = stream or client.list(folder, offset=offset, chunk_size=PAGE_LIMIT)
        return self.stream

    def end(self, chunk: Chunk) -> Page | None:
        """Make the page of what came; None where a key may be another than obstore shows."""
        entries = entries_of(chunk)
        if _is_doubtful(entries, self._prefix):
            return None
        page = cut(entries, chunk, self._prefix, self._limit)
        if page.token is not None and page.token == chunk[-1]["path"]:
            self._held.keep(self._prefix, page.token, self.stream)
        return page


def entries_of(chunk: Chunk) -> list[Entry]:
    """Read what obstore shows."""
    return [
        Entry(shown["path"], shown["size"], shown["e_tag"].strip('"'), shown["last_modified"])
        for shown in chunk
    ]


def cut(entries: list[Entry], chunk: Chunk, prefix: str, limit: int) -> Page:
    """Make a page of the entries of a chunk that begin with the prefix, `limit` of them at most."""
    if prefix and not prefix.endswith("/"):
        entries = [entry for entry in entries if entry.key.startswith(prefix)]
    if len(entries) > limit:
        return Page(entries[:limit], (), entries[limit - 1].key)
    if len(chunk) < PAGE_LIMIT or _is_behind(chunk[-1]["path"], prefix):
        return Page(entries, (), None)
    return Page(entries, (), chunk[-1]["path"])


def _is_doubtful(entries: list[Entry], prefix: str) -> bool:
    # obstore takes the slash off the end of a key, and the objects that mark folders, which have no
    # byte, end in one. That of the prefix itself is the first.
    if not all(entry.size for entry in entries):
        return True
    return prefix.endswith("/") and bool(entries) and not entries[0].key.startswith(prefix)


def token_beside(page: Page) -> Page:
    """Mark the token of a page that another store has listed."""
    return page if page.token is None else Page(page.entries, page.prefixes, _BESIDE + page.token)


def of_beside(token: str | None) -> str | None:
    """Give the token of the other store; None for one of ours."""
    return token[1:] if token is not None and token.startswith(_BESIDE) else None


def _is_behind(key: str, prefix: str) -> bool:
    return key > prefix and not key.startswith(prefix)
