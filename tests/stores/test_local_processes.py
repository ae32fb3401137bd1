from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions.stores.local import LocalStore

PREAMBLE = """
import json, os, resource, sys
from pathlib import Path
from s3sessions.errors import *
from s3sessions.ports import ABSENT
from s3sessions.stores.local import LocalStore
store = LocalStore(sys.argv[1])
seen = []
watched = store.observed(lambda request: seen.append(request.status))

def error_of(call):
    try:
        call()
    except S3SessionsError as error:
        return {"kind": error.kind, "text": str(error), "action": getattr(error, "action", None)}
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process that runs `code` with a store on the folder, its first argument."""
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def result_of(code: str, *arguments: object) -> dict[str, Any]:
    """Run `code` to its end and read what it printed as JSON."""
    with start(code, *arguments) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, Any] = json.loads(output)
    return found


def together(code: str, folder: Path, count: int) -> list[list[str]]:
    """Run `code` in several processes that begin at the same time; the lines that each printed."""
    processes = [start(code, folder, number) for number in range(count)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    return outputs


CREATE = """
print("ready", flush=True)
sys.stdin.readline()
for number in range(200):
    key = f"folder-{number % 7}/{number}"
    try:
        store.put(key, sys.argv[2].encode() * 5000, only_if=ABSENT)
        print(key)
    except PreconditionFailed:
        assert len(store.get(key).data) == 5000
"""


def test_of_two_processes_exactly_one_creates_each_key(tmp_path: Path) -> None:
    winners = together(CREATE, tmp_path, 2)
    assert len(winners[0]) + len(winners[1]) == 200
    assert not set(winners[0]) & set(winners[1])
    store = LocalStore(tmp_path)
    for number, keys in enumerate(winners):
        assert all(store.get(key).data == b"%d" % number * 5000 for key in keys)


COUNT = """
print("ready", flush=True)
sys.stdin.readline()
done = 0
while done < 60:
    blob = store.get("counter")
    try:
        store.put("counter", b"%d" % (int(blob.data) + 1), only_if=blob.etag)
        done += 1
    except PreconditionFailed:
        pass
"""


def test_a_counter_loses_no_step_under_processes(tmp_path: Path) -> None:
    LocalStore(tmp_path).put("counter", b"0")
    together(COUNT, tmp_path, 3)
    assert LocalStore(tmp_path).get("counter").data == b"180"


COME_AND_GO = """
print("ready", flush=True)
sys.stdin.readline()
for number in range(200):
    key = f"a/b/c/{sys.argv[2]}-{number}"
    store.put(key, b"x", only_if=ABSENT)
    store.delete(key)
"""


def test_processes_may_empty_the_folders_that_others_fill(tmp_path: Path) -> None:
    together(COME_AND_GO, tmp_path, 3)
    assert sorted(os.listdir(tmp_path)) == [".s3sessions"]


WRITE_FOR_EVER = """
number = 0
while True:
    key = f"session-{number % 3}/{sys.argv[2]}-{number}"
    store.put(key, key.encode() * 2000, only_if=ABSENT if number % 2 else None)
    print(key, flush=True)
    number += 1
"""


def test_a_killed_writer_leaves_whole_objects_and_all_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    for round_ in range(8):
        with start(WRITE_FOR_EVER, tmp_path, round_) as writer:
            assert writer.stdout is not None
            for _ in range(10 + 7 * round_):
                acknowledged.add(writer.stdout.readline().strip())
            writer.send_signal(signal.SIGKILL)
            acknowledged.update(line.strip() for line in writer.stdout if line.endswith("\n"))
        store = LocalStore(tmp_path)
        shown = {entry.key for entry in store.list("").entries}
        assert acknowledged <= shown
        for key in shown:
            assert store.get(key).data == key.encode() * 2000
    assert len(acknowledged) > 200


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that another user can come to: pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "session").mkdir()
        (folder / "session" / "object").write_bytes(b"x")
        for path in (folder, folder / "session"):
            path.chmod(0o555)
        yield folder
        folder.chmod(0o755)


# The superuser reads and writes whatever the modes say.
AS_NOBODY = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""

READ_ONLY = (
    AS_NOBODY
    + """
folder = Path(sys.argv[1])
assert store.get("session/object").data == b"x"
assert [entry.key for entry in store.list("").entries] == ["session/object"]
print(json.dumps({
    "create": error_of(lambda: watched.put("session/new", b"x", only_if=ABSENT)),
    "put": error_of(lambda: watched.put("session/object", b"y")),
    "delete": error_of(lambda: watched.delete("session/object")),
    "statuses": seen,
}))
"""
)


def test_a_read_only_folder_denies_writing_and_lets_read(public_folder: Path) -> None:
    found = result_of(READ_ONLY, public_folder)
    for attempt in ("create", "put", "delete"):
        assert found[attempt]["kind"] == "access_denied"
        assert found[attempt]["action"] == "write"
        assert str(public_folder) in found[attempt]["text"]
        assert "key=session/" in found[attempt]["text"]
    assert found["statuses"] == [403, 403, 403]
    assert (public_folder / "session" / "object").read_bytes() == b"x"


UNREADABLE = (
    AS_NOBODY
    + """
print(json.dumps({
    "get": error_of(lambda: watched.get("session/object")),
    "list": error_of(lambda: watched.list("")),
    "statuses": seen,
}))
"""
)


def test_what_may_not_be_read_is_denied_and_never_seems_empty(public_folder: Path) -> None:
    (public_folder / "session").chmod(0o000)
    found = result_of(UNREADABLE, public_folder)
    (public_folder / "session").chmod(0o755)
    for attempt in ("get", "list"):
        assert found[attempt]["kind"] == "access_denied"
        assert found[attempt]["action"] == "read"
    assert found["statuses"] == [403, 403]


# A limit of the process on the size of a file fails a write half-way, as a full disk does.
FULL = """
store.put("before", b"x")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
print(json.dumps({
    "create": error_of(lambda: watched.put("folder/new", b"x" * 150_000, only_if=ABSENT)),
    "put": error_of(lambda: watched.put("before", b"x" * 150_000)),
    "statuses": seen,
}))
assert store.get("before").data == b"x"
store.put("after", b"x" * 90_000, only_if=ABSENT)
"""


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    found = result_of(FULL, tmp_path)
    for attempt in ("create", "put"):
        assert found[attempt]["kind"] == "store_unavailable"
        assert "no space left on the disk: free some" in found[attempt]["text"]
    assert found["statuses"] == [507, 507]
    assert sorted(os.listdir(tmp_path)) == [".s3sessions", "after", "before"]
    assert list((tmp_path / ".s3sessions" / "tmp").iterdir()) == []


OUT_OF_FILES = """
store.put("key", b"x")
used = os.open("/", os.O_RDONLY)
resource.setrlimit(resource.RLIMIT_NOFILE, (used, used))
print(json.dumps({
    "get": error_of(lambda: watched.get("key")),
    "put": error_of(lambda: watched.put("key", b"y")),
    "list": error_of(lambda: watched.list("")),
    "statuses": seen,
}))
"""


def test_too_many_open_files_are_no_missing_object(tmp_path: Path) -> None:
    found = result_of(OUT_OF_FILES, tmp_path)
    for attempt in ("get", "put", "list"):
        assert found[attempt]["kind"] == "store_unavailable"
    assert found["statuses"] == [503, 503, 503]
