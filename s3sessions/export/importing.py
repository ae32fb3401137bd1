"""Import: files of conversations into sessions, several conversations at a time.

A line that cannot be imported is reported and passed over; an error of the store as a whole stops
the import, and running it again goes on from there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from s3sessions.errors import (
    AccessDenied,
    InvalidSettings,
    MissingExtra,
    S3SessionsError,
    StoreUnavailable,
)
from s3sessions.export.conversation import Conversation
from s3sessions.export.lines import InputFile, UnreadableFile
from s3sessions.export.parallel import in_lanes
from s3sessions.export.resume import Placement

if TYPE_CHECKING:
    from s3sessions.sync import Sessions

__all__ = ["Failure", "ImportProgress", "ImportReport", "Renaming", "import_conversations"]

_STOPPING: Final = (AccessDenied, InvalidSettings, MissingExtra, StoreUnavailable)
_LONGEST_REASON: Final = 300


class Failure(NamedTuple):
    """A line that was not imported; line 0 where the file could not be opened."""

    file: str
    line: int
    reason: str


class Renaming(NamedTuple):
    """A conversation whose agent id another conversation of the session held already."""

    session_id: str
    agent_id: str
    stored_as: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    Attributes:
        files: files that were given.
        conversations: lines, bad ones too.
        imported: conversations of which messages were written.
        unchanged: conversations that were there already.
        skipped_empty: conversations without a message; a session nobody speaks in never exists.
        renamed: conversations that went to another agent id, in the order of the files.
        messages: messages of all conversations that are stored now.
        written: messages that this import wrote.
        failures: lines and files that could not be imported, in the order of the files.
    """

    files: int
    conversations: int
    imported: int
    unchanged: int
    skipped_empty: int
    renamed: tuple[Renaming, ...]
    messages: int
    written: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import has come.

    Attributes:
        conversations: lines that are done.
        written: messages that were written.
        bytes_read: of the files, as they are stored.
        bytes_total: likewise; None where a file does not know its size (a pipe).
    """

    conversations: int
    written: int
    bytes_read: int
    bytes_total: int | None


def import_conversations(
    sessions: Sessions,
    paths: Iterable[str | PathLike[str]],
    *,
    session_id_field: str | None = None,
    width: int = 16,
    on_progress: Callable[[ImportProgress], object] | None = None,
) -> ImportReport:
    """Import files of conversations, one JSON object a line: `{"id": …, "messages": […], …}`.

    The session id is the field `session_id`, or `id`; the agent id is `agent_id`, or `default`.
    Lines that share a session id are agents of one session. Fields that are not ours become the
    agent's metadata, and `created_at` the session's. Importing twice changes nothing; an import
    that was cut off is run again and ends with the same objects. Where an agent holds another
    conversation already, this one is stored as `<agent id>~2`, `~3` …

    Requests: for a new conversation 1 LIST, 1 GET and 1 PUT for each message and document; for
    one that is there already 1 LIST and 3 GET. Memory holds twice `width` conversations.

    Args:
        sessions: where to.
        paths: files, plain or compressed by gzip or zstd; `-` is standard input.
        session_id_field: the field that is the session id; a line without it is bad.
        width: conversations at a time.
        on_progress: told from the calling thread after each conversation.

    Raises:
        AccessDenied, InvalidSettings, StoreUnavailable: the store cannot be written to.
        MissingExtra: a zstd file, and zstandard is not installed.
    """
    if width < 1:
        raise InvalidSettings(f"width={width!r}: must be a number of at least 1")
    run = _Import(sessions, [InputFile(path) for path in paths], session_id_field)
    stop = threading.Event()
    with closing(in_lanes(run.calls(stop), width=width, stop=stop)) as outcomes:
        for outcome in outcomes:
            run.add(outcome)
            if on_progress is not None:
                on_progress(run.progress())
    return run.report()


_Place: TypeAlias = tuple[int, int]
"""Number of the file and of the line in it."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one line."""

    place: _Place
    messages: int = 0
    written: int = 0
    renamed: Renaming | None = None
    error: str | None = None


@dataclass(slots=True)
class _Import:
    """One import: its files, and what was counted so far. Lives in the calling thread alone."""

    sessions: Sessions
    files: list[InputFile]
    session_id_field: str | None
    conversations: int = 0
    imported: int = 0
    unchanged: int = 0
    skipped_empty: int = 0
    messages: int = 0
    written: int = 0
    renamed: list[tuple[_Place, Renaming]] = field(default_factory=list)
    failures: list[tuple[_Place, str]] = field(default_factory=list)

    def calls(self, stop: threading.Event) -> Iterator[tuple[str, Callable[[], _Outcome]]]:
        """Give each conversation as a call; those of one session go in one lane."""
        for number, file in enumerate(self.files):
            try:
                for line in file.lines():
                    place = (number, file.lines_read)
                    conversation = self._parse(place, line)
                    if conversation is not None:
                        call = partial(_import_one, self.sessions, place, conversation, stop)
                        yield conversation.session_id, call
            except UnreadableFile as error:
                self._fail((number, file.lines_read + 1 if file.bytes_read else 0), error)

    def _parse(self, place: _Place, line: bytes) -> Conversation | None:
        try:
            conversation = Conversation.parse(line, session_id_field=self.session_id_field)
        except S3SessionsError as error:
            self.conversations += 1
            self._fail(place, error)
            return None
        if not conversation.messages:
            self.conversations += 1
            self.skipped_empty += 1
            return None
        return conversation

    def add(self, outcome: _Outcome) -> None:
        self.conversations += 1
        self.written += outcome.written
        if outcome.error is not None:
            self._fail(outcome.place, outcome.error)
            return
        self.messages += outcome.messages
        self.imported += outcome.written > 0
        self.unchanged += outcome.written == 0
        if outcome.renamed is not None:
            self.renamed.append((outcome.place, outcome.renamed))

    def _fail(self, place: _Place, reason: object) -> None:
        self.failures.append((place, f"{reason!s:.{_LONGEST_REASON}}"))

    def progress(self) -> ImportProgress:
        sizes = [file.size for file in self.files if file.size is not None]
        return ImportProgress(
            conversations=self.conversations,
            written=self.written,
            bytes_read=sum(file.bytes_read for file in self.files),
            bytes_total=sum(sizes) if len(sizes) == len(self.files) else None,
        )

    def report(self) -> ImportReport:
        return ImportReport(
            files=len(self.files),
            conversations=self.conversations,
            imported=self.imported,
            unchanged=self.unchanged,
            skipped_empty=self.skipped_empty,
            renamed=tuple(renaming for _, renaming in sorted(self.renamed)),
            messages=self.messages,
            written=self.written,
            failures=tuple(
                Failure(self.files[number].name, line, reason)
                for (number, line), reason in sorted(self.failures)
            ),
        )


def _import_one(
    sessions: Sessions, place: _Place, conversation: Conversation, stop: threading.Event
) -> _Outcome:
    """Store one conversation; only what concerns the whole store is raised."""
    placement = Placement(sessions, conversation, stop)
    try:
        placement.run()
    except _STOPPING:
        raise
    except S3SessionsError as error:
        return _Outcome(place, written=placement.written, error=str(error))
    renamed = None
    if placement.agent_id != conversation.agent_id:
        renamed = Renaming(conversation.session_id, conversation.agent_id, placement.agent_id)
    return _Outcome(place, len(conversation.messages), placement.written, renamed)
