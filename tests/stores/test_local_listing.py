from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sessions.errors import InvalidSettings
from s3sessions.ports import Page
from s3sessions.stores.local import LocalStore
from s3sessions.stores.memory import MemoryStore

KEYS = ["a!", "a-b/x", "a/1", "a/10", "a/2", "a/b/c/d", "a0", "ab/x", "b", "é/1", "\U0001f600", "￮"]


def shown(page: Page) -> tuple[list[str], list[str]]:
    return [entry.key for entry in page.entries], list(page.prefixes)


def filled(folder: Path) -> LocalStore:
    store = LocalStore(folder)
    for key in KEYS:
        store.put(key, b"x")
    return store


def test_keys_come_in_the_byte_order_of_the_whole_key(tmp_path: Path) -> None:
    assert shown(filled(tmp_path).list(""))[0] == sorted(KEYS, key=str.encode)


segment = st.text("ab!/-0é", min_size=1, max_size=4)


@settings(deadline=None, max_examples=150)
@given(
    prefix=st.one_of(st.just(""), segment, st.sampled_from(KEYS)),
    limit=st.integers(1, 5),
    delimiter=st.sampled_from([None, "/"]),
)
def test_pages_are_those_of_a_store_in_memory(
    tmp_path_factory: pytest.TempPathFactory, prefix: str, limit: int, delimiter: str | None
) -> None:
    folder = tmp_path_factory.getbasetemp() / "listing"
    local = LocalStore(folder) if folder.exists() else filled(folder)
    memory = MemoryStore()
    for key in KEYS:
        memory.put(key, b"x")
    token: str | None = None
    while True:
        pages = [
            store.list(prefix, delimiter=delimiter, token=token, limit=limit)
            for store in (local, memory)
        ]
        assert shown(pages[0]) == shown(pages[1])
        assert pages[0].token == pages[1].token
        token = pages[0].token
        if token is None:
            break


@settings(deadline=None, max_examples=150)
@given(prefix=st.sampled_from(["", "a", "a/", "b"]), token=st.text("ab/!0~", max_size=4))
def test_any_text_as_token_shows_what_lies_behind_it(
    tmp_path_factory: pytest.TempPathFactory, prefix: str, token: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "listing"
    local = LocalStore(folder) if folder.exists() else filled(folder)
    expected = sorted(key for key in KEYS if key.startswith(prefix) and key > token)
    assert shown(local.list(prefix, token=token)) == (expected, [])


@pytest.mark.parametrize(
    "prefix",
    ["..", "../", "a/../", "a/./", "a//", "/", "/etc/", ".s3sessions", ".s3sessions/", "\x00/"]
    + ["n" * 300 + "/", "\ud800", "\ud800/", "a/1/"],
)
def test_a_prefix_that_no_key_can_have_shows_nothing(tmp_path: Path, prefix: str) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    store = filled(tmp_path / "folder")
    for delimiter in (None, "/"):
        assert shown(store.list(prefix, delimiter=delimiter)) == ([], [])


def test_empty_folders_are_no_prefixes(tmp_path: Path) -> None:
    store = filled(tmp_path)
    (tmp_path / "session_a" / "agents" / "agent_x").mkdir(parents=True)
    (tmp_path / "session_b" / "agents").mkdir(parents=True)
    (tmp_path / "session_b" / "agents" / "file").write_bytes(b"x")
    assert shown(store.list("session_", delimiter="/")) == ([], ["session_b/"])
    assert shown(store.list("session_")) == (["session_b/agents/file"], [])


@pytest.mark.parametrize(
    ("delimiter", "limit"), [("-", 10), ("", 10), ("//", 10), (None, 0), ("/", -1)]
)
def test_a_list_that_it_cannot_give_is_refused(
    tmp_path: Path, delimiter: str | None, limit: int
) -> None:
    with pytest.raises(InvalidSettings):
        LocalStore(tmp_path).list("", delimiter=delimiter, limit=limit)


def test_a_page_has_never_more_than_a_thousand(tmp_path: Path) -> None:
    for number in range(1001):
        (tmp_path / str(number)).touch()
    page = LocalStore(tmp_path).list("", limit=5000)
    assert len(page.entries) == 1000
    assert page.token is not None


def scanned(
    monkeypatch: pytest.MonkeyPatch, store: LocalStore, prefix: str, **arguments: str
) -> list[str]:
    """List, and give the names of the folders that were read for it."""
    seen: list[str] = []
    scan = os.scandir

    def note(path: bytes) -> object:
        seen.append(Path(os.fsdecode(path)).name)
        return scan(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", note)
        store.list(prefix, **arguments)  # type: ignore[arg-type]
    return seen


def test_folders_that_cannot_match_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "root")
    assert scanned(monkeypatch, store, "a/b") == ["a", "b", "c"]
    assert scanned(monkeypatch, store, "a-") == ["root", "a-b"]
    assert scanned(monkeypatch, store, "nothing/here/") == ["here"]


def test_folders_before_the_token_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "root")
    assert scanned(monkeypatch, store, "", token="a/2") == ["root", "a", "b", "c", "ab", "é"]
    assert scanned(monkeypatch, store, "", token="ab/", delimiter="/") == ["root", "é"]
