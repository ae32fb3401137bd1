"""Stored bytes: what goes in comes out, and what earlier versions wrote stays readable."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions import CorruptObject, InvalidMessage
from s3sessions.codec import Draft, decode_message
from s3sessions.values import decode_value, encode_value

STORED = Path(__file__).parent / "data" / "stored"
NOW = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)

KEYS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["data", "__bytes_encoded__", "__bytes_encoded__~", "__bytes_encoded__~~"]),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
    st.binary(max_size=10),
    st.just(True),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(KEYS, VALUES, max_size=4)


def stored(payload: dict[str, Any]) -> bytes:
    return Draft.of(payload, write_id="w", created_at=NOW, limit=10**9).at(7)


@given(PAYLOADS)
def test_every_payload_that_is_taken_comes_back_equal(payload: dict[str, Any]) -> None:
    try:
        data = stored(payload)
    except InvalidMessage:
        return
    message = decode_message("key", 7, data)
    assert message.payload == payload
    assert (message.write_id, message.created_at) == ("w", NOW)


@given(VALUES)
def test_encoding_a_value_is_undone_by_decoding_it(value: Any) -> None:
    encoded = encode_value(value)
    assert decode_value(json.loads(json.dumps(encoded))) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_reading_fail_but_as_a_corrupt_object(data: bytes) -> None:
    with suppress(CorruptObject):
        decode_message("key", 0, data)


def test_the_object_is_compact_json_in_the_fields_that_strands_reads() -> None:
    assert stored({"role": "user", "content": "é"}).decode() == (
        '{"message":{"role":"user","content":"é"},"message_id":7,"redact_message":null,'
        '"created_at":"2026-01-02T03:04:05.000006+00:00",'
        '"updated_at":"2026-01-02T03:04:05.000006+00:00",'
        '"s3sessions":{"v":1,"write_id":"w"}}'
    )


def test_fields_that_are_not_known_are_kept_beside_the_message() -> None:
    document = json.loads(stored({"x": 1}))
    document["later"] = [1]
    document["s3sessions"]["later"] = {"a": 12}
    message = decode_message("key", 7, json.dumps(document).encode())
    assert message.extra == {"later": [1]}
    assert message.stamp == {"later": {"a": 12}}


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00:00+23:00", "", 5])
def test_what_is_no_time_is_none_and_costs_no_message(text: object) -> None:
    document = json.loads(stored({"x": 1}))
    document["created_at"] = text
    message = decode_message("key", 7, json.dumps(document).encode())
    assert (message.created_at, message.payload) == (None, {"x": 1})


def test_a_marker_of_ours_that_is_damaged_is_not_taken_for_a_users_dict() -> None:
    data = stored({"x": b"bytes"}).replace(b"Ynl0ZXM=", b"!!!")
    with pytest.raises(CorruptObject, match="encoded bytes are no base64"):
        decode_message("key", 7, data)


@pytest.mark.parametrize("folder", sorted(p.name for p in STORED.iterdir()))
def test_what_a_released_version_stored_is_read(folder: str) -> None:
    expected = json.loads((STORED / folder / "expected.json").read_text(encoding="utf-8"))
    data = (STORED / folder / "message_3.json").read_bytes()
    message = decode_message("message_3.json", 3, data)
    assert encode_value(message.payload) == expected["payload"]
    assert message.write_id == expected["write_id"]
