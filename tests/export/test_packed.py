"""Exports of packed histories: byte for byte what they were before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.export import (
    export_anthropic,
    export_conversations,
    export_markdown,
    export_openai,
    export_strands,
    import_conversations,
)
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing.simulate.blocks import small_blocks
from tests.export.places import objects

NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


@pytest.fixture
def store() -> MemoryStore:
    """A session of two agents: a batch, a redaction, a removal and a summary are in it."""
    store = MemoryStore(clock=lambda: NOW)
    sessions = Sessions(store=store, clock=lambda: NOW)
    chat = sessions.open("s")
    for n in range(7):
        chat.append({"role": "user", "content": f"question {n}"})
        chat.append({"role": "assistant", "content": f"answer {n}"})
    chat.append_many([{"role": "user", "content": "two"}, {"role": "user", "content": "at once"}])
    chat.redact(3)
    chat.remove(4)
    chat.append({"role": "user", "content": "last"})
    other = sessions.open("s", agent="other")
    for n in range(5):
        other.append({"role": "user", "content": f"hello {n}"})
    other.summarize("so far", keep_last=4)
    return store


def pack(store: MemoryStore) -> None:
    later = Sessions(store=store, clock=lambda: NOW + 7200)
    for agent in ("default", "default", "other"):
        later.open("s", agent=agent).compact(pack=True, min_age=0)


def lines(export: Callable[..., Any], store: MemoryStore) -> bytes:
    written: list[bytes] = []
    export(Sessions(store=store, clock=lambda: NOW), written.append)
    return b"".join(written)


@pytest.mark.parametrize("export", [export_conversations, export_openai, export_anthropic])
def test_lines_are_the_same(store: MemoryStore, export: Callable[..., Any]) -> None:
    before = lines(export, store)
    pack(store)
    assert any("archive/segment_0-5" in key for key in objects(store))
    assert lines(export, store) == before


def test_markdown_is_the_same(store: MemoryStore, tmp_path: Path) -> None:
    sessions = Sessions(store=store, clock=lambda: NOW)
    export_markdown(sessions, tmp_path / "before")
    pack(store)
    export_markdown(sessions, tmp_path / "after")
    before, after = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("before", "after")
    )
    assert before == after != {}


def test_what_strands_reads_is_the_same_and_loose(store: MemoryStore) -> None:
    before, after = MemoryStore(), MemoryStore()
    export_strands(Sessions(store=store), store=before)
    pack(store)
    export_strands(Sessions(store=store), store=after)
    assert objects(before) == objects(after) != {}
    assert not any("archive/" in key for key in objects(after))


def test_what_was_packed_is_imported_back(store: MemoryStore, tmp_path: Path) -> None:
    pack(store)
    path = tmp_path / "out.jsonl"
    path.write_bytes(lines(export_conversations, store))
    again = MemoryStore()
    import_conversations(Sessions(store=again), [path])
    for agent in ("default", "other"):
        one, other = (
            Sessions(store=each).open("s", agent=agent).restore() for each in (store, again)
        )
        assert one.payloads == other.payloads
        assert (one.summary and one.summary.text) == (other.summary and other.summary.text)
