"""The command `chat` as a process: a terminal and its keys, broken text, a missing package."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from s3sessions import Sessions
from s3sessions.chat.folder import name_of_folder


class Terminal:
    """The other end of a process's terminal."""

    def __init__(self, process: subprocess.Popen[bytes], end: int) -> None:
        self.process = process
        self._end = end
        self._unread = b""

    def expect(self, text: str) -> str:
        """Read until this was shown, and give what was shown up to there."""
        wanted = text.encode()
        while wanted not in self._unread:
            piece = os.read(self._end, 4096)
            assert piece, f"{text!r} was never shown: {self._unread!r}"
            self._unread += piece
        before, _, self._unread = self._unread.partition(wanted)
        return before.decode()

    def type(self, line: str) -> None:
        os.write(self._end, line.encode())

    def interrupt_until_it_ends(self) -> None:
        """Press Ctrl-C again and again: the instant before it waits for a key it is deaf to one."""
        while True:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.3)
                return


@contextmanager
def terminal(folder: Path, *arguments: str) -> Iterator[Terminal]:
    end, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "s3sessions", "chat", *arguments],
        cwd=folder,
        env={**os.environ, "TERM": "dumb", "NO_COLOR": "1"},
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
    )
    os.close(inner)
    try:
        yield Terminal(process, end)
    finally:
        process.kill()
        process.wait()
        os.close(end)


def test_words_come_one_by_one_and_ctrl_c_ends_the_answer_and_twice_the_chat(
    url: str, tmp_path: Path
) -> None:
    with terminal(tmp_path, "--session", "one") as shown:
        shown.expect("a stand-in answers by a few rules")
        shown.expect("> ")
        shown.type("count to 300\n")
        shown.expect("1 2 3 ")
        shown.process.send_signal(signal.SIGINT)
        shown.expect("is kept, as a partial message")
        shown.expect("[interrupted]")
        shown.expect("> ")
        shown.type("hello\n")
        shown.expect("Hello. What is your name?")
        shown.expect("> ")
        shown.interrupt_until_it_ends()
        shown.expect("Ctrl-C once more ends the chat")
        shown.expect("to go on: s3sessions chat --session one")
        assert shown.process.returncode == 130
    with Sessions(url) as sessions:
        messages = sessions.under(name_of_folder(tmp_path)).open("one").restore().messages
    assert [message.status for message in messages] == [None, "partial", None, None]
    counted = messages[1].payload["content"].split()
    assert counted == [str(number) for number in range(1, len(counted) + 1)]
    assert 3 <= len(counted) < 300


@pytest.mark.parametrize("end", ["/quit\n", "\x04"])
def test_a_terminal_ends_with_code_0_at_quit_and_at_ctrl_d(
    url: str, tmp_path: Path, end: str
) -> None:
    with terminal(tmp_path) as shown:
        shown.expect("> ")
        shown.type(end)
        assert shown.process.wait(60) == 0


def test_a_line_that_is_no_text_is_refused_and_the_next_one_is_answered(
    url: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "s3sessions", "chat"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
        input=b"caf\xe9\nhello\n",
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, b"Hello. What is your name?\n")
    assert b"Traceback" not in done.stderr


def test_without_tenacity_the_extra_is_named(url: str, tmp_path: Path) -> None:
    hidden = "import sys; sys.modules['tenacity'] = None; from s3sessions.cli import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{hidden}sys.exit(main(['chat']))"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 's3sessions[cli]'" in done.stderr
    assert "Traceback" not in done.stderr
