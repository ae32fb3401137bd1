"""What exports and imports do with damage: they name it, and pass over nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from s3sessions.export import export_conversations, import_conversations
from s3sessions.stores.memory import MemoryStore
from tests.behaviour.damage import OBJECTS, UNSEEN, furnish
from tests.rig import Rig


@pytest.fixture
def place() -> Iterator[Rig]:
    """A furnished place in memory, in blocking code."""
    rig = Rig("memory", "sync", None, {}, MemoryStore())
    furnish(rig)
    yield rig
    rig.close()


@pytest.mark.parametrize("key", OBJECTS)
def test_an_export_names_what_it_passed_over_and_imports_back(
    place: Rig, key: str, tmp_path: Path
) -> None:
    place.plant(key, b"garbage")
    lines: list[bytes] = []
    report = export_conversations(place.sessions(), lines.append)
    assert [passed.key for passed in report.corrupt] == [key]
    assert report.messages == 8 - len(UNSEEN.get(key, ()))
    assert report.sessions == 2
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(lines))
    target = Rig("memory", "sync", None, {}, MemoryStore())
    assert not import_conversations(target.sessions(), [file]).failures
    assert [m.payload["n"] for m in target.sessions().open("s").restore().messages] == [
        n for n in range(6) if n not in UNSEEN.get(key, ())
    ]


def test_a_session_document_alone_that_cannot_be_read_is_named_by_an_export(place: Rig) -> None:
    place.plant("session_t/session.json", b"garbage")
    report = export_conversations(place.sessions(), lambda _: None)
    assert [passed.key for passed in report.corrupt] == ["session_t/session.json"]


@pytest.mark.parametrize("key", OBJECTS)
def test_an_import_into_damage_writes_to_what_it_can_and_leaves_the_rest(
    place: Rig, key: str, tmp_path: Path
) -> None:
    lines: list[bytes] = []
    export_conversations(place.sessions(), lines.append)
    file = tmp_path / "export.jsonl"
    file.write_bytes(b"".join(lines))
    place.plant(key, b"garbage")
    before = {name: place.body(name) for name in place.keys()}
    report = import_conversations(place.sessions(), [file])
    assert report.conversations == 3
    assert {name: place.body(name) for name in before} == before
