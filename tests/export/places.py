"""Files to import, places to import them to, and what stands there afterwards."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from s3sessions import Sessions
from s3sessions.export import ImportReport, export_conversations
from s3sessions.ports import SyncStore
from s3sessions.stores.memory import MemoryStore

DATA = Path(__file__).parent.parent / "data"
CONVERSATIONS = DATA / "conversations.jsonl.gz"
LOG_RECORDS = DATA / "log_records.jsonl.gz"

Row = Mapping[str, Any]


def sample(path: Path = CONVERSATIONS) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def talk(session_id: str, *texts: str, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text} for text in texts]
    return {"session_id": session_id, "messages": messages, **fields}


def encoded(rows: Iterable[Row | bytes]) -> bytes:
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    return b"".join(line + b"\n" for line in lines)


def written(folder: Path, *rows: Row | bytes, name: str = "input.jsonl") -> Path:
    path = folder / name
    path.write_bytes(encoded(rows))
    return path


def still(store: SyncStore) -> Sessions:
    """Sessions of a world in which time stands still: what is equal there is equal in bytes."""
    return Sessions(store=store, clock=lambda: 1_700_000_000.0, entropy=bytes)


def objects(store: SyncStore) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    token = None
    while True:
        page = store.list("", token=token)
        found |= {entry.key: store.get(entry.key).data for entry in page.entries}
        if page.token is None:
            return found
        token = page.token


def payloads(sessions: Sessions, session_id: str, agent: str = "default") -> list[dict[str, Any]]:
    return sessions.open(session_id, agent).restore().payloads


def texts(sessions: Sessions, session_id: str, agent: str = "default") -> list[str]:
    return [payload["content"] for payload in payloads(sessions, session_id, agent)]


def exported(sessions: Sessions, folder: Path, name: str = "export.jsonl") -> Path:
    lines: list[bytes] = []
    export_conversations(sessions, lines.append)
    path = folder / name
    path.write_bytes(b"".join(lines))
    return path


def counts(report: ImportReport) -> dict[str, int]:
    return {
        "imported": report.imported,
        "unchanged": report.unchanged,
        "empty": report.skipped_empty,
        "failed": len(report.failures),
        "written": report.written,
    }


def memory() -> Sessions:
    return Sessions(store=MemoryStore())
