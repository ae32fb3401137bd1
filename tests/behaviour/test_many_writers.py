"""Many writers at once: threads on one store object, and processes that know nothing of each other.

The interleavings that a machine happens not to show are the simulator's; here real ones run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from s3sessions import AlreadyExists, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.rig import Rig

T = TypeVar("T")


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(act, range(count)))


def check_everyone_is_there(sessions: Sessions, writers: int, each: int) -> None:
    history = sessions.open("s").restore()
    assert [m.index for m in history.messages] == list(range(writers * each))
    for writer in range(writers):
        numbers = [p["n"] for p in history.payloads if p["writer"] == writer]
        assert numbers == list(range(each)), "each writer's own order"


def test_threads_with_a_handle_each_share_a_log_and_lose_nothing(racing_rig: Rig) -> None:
    sessions = racing_rig.sessions()

    def write(writer: int) -> None:
        chat = sessions.open("s", on_conflict="rebase")
        for n in range(10):
            chat.append({"writer": writer, "n": n})

    at_once(8, write)
    check_everyone_is_there(sessions, 8, 10)


def test_threads_can_share_one_handle(sync_rig: Rig) -> None:
    chat = sync_rig.sessions().open("s")
    chat.restore()
    at_once(8, lambda writer: [chat.append({"writer": writer, "n": n}) for n in range(5)])
    check_everyone_is_there(sync_rig.sessions(), 8, 5)


def test_two_that_save_different_keys_of_a_state_lose_neither(racing_rig: Rig) -> None:
    sessions = racing_rig.sessions()

    def save(writer: int) -> None:
        chat = sessions.open("s")
        for n in range(50):
            chat.save_state({f"writer {writer}": n})

    at_once(2, save)
    assert sessions.open("s").restore().state == {"writer 0": 49, "writer 1": 49}


def test_of_many_that_create_a_session_one_succeeds() -> None:
    memory = MemoryStore()

    def create(n: int) -> bool:
        try:
            Sessions(store=memory).create("s", title=f"by {n}")
        except AlreadyExists:
            return False
        return True

    assert sorted(at_once(16, create)) == [False] * 15 + [True]


def test_of_many_that_begin_a_session_the_first_details_are_kept() -> None:
    memory = MemoryStore()
    at_once(8, lambda n: Sessions(store=memory).open("s", title=f"by {n}").append({"n": n}))
    title = Sessions(store=memory).info("s").title
    Sessions(store=memory).open("s", title="late").append({"n": 8})
    assert Sessions(store=memory).info("s").title == title
    assert len(Sessions(store=memory).open("s").restore().messages) == 9


WRITER = """
import sys
from s3sessions import Sessions
url, writer, each = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chat = Sessions(url).open("s", on_conflict="rebase")
for n in range(each):
    print(chat.append({"writer": writer, "n": n}).index, flush=True)
"""


def test_processes_share_a_log_and_each_index_is_acknowledged_once(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/sessions"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(writer), "25"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for writer in range(4)
    ]
    indexes = [int(line) for writer in writers for line in writer.communicate()[0].split()]
    assert sorted(indexes) == list(range(100))
    check_everyone_is_there(Sessions(url), 4, 25)


# Starts a writer for each line that it reads, and says when it has ended: a fork has imported all
# that it needs.
FORKS = """
import os, sys
from s3sessions import Sessions
url = sys.argv[1]
Sessions(url).close()
for line in sys.stdin:
    writer = os.fork()
    if not writer:
        print(os.getpid(), flush=True)
        chat = Sessions(url).open("s", on_conflict="rebase")
        for n in range(1000):
            print(chat.append({"writer": int(line), "n": n}).index, flush=True)
    os.waitpid(writer, 0)
    print("ended", flush=True)
"""


def killed_writer(forks: subprocess.Popen[str], number: int, acknowledged: int) -> list[int]:
    """Start a writer, kill it after so many acknowledgements, and give all that it has printed."""
    assert forks.stdin is not None
    assert forks.stdout is not None
    print(number, file=forks.stdin, flush=True)
    lines = iter(forks.stdout.readline, "ended\n")
    process = int(next(lines))
    seen = [int(next(lines)) for _ in range(acknowledged)]
    os.kill(process, signal.SIGKILL)
    return seen + [int(line) for line in lines]


def test_a_message_is_there_once_its_append_has_returned_whoever_is_killed(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/sessions"
    acknowledged = 0
    with subprocess.Popen(
        [sys.executable, "-c", FORKS, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as forks:
        for kill in range(100):
            seen = killed_writer(forks, kill, 1 + kill % 5)
            history = Sessions(url).open("s").restore()
            assert {m.index for m in history.messages} >= set(seen)
            assert history.holes == ()
            acknowledged += len(seen)
    assert len(Sessions(url).open("s").restore().messages) >= acknowledged
