"""Export for people: a folder with a Markdown file for each conversation."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from s3sessions.converters import to_markdown
from s3sessions.export.files import open_whole
from s3sessions.export.reports import ExportReport
from s3sessions.export.run import Follow, Rendering, run_export

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History
    from s3sessions.sync import Sessions

__all__ = ["export_markdown"]

_UNSAFE: Final = re.compile(r"^\.|[^\w.@+=~-]")
_LONGEST_NAME: Final = 200
"""Bytes of a file name before `.md`; file systems take 255."""


def export_markdown(
    sessions: Sessions,
    folder: str | os.PathLike[str],
    *,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Follow | None = None,
) -> ExportReport:
    """Write each conversation as a Markdown file of a folder; see `converters.to_markdown`.

    A file is named by its session, and by its agent unless that is `default`: `order-42.md`,
    `order-42,reviewer.md`. What a file name cannot hold stands there as `%XX`; a very long name is
    cut, with a hash. Each file appears whole, and takes the place of one of that name. Other
    arguments, requests, memory and errors: as `export_conversations`.

    Args:
        folder: made where it is missing.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    place = _Folder(Path(folder))
    place.path.mkdir(parents=True, exist_ok=True)
    return run_export(
        sessions,
        _render,
        place.write,
        session_ids=session_ids,
        width=width,
        on_progress=on_progress,
    )


@dataclass(frozen=True, slots=True)
class _File:
    session_id: str
    agent_id: str
    text: str


def _render(info: SessionInfo, history: History) -> Rendering[_File]:
    title = info.title or history.session_id
    known = {
        "session": history.session_id,
        "agent": history.agent_id,
        "created": info.created_at and info.created_at.isoformat(" ", "seconds"),
        "user": info.user,
        "model": info.model,
    }
    facts = [f"- {name}: {' '.join(value.split())}" for name, value in known.items() if value]
    summary = history.summary.text if history.summary else None
    said = to_markdown(history.payloads, summary=summary)
    text = "\n".join([f"# {' '.join(title.split())}", "", *facts, "", said])
    return Rendering(_File(history.session_id, history.agent_id, text))


@dataclass(slots=True)
class _Folder:
    """The folder, and the names that were given in it."""

    path: Path
    _taken: set[str] = field(default_factory=set)

    def write(self, files: list[_File]) -> int:
        size = 0
        for file in files:
            data = file.text.encode("utf-8", "replace")
            with open_whole(self.path / self._name(file)) as stream:
                stream.write(data)
            size += len(data)
        return size

    def _name(self, file: _File) -> str:
        agent = "" if file.agent_id == "default" else f",{_safe(file.agent_id)}"
        name = _safe(file.session_id) + agent
        if len(name.encode("utf-8")) > _LONGEST_NAME or _folded(name) in self._taken:
            # Some file systems do not tell upper from lower case, or one accent from another.
            digest = hashlib.sha256(f"{file.session_id}\0{file.agent_id}".encode()).hexdigest()
            cut = name.encode("utf-8")[: _LONGEST_NAME - 20].decode("utf-8", "ignore")
            name = f"{cut},,{digest[:16]}"
        self._taken.add(_folded(name))
        return f"{name}.md"


def _safe(text: str) -> str:
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
