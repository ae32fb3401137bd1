"""Two who write the same key are told of each other; one who writes twice is not taken for two."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from strands.types.exceptions import StorageError

from s3sessions import Conflict
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.storages import StoragePlace, run

KEY = "session/s/latest.json"


def test_of_two_who_read_the_same_the_second_write_is_a_conflict(
    storage_place: StoragePlace,
) -> None:
    run(storage_place.storage().write(KEY, b"0"))
    first, second = storage_place.storage(), storage_place.storage()
    assert run(first.read(KEY)) == run(second.read(KEY)) == b"0"
    run(first.write(KEY, b"first"))
    for _ in range(2):
        with pytest.raises(Conflict, match="another writer changed the object") as caught:
            run(second.write(KEY, b"second"))
        assert isinstance(caught.value, StorageError)
        assert caught.value.key == storage_place.rig.prefix + KEY
        assert storage_place.rig.body(KEY) == b"first"
    assert run(second.read(KEY)) == b"first"
    run(second.write(KEY, b"second"))
    assert storage_place.rig.body(KEY) == b"second"


def test_of_two_who_read_nothing_one_creates(storage_place: StoragePlace) -> None:
    first, second = storage_place.storage(), storage_place.storage()
    assert run(first.read(KEY)) is run(second.read(KEY)) is None
    run(first.write(KEY, b"first"))
    with pytest.raises(Conflict, match="has not read"):
        run(second.write(KEY, b"second"))
    assert storage_place.rig.body(KEY) == b"first"


def test_who_never_looked_creates_and_replaces_nothing(storage_place: StoragePlace) -> None:
    storage_place.rig.plant(KEY, b"there")
    with pytest.raises(Conflict, match="on_conflict='overwrite'"):
        run(storage_place.storage().write(KEY, b"blind"))
    assert storage_place.rig.body(KEY) == b"there"


def test_overwriting_is_there_for_who_asks_for_it(storage_place: StoragePlace) -> None:
    storage_place.rig.plant(KEY, b"there")
    storage = storage_place.storage(on_conflict="overwrite")
    run(storage.write(KEY, b"1"))
    storage_place.rig.plant(KEY, b"between")
    run(storage.write(KEY, b"2"))
    run(storage.namespace("session/s").write("latest.json", b"3"))
    assert storage_place.rig.body(KEY) == b"3"


def test_what_was_deleted_since_it_was_read_stays_deleted(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    run(storage.write(KEY, b"1"))
    run(storage_place.storage().delete(KEY))
    with pytest.raises(Conflict, match="was deleted"):
        run(storage.write(KEY, b"2"))
    assert storage_place.rig.keys() == []
    assert run(storage.read(KEY)) is None
    run(storage.write(KEY, b"3"))
    assert storage_place.rig.body(KEY) == b"3"


def test_who_deleted_a_key_may_create_it_again(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    run(storage.write(KEY, b"1"))
    run(storage.delete(KEY))
    run(storage.write(KEY, b"2"))
    assert storage_place.rig.body(KEY) == b"2"


def test_two_who_write_the_same_bytes_do_not_differ(storage_place: StoragePlace) -> None:
    first, second = storage_place.storage(), storage_place.storage()
    run(first.write(KEY, b"same"))
    run(second.write(KEY, b"same"))
    run(second.write(KEY, b"next"))
    assert storage_place.rig.body(KEY) == b"next"


def test_views_of_one_process_are_told_of_each_other(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    first, second = storage.namespace("session"), storage.namespace("session")
    run(first.write("x", b"1"))
    assert run(second.read("x")) == b"1"
    run(second.write("x", b"2"))
    with pytest.raises(Conflict):
        run(first.write("x", b"3"))
    assert storage_place.rig.body("session/x") == b"2"


def test_writes_at_once_by_one_storage_come_one_after_the_other(
    storage_place: StoragePlace,
) -> None:
    storage = storage_place.storage()

    async def write_all() -> None:
        await asyncio.gather(*(storage.write(KEY, b"%d" % at) for at in range(8)))

    run(write_all())
    run(storage.write(KEY, b"last"))
    assert storage_place.rig.body(KEY) == b"last"


@pytest.mark.parametrize("store", ["memory", "local"])
def test_of_many_who_read_one_version_one_writes(
    request: pytest.FixtureRequest, store: str, tmp_path: Path
) -> None:
    place = StoragePlace.make(request, store, tmp_path)
    place.rig.plant(KEY, b"0")
    storages = [place.storage() for _ in range(8)]

    async def race() -> list[Any]:
        await asyncio.gather(*(storage.read(KEY) for storage in storages))
        writes = [storage.write(KEY, b"%d" % at) for at, storage in enumerate(storages, 1)]
        return await asyncio.gather(*writes, return_exceptions=True)

    outcomes = run(race())
    won = [at for at, outcome in enumerate(outcomes, 1) if outcome is None]
    assert [b"%d" % at for at in won] == [place.rig.body(KEY)]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 7
    place.close()


def test_a_write_costs_one_put_and_a_conflict_one_get_more() -> None:
    store, requests = MemoryStore(), list[Request]()
    with S3SessionsStorage(store=store, on_request=requests.append) as storage:
        run(storage.read(KEY))
        for at in range(3):
            run(storage.write(KEY, b"%d" % at))
        assert [request.verb for request in requests] == ["get", "put", "put", "put"]
        requests.clear()
        store.put(KEY, b"theirs")
        with pytest.raises(Conflict):
            run(storage.write(KEY, b"mine"))
        assert [request.verb for request in requests] == ["put", "get"]
