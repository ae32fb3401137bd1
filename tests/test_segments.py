"""Segments: what goes in comes out, a line each, and nothing else is read as one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions import CorruptObject, UnsupportedVersion
from s3sessions.blocks import block_of
from s3sessions.codec import decode_message
from s3sessions.keys import Root
from s3sessions.segments import Segment, decode_segment, one_line

BLOCK = range(300, 303)
KEY = "segment_300-302.jsonl"

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=4), VALUES, max_size=3), min_size=3, max_size=3)
LAYOUTS = st.sampled_from([(None, (",", ":")), (2, (",", ": ")), (1, (" ,\r", "\n:\t"))])


def written(document: dict[str, Any], layout: tuple[int | None, tuple[str, str]]) -> bytes:
    indent, separators = layout
    text = json.dumps(document, indent=indent, separators=separators, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


@given(OBJECTS, LAYOUTS, st.none() | st.text(st.characters(codec="utf-8"), max_size=9))
def test_every_object_comes_back_with_its_values(
    objects: list[dict[str, Any]], layout: tuple[int | None, tuple[str, str]], life: str | None
) -> None:
    stored = [written(document, layout) for document in objects]
    segment = Segment.of(BLOCK, stored, life)
    data = segment.encode()
    assert decode_segment(KEY, BLOCK, data) == segment
    assert data.count(b"\n") == 4
    assert b"\r" not in data
    for index, document, before in zip(BLOCK, objects, stored, strict=True):
        line = segment.line(index)
        assert json.loads(line.decode("utf-8", "surrogatepass")) == document
        assert len(line) == len(before)
        assert line.replace(b" ", b"") == before.translate(None, b" \r\n")


@given(OBJECTS, LAYOUTS, st.sampled_from(BLOCK))
def test_one_object_is_changed_and_no_other(
    objects: list[dict[str, Any]], layout: tuple[int | None, tuple[str, str]], at: int
) -> None:
    before = Segment.of(BLOCK, [written(document, layout) for document in objects], "life")
    data = written({"new": [1, {"a": "b\n"}]}, layout)
    after = before.with_line(at, data)
    assert after.line(at) == one_line(data)
    assert [after.line(i) for i in BLOCK if i != at] == [before.line(i) for i in BLOCK if i != at]
    assert (after.block, after.life) == (BLOCK, "life")
    assert decode_segment(KEY, BLOCK, after.encode()) == after


def test_what_is_stored_stays_as_it_is() -> None:
    data = (
        b'{"s3sessions":{"v":1,"life":"01JD"}}\n'
        b'{"message":{"n":0},"message_id":300,"s3sessions":{"v":1,"write_id":"w"}}\n'
        b'{  "message": {    "n": 1  },  "message_id": 301}\n'
        b'{"message":{"n":2}}\n'
    )
    segment = decode_segment(KEY, BLOCK, data)
    assert (segment.life, segment.encode()) == ("01JD", data)
    messages = [decode_message(KEY, index, segment.line(index), etag="e") for index in BLOCK]
    assert [message.payload["n"] for message in messages] == [0, 1, 2]
    assert [message.write_id for message in messages] == ["w", None, None]
    assert decode_segment(KEY, BLOCK, data.replace(b',"life":"01JD"', b"")).life is None


WHOLE = Segment(BLOCK, [b"{}"] * 3, "life").encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" * 5,
        WHOLE[:-1],
        WHOLE + b"\n",
        WHOLE.partition(b"\n")[2],
        WHOLE + b"{}\n",
        WHOLE.replace(b"{}\n", b"", 1),
        b"garbage\n" + WHOLE.partition(b"\n")[2],
        b"[]\n" + WHOLE.partition(b"\n")[2],
    ],
)
def test_what_has_not_a_header_and_a_line_for_each_index_is_no_segment(data: bytes) -> None:
    with pytest.raises(CorruptObject) as caught:
        decode_segment(KEY, BLOCK, data)
    assert caught.value.key == KEY


def test_a_segment_of_a_newer_version_is_not_read() -> None:
    with pytest.raises(UnsupportedVersion):
        decode_segment(KEY, BLOCK, WHOLE.replace(b'"v":1', b'"v":2'))


def test_a_segment_shows_no_message_where_it_is_printed() -> None:
    assert "secret" not in repr(Segment.of(BLOCK, [b'{"a": "secret"}'] * 3))


@given(st.integers(0, 10**12), st.sampled_from([100, 10_000]))
def test_a_segments_key_names_its_block(index: int, size: int) -> None:
    block = block_of(index, size)
    assert index in block
    assert (len(block), block.start % size) == (size, 0)
    root = Root.of("p")
    agent = root.session("s").agent("a")
    place = root.parse(agent.segment(block))
    assert place is not None
    assert (place.kind, place.block, place.agent_id) == ("segment", block, "a")
