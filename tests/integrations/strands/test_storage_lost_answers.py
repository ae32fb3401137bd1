"""Answers that are lost, late or doubled: no storage takes what it did itself for a rival's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strands.types.exceptions import StorageError

from s3sessions import (
    Conflict,
    NotFound,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.storages import run
from tests.interposed import Interposed

KEY = "session/s/latest.json"


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(MemoryStore())


@pytest.mark.parametrize("fault", [Fault.REPEATED, Fault.RACE])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_request_that_the_client_sent_twice_is_no_conflict(
    faulty: FaultyStore, fault: Fault, nth: int
) -> None:
    faulty.add(Rule(fault, verb="put", nth=nth))
    with S3SessionsStorage(store=faulty) as storage:
        for at in range(3):
            run(storage.write(KEY, b"%d" % at))
        assert faulty.injected[fault] == 1
        assert run(storage.read(KEY)) == b"2"


@pytest.mark.parametrize("nth", [1, 2])
def test_a_write_without_an_answer_does_not_stand_in_the_way_of_the_next(
    faulty: FaultyStore, nth: int
) -> None:
    faulty.add(Rule(Fault.LOST_ANSWER, verb="put", nth=nth))
    with S3SessionsStorage(store=faulty) as storage:
        outcomes = [outcome_of(storage, b"%d" % at) for at in range(3)]
        assert [type(outcome) for outcome in outcomes].count(type(None)) == 2
        assert isinstance(outcomes[nth - 1], StoreUnavailable)
        assert run(storage.read(KEY)) == b"2"


def test_a_write_without_an_answer_is_no_excuse_to_replace_a_rivals(faulty: FaultyStore) -> None:
    with S3SessionsStorage(store=faulty) as storage, S3SessionsStorage(store=faulty) as rival:
        faulty.add(Rule(Fault.LOST_ANSWER, verb="put"))
        assert isinstance(outcome_of(storage, b"mine"), StoreUnavailable)
        assert run(rival.read(KEY)) == b"mine"
        run(rival.write(KEY, b"theirs"))
        assert isinstance(outcome_of(storage, b"mine again"), Conflict)
        assert run(rival.read(KEY)) == b"theirs"


def test_a_late_write_replaces_nothing_that_came_after_it(faulty: FaultyStore) -> None:
    with S3SessionsStorage(store=faulty) as storage:
        run(storage.write(KEY, b"0"))
        faulty.add(Rule(Fault.LATE, verb="put"))
        assert isinstance(outcome_of(storage, b"late"), StoreUnavailable)
        run(storage.write(KEY, b"1"))
        faulty.deliver()
        run(storage.write(KEY, b"2"))
        assert run(storage.read(KEY)) == b"2"


def test_a_deletion_without_an_answer_does_not_stand_in_the_way(faulty: FaultyStore) -> None:
    with S3SessionsStorage(store=faulty) as storage:
        run(storage.write(KEY, b"0"))
        faulty.add(Rule(Fault.LOST_ANSWER, verb="delete"))
        with pytest.raises(StoreUnavailable):
            run(storage.delete(KEY))
        run(storage.write(KEY, b"1"))
        assert run(storage.read(KEY)) == b"1"


def test_a_refusal_that_cannot_be_looked_into_is_looked_into_by_the_next_write(
    faulty: FaultyStore,
) -> None:
    with S3SessionsStorage(store=faulty) as storage:
        run(storage.write(KEY, b"0"))
        faulty.add(Rule(Fault.REPEATED, verb="put"), Rule(Fault.TRUNCATED, verb="get"))
        assert isinstance(outcome_of(storage, b"1"), StoreUnavailable)
        run(storage.write(KEY, b"2"))
        assert run(storage.read(KEY)) == b"2"


def test_a_store_that_refuses_each_try_as_a_race_is_a_conflict_in_the_end() -> None:
    def refuse(verb: str, key: str, call: Any) -> Any:
        return racing.put(key, b"") if verb == "put" else call()

    racing = FaultyStore(MemoryStore(), Rule(Fault.RACE, count=None))
    store = Interposed(MemoryStore(), refuse)
    with S3SessionsStorage(store=store, attempts=4) as storage:
        error = outcome_of(storage, b"x")
    assert isinstance(error, WriteRace)
    assert isinstance(error, StorageError)
    assert len(store.slept) == 3


class Reader:
    """What one storage may replace: what it saw last, and what it may have done since."""

    def __init__(self, store: FaultyStore) -> None:
        self.storage = S3SessionsStorage(store=store)
        self._seen: bytes | None = None
        self._open: set[bytes | None] = set()

    def may_replace(self, there: bytes | None) -> bool:
        return there == self._seen or there in self._open

    def saw(self, there: bytes | None) -> None:
        if there != self._seen:
            self._open.clear()
        self._seen = there

    def wrote(self, data: bytes) -> None:
        self._seen = data
        self._open.clear()

    def deleted(self) -> None:
        self._seen = None

    def may_have_done(self, data: bytes | None) -> None:
        self._open.add(data)


FAULTS = (None, None, Fault.REPEATED, Fault.LOST_ANSWER, Fault.LATE, Fault.FAILED)
STEPS = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["read", "write", "write", "delete", "deliver"]),
    st.sampled_from(FAULTS),
)


@given(st.lists(STEPS, max_size=25))
def test_a_write_replaces_what_its_reader_knows_and_nothing_else(steps: list[Any]) -> None:
    memory = MemoryStore()
    store = FaultyStore(memory)
    readers = [Reader(store), Reader(store)]
    for number, (at, verb, fault) in enumerate(steps):
        reader, there = readers[at], body(memory)
        store.clear()
        if fault is not None and verb in ("write", "delete"):
            store.add(Rule(fault, verb="put" if verb == "write" else "delete"))
        if verb == "deliver":
            store.deliver()
        elif verb == "read":
            assert run(reader.storage.read(KEY)) == there
            reader.saw(there)
        elif verb == "write":
            write(reader, b"%d" % number, there, memory)
        else:
            delete(reader)
    for reader in readers:
        reader.storage.close()


def outcome_of(storage: S3SessionsStorage, data: bytes) -> S3SessionsError | None:
    try:
        run(storage.write(KEY, data))
    except S3SessionsError as error:
        return error
    return None


def write(reader: Reader, data: bytes, there: bytes | None, memory: MemoryStore) -> None:
    error = outcome_of(reader.storage, data)
    if error is None:
        assert reader.may_replace(there), "another writer's bytes were replaced"
        assert body(memory) == data
        reader.wrote(data)
    elif isinstance(error, Conflict):
        assert not reader.may_replace(there), "nobody else was there"
        assert body(memory) == there
    else:
        reader.may_have_done(data)


def delete(reader: Reader) -> None:
    try:
        run(reader.storage.delete(KEY))
    except StoreUnavailable:
        reader.may_have_done(None)
    else:
        reader.deleted()


def body(store: MemoryStore) -> bytes | None:
    try:
        return store.get(KEY).data
    except NotFound:
        return None
