"""Strands' storage on every store: its verbs, its keys, its errors, and who waits for whom."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import pytest
from strands.storage import Storage
from strands.types.exceptions import StorageError

from s3sessions import (
    InvalidSettings,
    StoreUnavailable,
)
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.integrations.strands.storages import StoragePlace, run
from tests.interposed import Interposed
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer

ALL_BYTES = bytes(range(256))
LATEST = "session/order-42/scopes/agent/default/snapshots/snapshot_latest.json"


@pytest.fixture
def storage(storage_place: StoragePlace) -> S3SessionsStorage:
    return storage_place.storage()


def test_it_is_a_storage_of_strands(storage: S3SessionsStorage) -> None:
    known: Storage = storage
    assert isinstance(known, Storage)


def test_what_is_written_is_read_by_another_process(storage_place: StoragePlace) -> None:
    run(storage_place.storage().write(LATEST, ALL_BYTES))
    assert run(storage_place.storage().read(LATEST)) == ALL_BYTES


def test_a_key_stands_under_the_prefix_as_it_is(storage_place: StoragePlace) -> None:
    run(storage_place.storage().write("session/é 1/x.json", b"x"))
    assert storage_place.rig.keys() == ["session/é 1/x.json"]


def test_a_write_replaces_what_the_storage_wrote_or_read(storage_place: StoragePlace) -> None:
    first = storage_place.storage()
    run(first.write("a", b"1"))
    run(first.write("a", b"2"))
    second = storage_place.storage()
    assert run(second.read("a")) == b"2"
    run(second.write("a", b"3"))
    assert storage_place.rig.body("a") == b"3"


def test_what_is_not_there_is_none(storage: S3SessionsStorage) -> None:
    assert run(storage.read("nothing")) is None


def test_a_deletion_may_be_repeated(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    run(storage.write("a", b""))
    run(storage.delete("a"))
    run(storage.delete("a"))
    assert run(storage.read("a")) is None
    assert storage_place.rig.keys() == []


def test_a_list_is_sorted_and_takes_any_beginning_of_a_key(storage: S3SessionsStorage) -> None:
    for key in ("b/2", "b/10", "a", "b.x"):
        run(storage.write(key, b""))
    assert run(storage.list("")) == run(storage.list()) == ["a", "b.x", "b/10", "b/2"]
    assert run(storage.list("b/")) == ["b/10", "b/2"]
    assert run(storage.list("b/1")) == ["b/10"]
    assert run(storage.list("c")) == []


def test_a_list_is_sorted_whatever_the_order_of_the_store() -> None:
    def reverse(verb: str, key: str, call: Any) -> Any:
        answer = call()
        return replace(answer, entries=answer.entries[::-1]) if verb == "list" else answer

    with S3SessionsStorage(store=Interposed(MemoryStore(), reverse)) as storage:
        for key in ("a", "b", "c"):
            run(storage.write(key, b""))
        assert run(storage.list()) == ["a", "b", "c"]


def test_a_namespace_is_the_same_keys_one_prefix_deeper(storage_place: StoragePlace) -> None:
    storage = storage_place.storage()
    scoped = storage.namespace("memory").namespace("agent/")
    run(scoped.write("notes.md", b"blue green deploys"))
    run(storage.write("other/agent.md", b"unrelated"))
    assert run(storage.list()) == ["memory/agent/notes.md", "other/agent.md"]
    assert run(scoped.list()) == ["notes.md"]
    assert scoped.prefix == storage.prefix + "memory/agent/"
    found = run(scoped.search("agent deploys"))
    assert [(result.key, result.data) for result in found] == [("notes.md", b"blue green deploys")]


def test_a_list_of_more_than_a_page_is_whole() -> None:
    store, requests = MemoryStore(), list[Request]()
    for number in range(1001):
        store.put(f"k{number}", b"")
    with S3SessionsStorage(store=store, on_request=requests.append) as storage:
        assert len(run(storage.list("k"))) == 1001
    assert [request.verb for request in requests] == ["list", "list"]


def test_the_settings_reach_the_store(moto: MotoServer) -> None:
    bucket = moto.make_bucket()
    with S3SessionsStorage(
        f"s3://{bucket}/p",
        endpoint_url=moto.endpoint_url,
        put_args={"ServerSideEncryption": "AES256", "ContentType": "application/json"},
    ) as storage:
        run(storage.write("a", b"{}"))
    with moto.client() as s3:
        head = s3.head_object(Bucket=bucket, Key="p/a")
    assert (head["ServerSideEncryption"], head["ContentType"]) == ("AES256", "application/json")


def test_a_client_of_the_callers_is_used_and_left_open(moto: MotoServer) -> None:
    bucket = moto.make_bucket()
    with moto.client() as client:
        with S3SessionsStorage(f"s3://{bucket}", client=client) as storage:
            run(storage.write("a", b"1"))
        assert client.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"


def test_arguments_that_cannot_work_are_refused() -> None:
    wrong: Any = "ignore"
    with pytest.raises(InvalidSettings, match="on_conflict='ignore'"):
        S3SessionsStorage("memory://", on_conflict=wrong)
    with pytest.raises(InvalidSettings, match="store is given"):
        S3SessionsStorage("memory://", store=MemoryStore())
    with pytest.raises(InvalidSettings, match="no url"):
        S3SessionsStorage()


def test_an_error_is_ours_and_strands_and_travels_between_processes(moto: MotoServer) -> None:
    with S3SessionsStorage(
        f"s3://no-such-bucket-{fresh_name()}", endpoint_url=moto.endpoint_url
    ) as storage:
        verbs = (storage.read("a"), storage.write("a", b""), storage.delete("a"), storage.list())
        for verb in verbs:
            with pytest.raises(InvalidSettings, match="does not exist") as caught:
                run(verb)
            assert isinstance(caught.value, StorageError)
            again = pickle.loads(pickle.dumps(caught.value))
            assert (type(again), str(again)) == (type(caught.value), str(caught.value))


def test_a_store_that_does_not_answer_is_unavailable() -> None:
    store = FaultyStore(MemoryStore(), Rule(Fault.REFUSED, count=None))
    with S3SessionsStorage(store=store) as storage:
        for verb in (storage.read("a"), storage.write("a", b""), storage.list()):
            with pytest.raises(StoreUnavailable) as caught:
                run(verb)
            assert isinstance(caught.value, StorageError)
