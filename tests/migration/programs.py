"""Sessions as other programs write them, in their documented formats."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from s3sessions.migration import MigrationReport
from tests.export.places import CONVERSATIONS, LOG_RECORDS, sample

CREATED = "2025-01-02T03:04:05.123456789Z"
UPDATED = "2025-01-03T00:00:00+01:00"

Message = Mapping[str, Any]


def user(text: str, **fields: Any) -> dict[str, Any]:
    return {"role": "user", "content": text, **fields}


def assistant(text: str, **fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text, **fields}


def openai_messages() -> list[dict[str, Any]]:
    """A real conversation with tool calls and their results."""
    row = next(row for row in sample(CONVERSATIONS) if row["id"].startswith("tau-airline"))
    messages: list[dict[str, Any]] = row["messages"]
    return messages


def log_records() -> list[dict[str, Any]]:
    """The records of a real session of Claude Code."""
    (row,) = sample(LOG_RECORDS)
    records: list[dict[str, Any]] = row["messages"]
    return records


def write(path: Path, *lines: Mapping[str, Any] | bytes, end: bytes = b"\n") -> Path:
    """Write JSON Lines; bytes stand as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path.write_bytes(b"\n".join(encoded) + (end if encoded else b""))
    return path


def picoclaw_json(folder: Path, key: str, messages: Any, *, name: str = "", **fields: Any) -> Path:
    """A session of picoclaw's first store: one indented JSON file."""
    document = {"key": key, "messages": messages, "created": CREATED, "updated": UPDATED}
    path = folder / f"{name or key.replace(':', '_')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**document, **fields}, indent=2), encoding="utf-8")
    return path


def picoclaw_lines(
    folder: Path,
    key: str,
    *lines: Message | bytes,
    end: bytes = b"\n",
    skip: int = 0,
    **meta: Any,
) -> Path:
    """A session of its second store: messages line by line, and a meta file beside them."""
    path = write(folder / f"{key.replace(':', '_')}.jsonl", *lines, end=end)
    document = {
        "key": key,
        "summary": "",
        "skip": skip,
        "count": len(lines),
        "created_at": CREATED,
        "updated_at": UPDATED,
        **meta,
    }
    path.with_suffix(".meta.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    return path


def session_file(folder: Path, session_id: str, messages: Iterable[Message], **fields: Any) -> Path:
    """A session of a coding agent that saves all of it as one file."""
    document = {
        "version": 1,
        "session_id": session_id,
        "created_at": "2025-05-06T07:08:09+00:00",
        "updated_at": "2025-05-06T08:00:00+00:00",
        "model": "some-model-1",
        "workspace_root": "/home/u/project",
        "messages": list(messages),
        "token_usage": {"input_tokens": 120, "output_tokens": 34, "cost": 0.5},
    }
    path = folder / f"{session_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**document, **fields}), encoding="utf-8")
    return path


def record(kind: str, record_id: str, text: str, **fields: Any) -> dict[str, Any]:
    """A record of a Claude Code log."""
    content: Any = text if kind == "user" else [{"type": "text", "text": text}]
    return {
        "type": kind,
        "uuid": record_id,
        "parentUuid": None,
        "isSidechain": False,
        "sessionId": "c0de",
        "cwd": "/home/u/project",
        "version": "2.0.1",
        "gitBranch": "main",
        "timestamp": "2025-07-08T09:10:11.000Z",
        "message": {"role": kind, "content": content},
        **fields,
    }


def counts(report: MigrationReport) -> dict[str, int]:
    return {
        "migrated": len(report.migrated),
        "unchanged": len(report.unchanged),
        "skipped": len(report.skipped),
        "failed": len(report.failed),
        "written": report.written,
    }


def names(folder: Path) -> list[str]:
    """What stands in a folder, files below it too; not what a store of ours has for itself."""
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if ".s3sessions" not in path.parts)


def undo(folder: Path) -> None:
    """Give all that was put away its name back, as a crash before the renaming would leave it."""
    for path in folder.rglob("*.migrated"):
        path.rename(path.with_suffix(""))
