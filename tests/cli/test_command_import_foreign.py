"""`import` of what other programs have stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run
from tests.migration.programs import (
    log_records,
    names,
    picoclaw_json,
    picoclaw_lines,
    session_file,
    undo,
    user,
    write,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three sessions of three programs."""
    place = tmp_path / "theirs"
    picoclaw_json(place, "pico:1", [user("a")])
    session_file(place, "file-1", [user("b")])
    write(place / "log.jsonl", *log_records())
    return place


def test_a_folder_is_migrated_and_its_files_renamed(
    run: Run, sessions: Sessions, folder: Path
) -> None:
    ended = run("import", str(folder))
    assert (ended.code, ended.err) == (0, "")
    assert "3 sessions, 14 messages: 14 written" in ended.out
    assert "3 migrated and read back" in ended.out
    assert {ref.id for ref in sessions.list()} > {"pico:1", "file-1"}
    assert all(name.endswith(".migrated") for name in names(folder))
    undo(folder)
    assert "3 there already" in run("import", str(folder), "--keep").out
    assert not any(name.endswith(".migrated") for name in names(folder))


def test_files_of_other_programs_and_json_lines_go_in_one_command(
    run: Run, sessions: Sessions, folder: Path, tmp_path: Path
) -> None:
    lines = write(tmp_path / "lines.jsonl", {"id": "line-1", "messages": [user("x")]})
    ended = run("import", str(folder / "pico_1.json"), str(lines), str(folder / "log.jsonl"))
    assert ended.code == 0
    assert "1 conversation in 1 file" in ended.out
    assert "2 sessions, 13 messages" in ended.out
    assert {ref.id for ref in sessions.list()} > {"pico:1", "line-1"}
    assert lines.exists()


def test_what_cannot_be_read_is_named_and_makes_the_code_of_a_part(run: Run, folder: Path) -> None:
    (folder / "bad.json").write_text("{")
    torn = picoclaw_lines(folder, "torn", user("x"), b'{"role', end=b"")
    write(folder / "other.json", {"a": 1})
    ended = run("import", str(folder), str(folder / "absent"))
    assert ended.code == 4
    assert f"{folder / 'bad.json'}: file is not JSON" in ended.err
    assert f"{torn}:2: line is not JSON" in ended.err
    assert "absent" in ended.err
    assert f"skipped {folder / 'other.json'}: no session of a known format" in ended.out
    assert "1 not migrated, see above" in ended.out


def test_a_pattern_of_the_shell_may_bring_along_what_is_no_session(
    run: Run, sessions: Sessions, folder: Path
) -> None:
    picoclaw_lines(folder, "lines", user("x"))
    for _ in range(2):
        paths = [str(path) for path in sorted(folder.iterdir())]
        assert run("import", *paths).code == 0
    assert len(list(sessions.list())) == 4


def test_a_format_can_be_named(run: Run, sessions: Sessions, tmp_path: Path) -> None:
    lines = write(tmp_path / "chat.jsonl", user("a"))
    assert run("import", str(lines)).code == 4
    assert run("import", str(lines), "--from", "picoclaw").code == 0
    assert [ref.id for ref in sessions.list()] == ["chat"]
    assert run("import", str(lines), "--from", "papyrus").code == 2
    path = session_file(tmp_path, "file-1", [user("b")])
    path.write_text(json.dumps(json.loads(path.read_text())) + "\n")
    assert run("import", str(path), "--from", "lines").code == 0
    assert sessions.info("file-1").metadata == {}
    assert path.exists()


def test_json_is_the_report_as_one_document(run: Run, folder: Path) -> None:
    document = json.loads(run("import", str(folder), "--json").out)
    assert [len(document[name]) for name in ("migrated", "failed", "skipped")] == [3, 0, 0]
    assert document["written"] == 14


def test_sessions_of_another_place_are_taken_by_its_url(
    run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    url = (tmp_path / "old").as_uri()
    with Sessions(url) as old:
        old.open("s").append(user("a"))
    assert run("import", url).code == 0
    assert sessions.open("s").restore().payloads == [user("a")]
    assert (tmp_path / "old" / "session_s.migrated").is_dir()


def test_a_folder_is_not_imported_into_itself(run: Run, sessions: Sessions, url: str) -> None:
    sessions.open("s").append(user("a"))
    ended = run("import", url)
    assert ended.code == 2
    assert "the place where it would go" in ended.err
    assert run("ls", "--ids").out == "s\n"


def test_a_migration_that_is_interrupted_says_how_to_go_on(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("s3sessions.cli.migrating.migrate", interrupt)
    ended = run("import", str(folder))
    assert ended.code == 130
    assert "run the same command again" in ended.err
