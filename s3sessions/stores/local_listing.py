"""Which keys a list of a folder shows: in byte order, walking only where the page lies."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator
from dataclasses import dataclass

from s3sessions.errors import InvalidSettings
from s3sessions.ports import Entry, Page
from s3sessions.stores.local_files import modified_of
from s3sessions.stores.local_paths import RESERVED, is_name, link_in, refuse_no_folder
from s3sessions.stores.local_workspace import etag_of

__all__ = ["list_page"]


def list_page(
    root: bytes, prefix: str, *, delimiter: str | None, token: str | None, limit: int
) -> Page:
    """List one page of the files below the root whose keys begin with `prefix`.

    Raises:
        InvalidSettings: the root is a file, the delimiter no slash, or the limit below 1.
    """
    if delimiter not in (None, "/") or limit < 1:
        raise InvalidSettings("a list takes the delimiter '/' or None, and a limit of at least 1")
    refuse_no_folder(root)
    begin = prefix.encode("utf-8", "surrogatepass")
    after = b"" if token is None else token.encode("utf-8", "surrogatepass")
    base, _, _ = begin.rpartition(b"/")
    is_behind = after[: len(begin)] > begin
    if is_behind or (base and not _is_walkable(root, base)):
        return Page([], [], None)
    walk = _Walk(root, begin, after, rolled_up=delimiter is not None)
    return _page(walk.below(base + b"/" if base else b""), limit)


def _is_walkable(root: bytes, base: bytes) -> bool:
    """Tell whether keys can lie below `base`: it leads nowhere else, and is not the store's own."""
    segments = base.split(b"/")
    if segments[0] == RESERVED or not all(is_name(segment) for segment in segments):
        return False
    return link_in(root, os.path.join(root, base)) is None


@dataclass(frozen=True, slots=True)
class _Found:
    """A key on the walk; without an entry it is a common prefix."""

    key: str
    entry: os.DirEntry[bytes] | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk over the keys that begin with `begin` and lie behind `after`, in byte order.

    A folder sorts as its name and a slash, so that the order is that of the whole keys.
    """

    root: bytes
    begin: bytes
    after: bytes
    rolled_up: bool

    def below(self, base: bytes) -> Iterator[_Found]:
        """Walk the keys that begin with `base`, a folder's; what lies before the token is passed.

        Names come off a heap: a page takes a thousand of them, however many there are.
        """
        ahead = self._ahead(base)
        names = list(ahead)
        heapq.heapify(names)
        while names:
            name = heapq.heappop(names)
            key = _text(base + name)
            if key is None:
                continue
            if not name.endswith(b"/"):
                yield _Found(key, ahead[name])
            elif not self.rolled_up:
                yield from self.below(base + name)
            elif _holds_object(ahead[name].path):
                yield _Found(key, None)

    def _ahead(self, base: bytes) -> dict[bytes, os.DirEntry[bytes]]:
        """Find what the walk meets in a folder by its name, a folder's with a slash behind it."""
        begin, after = _relative(self.begin, base), _relative(self.after, base)
        ahead = {}
        for entry in _scan(os.path.join(self.root, base)):
            name = entry.name
            if name < after and not after.startswith(name):
                continue  # asked first, as most of a large folder ends here
            if entry.is_dir(follow_symlinks=False):
                name += b"/"
                # What the token's own folder holds may lie behind the token.
                is_ahead = name > after or (after.startswith(name) and not self.rolled_up)
            else:
                is_ahead = name > after and entry.is_file(follow_symlinks=False)
            if is_ahead and name.startswith(begin):
                ahead[name] = entry
        if not base:
            ahead.pop(RESERVED + b"/", None)
        return ahead


def _relative(text: bytes, base: bytes) -> bytes:
    """Cut `base` off; of a text that does not begin so, nothing bears on what lies below it."""
    return text[len(base) :] if text.startswith(base) else b""


def _scan(folder: bytes) -> list[os.DirEntry[bytes]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _holds_object(folder: bytes) -> bool:
    """Tell whether any file lies below: an empty folder, left by a deletion, is no prefix."""
    entries = _scan(folder)
    if any(entry.is_file(follow_symlinks=False) and _text(entry.name) for entry in entries):
        return True
    return any(
        entry.is_dir(follow_symlinks=False) and _holds_object(entry.path) for entry in entries
    )


def _text(name: bytes) -> str | None:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _page(walk: Iterator[_Found], limit: int) -> Page:
    entries: list[Entry] = []
    prefixes: list[str] = []
    last: str | None = None
    for found in walk:
        if len(entries) + len(prefixes) == limit:
            return Page(entries, prefixes, last)
        if found.entry is None:
            prefixes.append(found.key)
        elif (entry := _entry(found.key, found.entry)) is not None:
            entries.append(entry)
        else:
            continue
        last = found.key
    return Page(entries, prefixes, None)


def _entry(key: str, found: os.DirEntry[bytes]) -> Entry | None:
    try:
        state = found.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return Entry(key, state.st_size, etag_of(state), modified_of(state))
