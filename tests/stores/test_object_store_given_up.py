"""A request that hangs is given up with the caller's time, though nothing can interrupt it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3sessions import DeadlineExceeded, Sessions
from tests.servers.s3_stub import Stub
from tests.servers.wire import Hold, Rule, WireProxy


@pytest.fixture
def wire(stub: Stub) -> Iterator[WireProxy]:
    with WireProxy(stub.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def sessions(wire: WireProxy, stub_bucket: str) -> Iterator[Sessions]:
    url = f"s3://{stub_bucket}/given-up"
    with Sessions(url, endpoint_url=wire.url, transport="object_store") as opened:
        yield opened


def test_a_write_whose_store_hangs_is_given_up_in_time_and_said_to_be_unknown(
    wire: WireProxy, sessions: Sessions
) -> None:
    chat = sessions.open("written")
    chat.append({"n": 0})
    hold = Hold(before_server=True)
    wire.rules([Rule(hold, operation="PutObject", count=1)])
    try:
        with pytest.raises(DeadlineExceeded) as caught:
            chat.append({"n": 1}, deadline=0.3)
        assert not hold.passed.is_set()
        assert caught.value.fate == "unknown"
    finally:
        hold.released.set()
    assert chat.append({"n": 1}, write_id=caught.value.write_id).index == 1
    assert sessions.open("written").restore().payloads == [{"n": 0}, {"n": 1}]


def test_a_restore_whose_store_hangs_is_given_up_in_time(
    wire: WireProxy, sessions: Sessions
) -> None:
    sessions.open("read").append_many([{"n": n} for n in range(9)])
    hold = Hold(before_server=True)
    wire.rules([Rule(hold, operation="GetObject", key="*/message_5.json", count=1)])
    chat = sessions.open("read")
    try:
        with pytest.raises(DeadlineExceeded):
            chat.restore(deadline=0.5)
        assert not hold.passed.is_set()
    finally:
        hold.released.set()
    assert len(chat.restore().messages) == 9
