"""Schedules of packings that the simulator found, replayed: each of them once broke a promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import AppendConflict, SessionNotFound, Sessions
from s3sessions.errors import S3SessionsError, StoreUnavailable
from s3sessions.ports import PAGE_LIMIT, DeleteOutcome, Page, Target
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing.simulate.blocks import small_blocks
from tests.simulation.eventful import EventfulStore, said, texts

AGENT = "session_s/agents/agent_default/"
SEGMENT = f"{AGENT}archive/segment_0-2.jsonl"


@pytest.fixture(autouse=True)
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


@pytest.fixture
def inner() -> MemoryStore:
    store = MemoryStore()
    speak(store, "a", "secret", "c", "d")
    return store


def speak(store: MemoryStore, *words: str) -> None:
    chat = Sessions(store=store).open("s", on_conflict="rebase")
    for word in words:
        chat.append(said(word))


def pack(store: Any) -> Any:
    return Sessions(store=store).open("s").compact(pack=True, min_age=0)


def test_a_segment_that_arrives_behind_a_deletion_brings_nothing_back(inner: MemoryStore) -> None:
    pack(inner)
    late = inner.get(SEGMENT).data
    Sessions(store=inner).delete("s")
    inner.put(SEGMENT, late)
    chat = Sessions(store=inner).open("s")
    assert texts(inner) == []
    assert list(chat.iterate()) == []
    speak(inner, "new")
    assert texts(inner) == ["new"]
    assert [message.payload["text"] for message in chat.iterate()] == ["new"]


def test_nor_does_one_where_the_next_life_has_got_no_session_json_yet(inner: MemoryStore) -> None:
    pack(inner)
    late = inner.get(SEGMENT).data
    Sessions(store=inner).delete("s")
    inner.put(SEGMENT, late)
    speak(inner, "new")
    inner.delete("session_s/session.json")
    assert texts(inner) == ["new"]
    speak(inner, "newer")
    assert texts(inner) == ["new", "newer"]


def test_it_does_not_move_the_place_at_which_the_next_life_goes_on(inner: MemoryStore) -> None:
    pack(inner)
    late = inner.get(SEGMENT).data
    Sessions(store=inner).delete("s")
    speak(inner, "new")
    warm = Sessions(store=inner).open("s")
    warm.restore()
    inner.put(SEGMENT, late)
    fresh = Sessions(store=inner).open("s", on_conflict="rebase")
    assert fresh.append(said("newer")).index == 1
    with pytest.raises(AppendConflict):
        warm.append(said("newest"))
    assert texts(inner) == ["new", "newer"]


def test_a_packing_that_stalled_does_not_undo_what_was_changed_in_anothers_segment(
    inner: MemoryStore,
) -> None:
    store = EventfulStore(inner)

    def be_faster(verb: str, key: str) -> None:
        if verb == "put" and key == SEGMENT:
            store.meanwhile = None
            pack(inner)
            Sessions(store=inner).open("s").redact(1, replacement=said("redacted"))

    store.meanwhile = be_faster
    pack(store)
    assert texts(inner) == ["a", "redacted", "c", "d"]
    assert b"secret" not in inner.get(SEGMENT).data


def test_nor_what_was_changed_while_it_ended_what_another_had_left(inner: MemoryStore) -> None:
    loose = {index: inner.get(f"{AGENT}messages/message_{index}.json").data for index in range(3)}
    pack(inner)
    for index, data in loose.items():
        inner.put(f"{AGENT}messages/message_{index}.json", data)
    store = EventfulStore(inner)
    asked: list[str] = []

    def be_faster(verb: str, key: str) -> None:
        is_of_the_block = key == SEGMENT or any(f"message_{n}." in key for n in range(3))
        asked.extend([key] if verb == "get" and is_of_the_block else [])
        if len(asked) == 4:
            # It has read the sources or the segment; the last of both is about to be read.
            store.meanwhile = None
            pack(inner)
            Sessions(store=inner).open("s").redact(1, replacement=said("redacted"))

    store.meanwhile = be_faster
    pack(store)
    assert texts(inner) == ["a", "redacted", "c", "d"]
    assert b"secret" not in inner.get(SEGMENT).data


def test_a_lost_session_json_takes_no_packed_history_along(inner: MemoryStore) -> None:
    pack(inner)
    inner.delete("session_s/session.json")
    assert texts(inner) == ["a", "secret", "c", "d"]
    speak(inner, "e")
    assert texts(inner) == ["a", "secret", "c", "d", "e"]


class SmallPages(EventfulStore):
    """A store that lists one key at a time."""

    @property
    def lists_in_parts(self) -> bool:
        return False

    def list(self, prefix: str, *, limit: int = PAGE_LIMIT, **options: Any) -> Page:
        return super().list(prefix, limit=1, **options)


def test_an_iteration_finds_what_was_packed_between_two_pages_of_its_list(
    inner: MemoryStore,
) -> None:
    pack(inner)
    speak(inner, *"efghijk")
    store = SmallPages(inner)
    pages: list[str] = []

    def be_packed(verb: str, prefix: str) -> None:
        pages.extend([prefix] if verb == "list" else [])
        if len(pages) == 4:
            # The segment that was there is listed, and message 10, the first in the order of bytes.
            store.meanwhile = None
            pack(inner)

    store.meanwhile = be_packed
    stream = Sessions(store=store).open("s").iterate()
    assert [message.payload["text"] for message in stream] == texts(inner)
    assert len(texts(inner)) == 11
    assert stream.holes == ()


def test_an_iteration_under_which_the_history_is_packed_and_deleted_says_so(
    inner: MemoryStore,
) -> None:
    store = EventfulStore(inner)

    def be_packed_then_deleted(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_0.json"):
            pack(inner)
        if verb == "get" and key == SEGMENT:
            store.meanwhile = None
            Sessions(store=inner).delete("s")

    store.meanwhile = be_packed_then_deleted
    with pytest.raises(SessionNotFound):
        list(Sessions(store=store).open("s").iterate())


class Dying(EventfulStore):
    """A store that dies with the last two messages still to be deleted."""

    def delete_many(self, targets: Sequence[Target]) -> list[DeleteOutcome]:
        super().delete_many([t for t in targets if not t.key.endswith(("_9.json", "_10.json"))])
        raise StoreUnavailable("died")


def test_an_iteration_with_a_hole_under_which_the_history_is_deleted_in_part_says_so(
    inner: MemoryStore,
) -> None:
    speak(inner, *"efghijk")
    inner.delete(f"{AGENT}messages/message_1.json")
    store = SmallPages(inner)

    def be_deleted_in_part(verb: str, key: str) -> None:
        if verb == "get" and key.endswith("message_0.json"):
            store.meanwhile = None
            with suppress(S3SessionsError):
                Sessions(store=Dying(inner)).delete("s")

    store.meanwhile = be_deleted_in_part
    with pytest.raises(SessionNotFound):
        list(Sessions(store=store).open("s").iterate())


class Backwards(EventfulStore):
    """A store that begins with the last of several requests."""

    def fan_out(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        return [call() for call in reversed(calls)][::-1]


def test_a_deletion_takes_what_was_written_between_its_first_list_and_its_mark() -> None:
    inner = MemoryStore()
    Sessions(store=inner).create("s")
    store = Backwards(inner)

    def speak_once(verb: str, key: str) -> None:
        if verb == "put" and key == "session_s/session.json":
            store.meanwhile = None
            inner.put(f"{AGENT}messages/message_0.json", b"{}")

    store.meanwhile = speak_once
    Sessions(store=store).delete("s")
    assert inner.list("").entries == []
