"""Migrate: find the sessions of other programs, store them, read them back, put the source away.

What cannot be migrated is reported and passed over; an error of the store as a whole stops the
migration, and running it again goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Final, TypeAlias

from s3sessions.errors import InvalidSettings
from s3sessions.export.importing import Failure, Renaming
from s3sessions.export.parallel import in_lanes
from s3sessions.location import Location
from s3sessions.migration.discovery import Find, Folder, find_stored
from s3sessions.migration.formats import Format
from s3sessions.migration.moving import Mover, Outcome, ShouldStore
from s3sessions.migration.report import Migrated, MigrationProgress, MigrationReport, Skipped
from s3sessions.migration.sources import Source
from s3sessions.sync import Sessions

__all__ = ["migrate"]

Place: TypeAlias = str | PathLike[str] | Sessions

_LONGEST_REASON: Final = 300


def migrate(
    source: Place | Iterable[Place],
    sessions: Sessions,
    *,
    format: Format | str | None = None,
    keep: bool = False,
    should_store: ShouldStore | None = None,
    width: int = 16,
    on_progress: Callable[[MigrationProgress], object] | None = None,
) -> MigrationReport:
    """Bring sessions of other programs into sessions of ours, with their ids and times.

    A source is a file, or a folder with all below it, in which sessions are found by what is in
    them (see `Format`); or a URL or another `Sessions`, where they are in the layout of Strands.
    What a session is there it is here: messages as they are, agents, state, summary, usage, title,
    model; further fields are its metadata. A message without a time gets the session's last one.

    Migrating twice changes nothing; a migration that was cut off is run again and ends with the
    same objects. Another conversation is never written over: where an agent holds one already,
    this one is stored as `<agent id>~2`, `~3` … Each session is read back and compared; then, and
    never before, its local source is renamed to `….migrated`. No source is deleted or changed, and
    one in a store is not touched at all.

    Requests: for each agent of a new session 1 LIST, 1 GET and 1 PUT for each message and document,
    and a whole restore; of one that is there already, 1 LIST and 3 GET and a whole restore; 1 GET
    and 1 LIST for each folder that is renamed. Memory holds twice `width` sessions.

    Args:
        source: where from; one or several.
        sessions: where to.
        format: of all files, instead of what is in them.
        keep: rename nothing.
        should_store: says of each message whether it is stored; all are, if not given.
        width: sessions at a time.
        on_progress: told from the calling thread after each session.

    Raises:
        InvalidSettings: a format, a URL or a width that cannot be; a source that is the place
            where it would go.
        AccessDenied, StoreUnavailable: one of the stores cannot be read or written.
        MissingExtra: a zstd file, and zstandard is not installed.
    """
    if width < 1:
        raise InvalidSettings(f"width={width!r}: must be a number of at least 1")
    given = [source] if isinstance(source, str | PathLike | Sessions) else list(source)
    mover, stop = Mover(sessions, should_store, keep=keep), threading.Event()
    with closing(_Migration(_format(format), mover.move)) as run:
        run.look(given)
        with closing(in_lanes(run.calls(stop), width=width, stop=stop)) as outcomes:
            for outcome in outcomes:
                run.add(outcome)
                if on_progress is not None:
                    on_progress(run.progress())
        return run.report()


def _format(name: Format | str | None) -> Format | None:
    try:
        return None if name is None else Format(name)
    except ValueError as error:
        names = ", ".join(Format)
        raise InvalidSettings(f"format is {name!r}: it is one of {names}") from error


@dataclass(slots=True)
class _Migration:
    """One migration: its sources, and what was counted so far. Lives in the calling thread."""

    format: Format | None
    move: Callable[[Source, threading.Event], Outcome]
    places: list[Folder | Sessions] = field(default_factory=list)
    opened: list[Sessions] = field(default_factory=list)
    done: int = 0
    written: int = 0
    migrated: list[Migrated] = field(default_factory=list)
    unchanged: list[Migrated] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    damaged: list[Failure] = field(default_factory=list)
    renamed: list[Renaming] = field(default_factory=list)

    def look(self, given: Iterable[Place]) -> None:
        """Look at what there is. Raises InvalidSettings for a URL that is none."""
        seen: set[Path] = set()
        for place in given:
            if isinstance(place, Sessions):
                self._add_store(place)
            elif isinstance(path := _path_of(place), Path):
                folder = Folder.walk(path, self.format)
                folder.leave_out(seen)
                self.places.append(folder)
            else:
                self.opened.append(Sessions(path))
                self._add_store(self.opened[-1])

    def _add_store(self, sessions: Sessions) -> None:
        if self.format not in (None, Format.STRANDS):
            raise InvalidSettings(f"a store holds the layout of Strands, not {self.format}")
        self.places.append(sessions)

    def close(self) -> None:
        """Give back the connections and threads that the sources have taken."""
        for sessions in self.opened:
            sessions.close()
        for place in self.places:
            if isinstance(place, Folder):
                place.close()

    def calls(self, stop: threading.Event) -> Iterator[tuple[str, Callable[[], Outcome]]]:
        """Give each session as a call; those of one id go in one lane."""
        for place in self.places:
            finds = place.find() if isinstance(place, Folder) else find_stored(place)
            for find in finds:
                if isinstance(find, Source):
                    yield find.lane, partial(self.move, find, stop)
                else:
                    self._pass_over(find)

    def _pass_over(self, find: Find) -> None:
        self.done += 1
        if isinstance(find, Skipped):
            self.skipped.append(find)
        elif isinstance(find, Failure):
            self.failed.append(find._replace(reason=find.reason[:_LONGEST_REASON]))

    def add(self, outcome: Outcome) -> None:
        name = outcome.source.name
        self.done += outcome.source.parts
        self.written += outcome.written
        self.damaged += (
            Failure(damage.file or name, damage.line, damage.reason) for damage in outcome.damaged
        )
        self.renamed += outcome.renamed
        if outcome.error is not None:
            self.failed.append(Failure(name, 0, outcome.error[:_LONGEST_REASON]))
        elif outcome.skipped is not None:
            self.skipped.append(Skipped(name, outcome.skipped))
        elif outcome.migrated is not None:
            (self.migrated if outcome.is_changed else self.unchanged).append(outcome.migrated)

    def progress(self) -> MigrationProgress:
        folders = [place for place in self.places if isinstance(place, Folder)]
        return MigrationProgress(
            sessions=len(self.migrated) + len(self.unchanged),
            written=self.written,
            done=self.done,
            total=sum(f.parts for f in folders) if len(folders) == len(self.places) else None,
        )

    def report(self) -> MigrationReport:
        stored = self.migrated + self.unchanged
        return MigrationReport(
            migrated=tuple(sorted(self.migrated)),
            unchanged=tuple(sorted(self.unchanged)),
            skipped=tuple(sorted(self.skipped)),
            failed=tuple(sorted(self.failed)),
            damaged=tuple(sorted(self.damaged)),
            renamed=tuple(sorted(self.renamed)),
            messages=sum(session.messages for session in stored),
            written=self.written,
        )


def _path_of(place: str | PathLike[str]) -> Path | str:
    """Give a path, or a URL that is none; a folder is a path however it is spelled."""
    if not isinstance(place, str) or "://" not in place:
        return Path(place)
    location = Location.parse(place)
    return Path(location.place) if location.scheme == "file" else place
