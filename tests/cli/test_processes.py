"""Commands as processes of their own: signals, broken pipes, locales, terminals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from s3sessions import Sessions
from tests.cli.commands import Say, start

_CONVERSATIONS, _MESSAGES = 150, 20


@pytest.fixture
def many(tmp_path: Path) -> str:
    path = tmp_path / "many.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        for number in range(_CONVERSATIONS):
            messages = [{"role": "user", "content": f"{number}/{n}"} for n in range(_MESSAGES)]
            stream.write(json.dumps({"id": f"s-{number}", "messages": messages}) + "\n")
    return str(path)


def _wait_for_a_request(process: subprocess.Popen[str]) -> None:
    """Wait until the process has logged a write."""
    assert process.stderr is not None
    for line in process.stderr:
        if 'verb="put"' in line:
            return
    raise AssertionError("the process ended before it wrote anything")


def _stored(url: str) -> int:
    with Sessions(url) as sessions:
        return sessions.stats().messages


def test_ctrl_c_in_an_import_says_how_to_go_on_and_going_on_completes_it(
    url: str, many: str
) -> None:
    with start("import", many, "-v") as process:
        _wait_for_a_request(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    last = err.splitlines()[-1]
    assert last.startswith("s3sessions: interrupted after ")
    assert "run the same command again" in last
    assert "Traceback" not in err
    assert 0 < _stored(url) < _CONVERSATIONS * _MESSAGES

    with start("import", many, "--json") as process:
        out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    report = json.loads(out)
    assert report["messages"] == _CONVERSATIONS * _MESSAGES
    assert report["written"] < report["messages"]
    assert _stored(url) == _CONVERSATIONS * _MESSAGES


def test_ctrl_c_in_an_export_leaves_the_old_file_and_nothing_beside_it(
    url: str, say: Say, tmp_path: Path
) -> None:
    for number in range(100):
        say(f"s-{number}", "hello", "there")
    target = tmp_path / "out" / "all.jsonl"
    target.parent.mkdir()
    target.write_text("what was there")
    with start("export", "-o", str(target), "-v", "--width", "1") as process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "no file was written" in err
    assert [path.name for path in target.parent.iterdir()] == ["all.jsonl"]
    assert target.read_text() == "what was there"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("command", [("export",), ("show", "long"), ("show", "long", "--json")])
def test_a_reader_that_stops_reading_ends_the_command_in_silence(
    url: str,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    unbuffered: str,
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    say("long", *("some words\n" * 200 for _ in range(300)))
    with start(*command) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def test_json_is_utf_8_whatever_the_locale_is(
    url: str, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("one", "晴れ 🙂")
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    for command in (("show", "one", "--json"), ("export",)):
        with start(*command) as process:
            out, _ = process.communicate(timeout=60)
        assert "晴れ 🙂" in out
    with start("show", "one") as process:
        out, _ = process.communicate(timeout=60)
    assert "\\u6674" in out
    assert process.returncode == 0


def test_commands_work_and_print_plain_text_without_rich(
    url: str, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("one", "hello")
    monkeypatch.setenv("FORCE_COLOR", "1")
    hidden = "import sys; sys.modules['rich'] = None; from s3sessions.cli import main; "
    for arguments in (["ls"], ["show", "one"], ["stats"], ["info", "one"]):
        done = subprocess.run(
            [sys.executable, "-c", f"{hidden}sys.exit(main({arguments!r}))"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        assert done.stdout
        assert "\x1b" not in done.stdout


def test_a_terminal_gets_colours_and_lines_of_its_width(
    url: str, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("one", "word " * 100, "晴れ" * 100)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    for width in (80, 120):
        monkeypatch.setenv("COLUMNS", str(width))
        with start("show", "one") as process:
            out, _ = process.communicate(timeout=60)
        assert "\x1b[1;36muser" in out
        words = [line for line in out.splitlines() if line.startswith("  word")]
        kanji = [line for line in out.splitlines() if line.startswith("  晴")]
        assert width - 6 < max(map(len, words)) <= width
        assert width - 4 < max(len(line) * 2 - 2 for line in kanji) <= width


def test_on_a_terminal_the_list_says_how_long_ago(
    url: str, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say("8b1f7f0e-3f0e-4c0e-9d0c-6f4b1d2a7c55", "hello")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    with start("ls") as process:
        out, _ = process.communicate(timeout=60)
    (row,) = [line for line in out.splitlines() if line.startswith("8b1f7f0e")]
    assert row.split() == [
        "8b1f7f0e-3f0e-4c0e-9d0c-6f4b1d2a7c55",
        "default",
        "1",
        *row.split()[3:5],
        "just",
        "now",
    ]


def test_standard_input_is_imported_and_standard_output_exported(
    url: str, many: str, tmp_path: Path
) -> None:
    text = Path(many).read_text(encoding="utf-8")
    with start("import", "-", "--json", stdin=subprocess.PIPE) as process:
        out, _ = process.communicate(text, timeout=60)
    assert json.loads(out)["imported"] == _CONVERSATIONS
    with start("export", "-o", "-") as process:
        out, _ = process.communicate(timeout=60)
    exported = {line["session_id"]: line["messages"] for line in map(json.loads, out.splitlines())}
    given = {line["id"]: line["messages"] for line in map(json.loads, text.splitlines())}
    assert exported == given
