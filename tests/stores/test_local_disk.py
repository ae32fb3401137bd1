from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

import pytest

from s3sessions.errors import InvalidSettings
from s3sessions.ports import ABSENT
from s3sessions.stores.local import LocalStore


def files(folder: Path) -> list[str]:
    """Every file below a folder, the store's own apart."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(str(path) for path in found if path.parts[0] != ".s3sessions")


def unfinished(folder: Path) -> list[Path]:
    return list((folder / ".s3sessions" / "tmp").glob("*"))


def test_a_temporary_file_is_removed_once_it_is_a_day_old(tmp_path: Path) -> None:
    LocalStore(tmp_path).put("key", b"x")
    old, young = (tmp_path / ".s3sessions" / "tmp" / name for name in ("1-old", "2-young"))
    for path in (old, young):
        path.write_bytes(b"half")
    day_ago = time.time() - 24 * 3600 - 60
    os.utime(old, (day_ago, day_ago))
    LocalStore(tmp_path).put("key", b"x")
    assert unfinished(tmp_path) == [young]


def test_a_file_system_without_case_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exists_in_any_case(path: bytes) -> bool:
        return path.lower() in {
            os.path.join(os.path.dirname(path), name).lower()
            for name in os.listdir(os.path.dirname(path))
        }

    monkeypatch.setattr(os.path, "lexists", exists_in_any_case)
    with pytest.raises(InvalidSettings, match="upper from lower"):
        LocalStore(tmp_path).put("key", b"x", only_if=ABSENT)
    assert (files(tmp_path), unfinished(tmp_path)) == ([], [])


def test_a_file_system_without_hard_links_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(InvalidSettings, match="hard links"):
        LocalStore(tmp_path).put("key", b"x")
    assert (files(tmp_path), unfinished(tmp_path)) == ([], [])


def test_a_system_that_is_not_posix_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "name", "nt")
        with pytest.raises(InvalidSettings, match="POSIX"):
            LocalStore("folder")


@pytest.mark.parametrize("condition", [None, ABSENT])
def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, condition: None
) -> None:
    store = LocalStore(tmp_path)
    store.put("folder/before", b"x")
    order: list[str] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        named = (tmp_path / "folder" / "key").exists()
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "bytes"
        order.append(f"{kind}, {'named' if named else 'unnamed'}")

    monkeypatch.setattr(os, "fsync", note)
    store.put("folder/key", b"x", only_if=condition)
    assert order == ["bytes, unnamed", "folder, named"]


def test_a_new_folder_is_on_the_disk_up_to_the_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path)
    synced: list[int] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", note)
    store.put("a/b/key", b"x", only_if=ABSENT)
    for folder in ("a/b", "a", "."):
        assert os.stat(tmp_path / folder).st_ino in synced


def test_the_time_of_an_object_is_not_the_coarse_one_of_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_700_000_000_123_456_789
    monkeypatch.setattr(time, "time_ns", lambda: now)
    LocalStore(tmp_path).put("key", b"x")
    assert os.stat(tmp_path / "key").st_mtime_ns == now
