from __future__ import annotations

import contextlib
import os
import shutil
import stat
import threading
from pathlib import Path

import pytest

from s3sessions.errors import InvalidId, InvalidSettings, NotFound, PreconditionFailed
from s3sessions.ports import ABSENT, Target
from s3sessions.stores.local import LocalStore
from s3sessions.testing import StoreContract


class TestLocalStore(StoreContract):
    race_rounds = 50
    folder: Path

    @pytest.fixture(autouse=True)
    def _in_a_new_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "not" / "yet"

    def make_store(self) -> LocalStore:
        return LocalStore(self.folder)


def files(folder: Path) -> list[str]:
    """Every file below a folder, the store's own apart."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return sorted(str(path) for path in found if path.parts[0] != ".s3sessions")


def unfinished(folder: Path) -> list[Path]:
    return list((folder / ".s3sessions" / "tmp").glob("*"))


def keys(store: LocalStore, prefix: str = "") -> list[str]:
    return [entry.key for entry in store.list(prefix).entries]


def test_an_object_is_a_file_of_the_same_name_and_bytes(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("session_é/messages/message_0.json", b'{"a": 1}', only_if=ABSENT)
    store.put("session_é/session.json", b"{}")
    assert files(tmp_path) == ["session_é/messages/message_0.json", "session_é/session.json"]
    assert (tmp_path / "session_é/messages/message_0.json").read_bytes() == b'{"a": 1}'
    assert unfinished(tmp_path) == []


def test_a_file_of_another_program_is_an_object(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note.txt").write_bytes(b"by hand")
    store = LocalStore(str(tmp_path))
    blob = store.get("folder/note.txt")
    assert blob.data == b"by hand"
    assert [(entry.key, entry.etag) for entry in store.list("").entries] == [
        ("folder/note.txt", blob.etag)
    ]
    assert store.put("folder/note.txt", b"by us", only_if=blob.etag) != blob.etag
    with pytest.raises(PreconditionFailed):
        store.delete("folder/note.txt", only_if=blob.etag)


def test_the_folder_is_made_at_the_first_write(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    store = LocalStore(folder)
    assert store.list("").entries == []
    with pytest.raises(NotFound):
        store.get("key")
    store.delete("key")
    assert store.delete_many([Target("key")])[0].error is None
    store.close()
    assert not (tmp_path / "a").exists()
    store.put("key", b"x")
    assert files(folder) == ["key"]


def test_a_relative_folder_is_that_of_the_construction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = LocalStore("data")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    store.put("key", b"x")
    assert files(tmp_path) == ["data/.s3sessions/locks/" + lock_name(tmp_path), "data/key"]


def lock_name(tmp_path: Path) -> str:
    (lock,) = (tmp_path / "data" / ".s3sessions" / "locks").iterdir()
    return lock.name


BAD_KEYS = (
    "",
    "/key",
    "key/",
    "a//b",
    ".",
    "..",
    "../outside",
    "a/../../outside",
    "a/./b",
    "nul\x00",
    "n" * 256,
    "é" * 128,
    "lone \ud800",
    ".s3sessions",
    ".s3sessions/tmp/x",
)


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_no_path_is_refused_before_anything_is_touched(
    tmp_path: Path, key: str
) -> None:
    store = LocalStore(tmp_path / "folder")
    for attempt in (
        lambda: store.get(key),
        lambda: store.put(key, b"x"),
        lambda: store.put(key, b"x", only_if=ABSENT),
        lambda: store.delete(key),
        lambda: store.copy(key, "target"),
        lambda: store.copy("source", key),
    ):
        with pytest.raises(InvalidId) as caught:
            attempt()
        assert caught.value.key is not None
    assert isinstance(store.delete_many([Target(key)])[0].error, InvalidId)
    assert os.listdir(tmp_path) == []


def test_a_key_longer_than_a_path_may_be_is_invalid(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    key = "/".join(["n" * 200] * 30)
    with pytest.raises(InvalidId, match="shorten"):
        store.put(key, b"x", only_if=ABSENT)
    assert files(tmp_path) == []


def test_a_key_below_an_object_is_invalid(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("a", b"x")
    store.put("b/c", b"x")
    for key in ("a/b", "a/b/c", "b"):
        for condition in (None, ABSENT):
            with pytest.raises(InvalidId, match="choose another key"):
                store.put(key, b"y", only_if=condition)
    assert files(tmp_path) == ["a", "b/c"]
    assert unfinished(tmp_path) == []
    store.delete("b")
    store.delete("a/b")
    assert files(tmp_path) == ["a", "b/c"]


def test_a_file_in_the_place_of_the_folder_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    store = LocalStore(tmp_path / "file")
    for attempt in (
        lambda: store.get("key"),
        lambda: store.put("key", b"x"),
        lambda: store.put("key", b"x", only_if=ABSENT),
        lambda: store.delete("key"),
        lambda: store.list(""),
    ):
        with pytest.raises(InvalidSettings, match="not a folder"):
            attempt()
    with pytest.raises(InvalidSettings, match="name another"):
        LocalStore(tmp_path / "file" / "below").put("key", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"secret")
    (folder / "linked").symlink_to(outside)
    (folder / "file").symlink_to(outside / "file")
    (folder / "dangling").symlink_to(outside / "nothing")
    store = LocalStore(folder)
    assert (keys(store), keys(store, "linked/")) == ([], [])
    assert store.list("", delimiter="/").prefixes == []
    for key in ("linked/file", "file", "dangling"):
        with pytest.raises(NotFound):
            store.get(key)
        store.delete(key)
        for condition in (None, ABSENT):
            with pytest.raises(InvalidSettings, match="symbolic link"):
                store.put(key, b"overwritten", only_if=condition)
    assert sorted(os.listdir(outside)) == ["file"]
    assert (outside / "file").read_bytes() == b"secret"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    store = LocalStore(tmp_path / "link")
    store.put("a/b", b"x", only_if=ABSENT)
    assert (keys(store), store.get("a/b").data) == (["a/b"], b"x")
    assert files(tmp_path / "real") == ["a/b"]


def test_what_is_no_file_is_no_object(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty" / "folder").mkdir(parents=True)
    with open(os.fsencode(tmp_path) + b"/not utf-8 \xff", "wb"):
        pass
    store = LocalStore(tmp_path)
    assert (keys(store), store.list("", delimiter="/").prefixes) == ([], [])
    for key in ("pipe", "empty", "empty/folder"):
        with pytest.raises(NotFound):
            store.get(key)
    store.delete("pipe")
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


def test_a_deletion_removes_the_folders_that_it_empties(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for key in ("a/b/c/1", "a/b/2", "d/e/3"):
        store.put(key, b"x")
    store.delete("a/b/c/1")
    assert not (tmp_path / "a/b/c").exists()
    assert (tmp_path / "a/b").exists()
    store.delete_many([Target("a/b/2"), Target("d/e/3")])
    assert sorted(os.listdir(tmp_path)) == [".s3sessions"]


def test_creating_and_deleting_side_by_side_never_fails(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)

    def write_and_delete(name: str) -> int:
        for number in range(150):
            key = f"a/b/c/{name}-{number}"
            store.put(key, b"x", only_if=ABSENT if number % 2 else None)
            assert store.get(key).data == b"x"
            store.delete(key)
        return 150

    calls = [lambda name=name: write_and_delete(name) for name in "pqrs"]
    assert list(store.fan_out(calls)) == [150] * 4
    assert sorted(os.listdir(tmp_path)) == [".s3sessions"]
    store.close()


def test_no_two_versions_share_an_etag(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    etags = [store.put("key", b"same") for _ in range(300)]
    assert len(set(etags)) == 300


def test_a_counter_loses_no_step_under_threads(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("counter", b"0")

    def count() -> None:
        done = 0
        while done < 20:
            blob = store.get("counter")
            with contextlib.suppress(PreconditionFailed):
                store.put("counter", b"%d" % (int(blob.data) + 1), only_if=blob.etag)
                done += 1

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("counter").data == b"120"


def test_a_store_goes_on_when_its_folder_was_removed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "folder")
    store.put("a/b", b"x", only_if=ABSENT)
    shutil.rmtree(tmp_path / "folder")
    assert keys(store) == []
    store.put("a/b", b"y", only_if=ABSENT)
    assert store.get("a/b").data == b"y"
