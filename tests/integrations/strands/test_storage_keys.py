"""What a storage refuses before it asks the store: keys that lead elsewhere, and no bytes."""

from __future__ import annotations

from typing import Any

import pytest
from strands.types.exceptions import StorageError

from s3sessions import (
    InvalidId,
    InvalidMessage,
)
from s3sessions.integrations.strands import S3SessionsStorage
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.integrations.strands.storages import run
from tests.servers.moto_server import MotoServer


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc", "a//b", "a/", ".", "..", "../a", "a/../../b", "a/./b", "a\\b", "\ud800", 7],
)
def test_a_key_that_would_leave_its_place_is_refused_before_any_request(key: Any) -> None:
    requests: list[Request] = []
    with S3SessionsStorage(store=MemoryStore(), on_request=requests.append) as storage:
        for verb in (storage.read, storage.delete, lambda key: storage.write(key, b"")):
            with pytest.raises(InvalidId) as caught:
                run(verb(key))
            assert isinstance(caught.value, StorageError)
        if key not in ("", ".", "a/"):
            with pytest.raises(InvalidId):
                run(storage.list(key))
        if key not in ("", "/", "a/"):
            with pytest.raises(InvalidId):
                storage.namespace(key)
    assert requests == []


def test_a_key_may_have_as_many_bytes_as_s3_takes_with_its_prefix(moto: MotoServer) -> None:
    requests: list[Request] = []
    url = f"s3://{moto.make_bucket()}/pré"
    with S3SessionsStorage(
        url, endpoint_url=moto.endpoint_url, on_request=requests.append
    ) as storage:
        longest = "k" * (1024 - len(storage.prefix.encode()))
        run(storage.write(longest, b"x"))
        assert run(storage.list()) == [longest]
        requests.clear()
        with pytest.raises(InvalidId, match="1025 bytes"):
            run(storage.write(longest + "k", b"x"))
    assert requests == []


@pytest.mark.parametrize("data", ["text", 5, None])
def test_only_bytes_are_written(data: Any) -> None:
    store = MemoryStore()
    with S3SessionsStorage(store=store) as storage, pytest.raises(InvalidMessage):
        run(storage.write("a", data))
    assert not store.list("").entries
