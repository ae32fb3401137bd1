"""Finding sessions of other programs: in a file, in a folder and all below it, or in a store.

Files are taken for what is in them. Links are not followed, and what a migration has put away is
not seen again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

from s3sessions.errors import InvalidMessage
from s3sessions.export.importing import Failure
from s3sessions.export.lines import UnreadableFile
from s3sessions.keys import Root
from s3sessions.migration import claude_code, picoclaw, session_file, strands
from s3sessions.migration.claude_code import Head
from s3sessions.migration.formats import LINES, Format, document_format
from s3sessions.migration.records import read_object
from s3sessions.migration.report import Skipped
from s3sessions.migration.sources import Source, is_put_away
from s3sessions.stores.local import LocalStore
from s3sessions.sync import Sessions

__all__ = ["Find", "Folder", "find_stored"]

Find: TypeAlias = Source | Skipped | Failure

_DOCUMENT: Final = ".json"
_LINES: Final = ".jsonl"
_RESERVED: Final = ".s3sessions"
_UNKNOWN: Final = "no session of a known format"


def find_stored(sessions: Sessions) -> Iterator[Find]:
    """Find the sessions of a store in the layout of Strands. Requests: 1 LIST for each 1,000."""
    for ref in sessions.list():
        name = Root(sessions.prefix).session(ref.id).prefix
        yield Source(name, ref.id, (), 1, partial(strands.read_session, sessions, ref.id))


@dataclass(slots=True)
class Folder:
    """A folder, or a single file, and what could be a session in it.

    Attributes:
        format: of all of them; told by what is in them, if not given.
        is_there: whether there was anything when it was looked for.
    """

    path: Path
    format: Format | None
    is_there: bool
    _stored: list[Path] = field(default_factory=list)
    _documents: list[Path] = field(default_factory=list)
    _lines: list[Path] = field(default_factory=list)
    _unreadable: list[OSError] = field(default_factory=list)
    _opened: dict[Path, Sessions] = field(default_factory=dict)

    @classmethod
    def walk(cls, path: Path, format: Format | None) -> Folder:
        """Look for files and folders by their names; none is opened."""
        folder = cls(path, format, path.exists())
        if path.is_dir() and not folder._take_folder(path):
            for parent, names, files in os.walk(path, onerror=folder._unreadable.append):
                at = Path(parent)
                names[:] = [name for name in sorted(names) if not folder._take_folder(at / name)]
                for file in (at / name for name in sorted(files)):
                    if not file.is_symlink():
                        folder._take_file(file)
        elif path.is_file():
            folder._take_file(path, is_named=True)
        return folder

    def leave_out(self, seen: set[Path]) -> None:
        """Leave out what another source has found before, and add the rest to that."""
        for paths in (self._stored, self._documents, self._lines):
            paths[:] = [path for path in paths if path.resolve() not in seen]
            seen.update(path.resolve() for path in paths)

    def close(self) -> None:
        """Give back the threads that read it."""
        for sessions in self._opened.values():
            sessions.close()

    @property
    def parts(self) -> int:
        """How many files and folders are to be looked at."""
        return len(self._stored) + len(self._documents) + len(self._lines)

    def _take_folder(self, path: Path) -> bool:
        """Whether the walk stays out of a folder: a stored session is taken whole."""
        is_stored = path.name.startswith("session_") and (
            (path / "session.json").is_file() or (path / "agents").is_dir()
        )
        if is_stored and not is_put_away(path) and self.format in (None, Format.STRANDS):
            self._stored.append(path)
        return is_stored or path.name == _RESERVED

    def _take_file(self, path: Path, *, is_named: bool = False) -> None:
        if path.name.endswith(picoclaw.META) or is_put_away(path):
            return
        takes_lines = self.format is None or self.format in LINES
        if path.suffix == _DOCUMENT and self.format in (
            *(None, Format.PICOCLAW, Format.SESSION_FILE),
        ):
            self._documents.append(path)
        elif takes_lines and (path.suffix == _LINES or is_named):
            self._lines.append(path)
        elif is_named:
            self._documents.append(path)

    def find(self) -> Iterator[Find]:
        """Open what was found, one after the other, and give each session before the next."""
        if not self.is_there:
            yield Failure(str(self.path), 0, "there is no such file or folder")
        elif is_put_away(self.path) and not self.parts:
            yield Skipped(str(self.path), "it was migrated before")
        elif self.path.name.endswith(picoclaw.META):
            yield Skipped(str(self.path), "it goes with the .jsonl file beside it")
        for error in self._unreadable:
            yield Failure(str(error.filename), 0, f"folder cannot be read: {error.strerror}")
        for path in self._stored:
            yield self._find_stored_session(path)
        for path in self._documents:
            yield from self._find_document(path)
        yield from self._find_lines()

    def _find_stored_session(self, path: Path) -> Find:
        session_id = Root("").session_of(f"{path.name}/")
        if session_id is None:
            return Failure(str(path), 0, "the folder's name is no session's")
        sessions = self._opened.get(path.parent)
        if sessions is None:
            sessions = self._opened[path.parent] = Sessions(store=LocalStore(path.parent))
        read = partial(strands.read_session, sessions, session_id)
        return Source(str(path), session_id, (path,), 1, read)

    def _find_document(self, path: Path) -> Iterator[Find]:
        try:
            document = read_object(path)
        except OSError as error:
            yield Failure(str(path), 0, f"file cannot be read: {error.strerror or error}")
            return
        except InvalidMessage as error:
            yield Failure(str(path), 0, error.message)
            return
        format = self.format or document_format(document)
        if format is None:
            yield Skipped(str(path), _UNKNOWN)
            return
        reader = session_file if format is Format.SESSION_FILE else picoclaw
        lane = str(document.get("session_id") or document.get("key"))
        yield Source(str(path), lane, (path,), 1, partial(reader.read_document, document))

    def _find_lines(self) -> Iterator[Find]:
        logs = _Logs()
        for path in self._lines:
            meta = path.with_suffix(picoclaw.META)
            try:
                if self.format is not Format.CLAUDE_CODE and meta.is_file():
                    yield _find_picoclaw(path, meta)
                elif self.format is Format.PICOCLAW:
                    # Its writer died before the file beside it; what is left is the file's name.
                    yield _picoclaw_source(path, {"key": path.stem}, (path,))
                else:
                    yield from logs.take(path)
            except (OSError, UnreadableFile, InvalidMessage) as error:
                yield Failure(str(path), 0, str(error))
        yield from logs.find()


def _find_picoclaw(path: Path, meta: Path) -> Source:
    # The lines are renamed first: without them nothing is found again, and without the key the
    # session would be another one.
    return _picoclaw_source(path, read_object(meta), (path, meta))


def _picoclaw_source(path: Path, meta: dict[str, Any], paths: tuple[Path, ...]) -> Source:
    read = partial(picoclaw.read_lines, path, meta)
    return Source(str(path), str(meta.get("key")), paths, 1, read)


@dataclass(slots=True)
class _Logs:
    """Files of Claude Code: those that name one session are read together.

    They wait until all were looked at, for any of them can name the title of another.
    """

    paths: dict[str, list[Path]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def take(self, path: Path) -> Iterator[Find]:
        head: Head | None = claude_code.head_of(path)
        if head is None:
            yield Skipped(str(path), _UNKNOWN)
            return
        self.titles |= head.titles
        if head.session_id is None:
            yield Skipped(str(path), "nobody spoke in it")
        else:
            self.paths.setdefault(head.session_id, []).append(path)

    def find(self) -> Iterator[Source]:
        for session_id, paths in self.paths.items():
            read = partial(claude_code.read_files, session_id, paths, self.titles)
            yield Source(str(paths[0]), session_id, paths, len(paths), read)
