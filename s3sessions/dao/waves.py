"""Waves: a long list, read in parts at once.

A wave is what is listed at one time: a single page, or, where the store lists in parts and the
messages of a long history are left, as many pages as they seem to fill. Each part goes on until it
has reached the place where the next one began. So together they show whatever is there all the
time, wherever they were cut, in the order of bytes or of a tree. A list of several pages is no
snapshot, one page after the other or at once: each key is looked at after the list has begun, in no
promised order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from s3sessions.dao.cutting import Numbers, Stretch, merged
from s3sessions.ports import PAGE_LIMIT, AsyncStore, Entry, Page
from s3sessions.record import Record


class Part(Record):
    """What one request is to show the beginning of: what is `after` a key, up to and with `stop`.

    `token` is that of the page which ended with the key; without one the list begins anew there.
    """

    after: str
    stop: str | None
    token: str | None

    def cut(self, keys: Sequence[str]) -> list[Part]:
        """Give the parts of this one that begin behind these keys, and the one before them."""
        bounds = [*keys, self.stop]
        parts = [Part(self.after, bounds[0], self.token)]
        return parts + [Part(key, stop, None) for key, stop in zip(keys, bounds[1:], strict=True)]

    def seen(self, page: Page) -> Stretch:
        """Tell where a page of it has shown all."""
        return self.after, None if page.token is None else self._last(page)

    def behind(self, page: Page) -> Part | None:
        """Give what a page of it has left; None where that reaches the next part."""
        last = self._last(page)
        if page.token is None or (self.stop is not None and _is_past(last, self.stop)):
            return None
        return Part(last, self.stop, page.token)

    def _last(self, page: Page) -> str:
        return page.entries[-1].key if page.entries else self.after


_WHOLE: Final = Part("", None, None)


class Waves:
    """A list of a prefix, read wave by wave.

    Requests: one LIST for each 1,000 keys; of a history past its first page, where the store lists
    in parts, some more, most of them at once: in all not much more than twice as many.

    """

    def __init__(self, store: AsyncStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._parts = [_WHOLE]
        self._in_parts = store.lists_in_parts
        self._numbers: dict[str, Numbers] = {}
        self._seen: list[Stretch] = []
        self._shown: set[str] = set()
        self._longest = 0

    @property
    def page(self) -> int:
        """How many keys a page holds, as far as was seen."""
        return self._longest or PAGE_LIMIT

    @property
    def is_over(self) -> bool:
        """Whether everything was listed."""
        return not self._parts

    async def next(self) -> list[Entry]:
        """List as much as goes out at once; what was shown before is not given again."""
        parts = self._cut() if self._numbers else self._parts
        answered = list(zip(parts, await self._list_all(parts), strict=True))
        self._parts = [rest for part, page in answered if (rest := part.behind(page)) is not None]
        shown = {entry.key: entry for _, page in answered for entry in page.entries}
        new = [entry for key, entry in shown.items() if key not in self._shown]
        if self._parts:
            self._learn(answered, new)
        return new

    async def _list_all(self, parts: Sequence[Part]) -> Sequence[Page]:
        if len(parts) == 1:
            return [await self._list(parts[0])]
        return await self._store.fan_out([partial(self._list, part) for part in parts])

    async def _list(self, part: Part) -> Page:
        if part.token is None and part.after:
            return await self._store.list(self._prefix, start_after=part.after)
        return await self._store.list(self._prefix, token=part.token)

    def _learn(self, answered: Sequence[tuple[Part, Page]], new: Sequence[Entry]) -> None:
        """Take note of what was shown and where, for there is more to come."""
        lengths = [len(page.entries) for _, page in answered if page.token is not None]
        self._longest = max([self._longest, *lengths])
        if not self._in_parts:
            return
        self._shown.update(entry.key for entry in new)
        if not all(_ascends(page) for _, page in answered):
            self._go_on_in_one_part()
            return
        self._seen = merged([*self._seen, *(part.seen(page) for part, page in answered)])
        for entry in new:
            folder, name = _split(entry.key)
            if folder not in self._numbers:
                self._numbers[folder] = Numbers(folder)
            self._numbers[folder].show(name)

    def _go_on_in_one_part(self) -> None:
        """Do without an order that was promised and is not kept: parts can lack something."""
        if self._numbers:
            self._parts = [_WHOLE]
        self._in_parts, self._numbers = False, {}

    def _cut(self) -> list[Part]:
        """Cut what is left into parts that are listed at once."""
        folders: dict[str, list[Part]] = {}
        for part in self._parts:
            folders.setdefault(_split(part.after)[0], []).append(part)
        parts = []
        for folder, left in folders.items():
            stretches = [(part.after, part.stop) for part in left]
            numbers = self._numbers.get(folder) or Numbers(folder)
            cuts = numbers.cuts(stretches, self._seen, self.page)
            parts += [
                each for part, keys in zip(left, cuts, strict=True) for each in part.cut(keys)
            ]
        return parts


def _is_past(key: str, stop: str) -> bool:
    """Tell whether nothing up to `stop` comes behind a key, in the order of bytes or of a tree.

    In a tree a folder comes at its own name, before what begins with that and goes on.
    """
    folder, name = _split(stop)
    if key == stop or not key.startswith(folder):
        return True
    return key[len(folder) :].partition("/")[0] > name


def _ascends(page: Page) -> bool:
    """Tell whether the keys of each folder come in order."""
    return all(
        a.key < b.key or _split(a.key)[0] != _split(b.key)[0] for a, b in pairwise(page.entries)
    )


def _split(key: str) -> tuple[str, str]:
    at = key.rfind("/") + 1
    return key[:at], key[at:]
