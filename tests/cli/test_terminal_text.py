from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.cli.parts import Raw, read_content
from s3sessions.cli.show import Transcript
from s3sessions.cli.speech import read_speech
from s3sessions.cli.text import (
    Limit,
    age,
    counted,
    fold,
    one_line,
    size,
    to_json,
    visible,
    without_binary,
)
from s3sessions.models import Message

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_NAMES = [
    "type",
    "role",
    "content",
    "text",
    "message",
    "messages",
    "tool_calls",
    "function",
    "function_call",
    "name",
    "arguments",
    "input",
    "id",
    "toolUse",
    "toolResult",
    "reasoningContent",
    "source",
    "data",
    "image",
    "document",
    "thinking",
    "action",
    "args",
    "observation",
    "from",
    "value",
    "output",
    "timestamp",
    "parts",
    "summary",
    "json",
    "url",
    "media_type",
    "file",
]
_WORDS = [
    "user",
    "tool",
    "text",
    "tool_use",
    "tool_result",
    "thinking",
    "image",
    "file",
    "function_call",
    "message",
]
_NAMED = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(_WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4)
    ),
    max_leaves=15,
)
_PAYLOADS = st.dictionaries(st.sampled_from(_NAMES), _NAMED | _JSON, max_size=5)


def _obeyed(text: str) -> list[str]:
    """The characters that a terminal would obey."""
    return [c for c in text if (ord(c) < 32 and c not in "\t\n") or 0x7F <= ord(c) < 0xA0]


@given(_PAYLOADS)
def test_any_payload_is_drawn_and_never_reaches_the_terminal_raw(payload: dict[str, Any]) -> None:
    lines = list(Transcript().draw(Message(0, payload)))
    text = "".join(line.text for line in lines)
    assert _obeyed(text) == []
    assert "\n" not in text


def test_a_payload_nested_as_deep_as_json_goes_is_drawn() -> None:
    for shape in ('{"message":', '{"content":[', '{"toolResult":{"content":['):
        closing = "".join("}" if c == "{" else "]" for c in reversed(shape) if c in "{[")
        depth = 200
        payload = json.loads(shape * depth + '"end"' + closing * depth)
        payload["role"] = "user"
        assert list(Transcript(full=True).draw(Message(0, payload)))


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("back\x08space", "back\\x08space"),
        ("over\rwritten", "over\\x0dwritten"),
        ("line\r\nline", "line\nline"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("lone \ud800", "lone \\ud800"),
        ("tab\tand\nnewline", "tab\tand\nnewline"),
        ("שלום नमस्ते 👩‍👧 é", "שלום नमस्ते 👩‍👧 é"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out_and_scripts_are_left_alone(
    stored: str, shown: str
) -> None:
    assert visible(stored) == shown


def test_an_id_cannot_forge_a_second_line() -> None:
    assert one_line("a\nb\tc") == "a\\nb\\tc"


@given(_JSON)
def test_json_for_a_terminal_is_the_same_json(value: Any) -> None:
    text = to_json(value)
    assert json.loads(text) == value
    assert _obeyed(text) == []


def test_base64_is_replaced_by_its_size_wherever_it_stands() -> None:
    data = "iVBORw0KGgoAAAANSUhEUgAA" * 40
    wrapped = "\n".join(data[at : at + 76] for at in range(0, len(data), 76))
    for text in (f"see {data} here", f"<img src='data:image/png;base64,{data}'>", wrapped):
        shown = without_binary(text)
        assert "base64, 9" in shown
        assert len(shown) < 120


@pytest.mark.parametrize("text", ["-" * 500, "a" * 500, "word " * 200, "/usr/lib" * 30])
def test_long_text_that_is_no_base64_is_left_alone(text: str) -> None:
    assert without_binary(text) == text


def test_a_fold_keeps_the_beginning_and_says_what_is_left() -> None:
    text = "\n".join(f"line {number}" for number in range(100))
    folded = fold(text, Limit(lines=3, characters=500))
    assert folded.lines == ("line 0", "line 1", "line 2")
    assert folded.note == f"… {len(text) - 20} more characters on 97 more lines (--full)"


def test_a_fold_that_would_save_next_to_nothing_is_not_made() -> None:
    assert fold("1\n2\n3\n4", Limit(lines=3, characters=100)).note is None


def test_one_long_line_is_cut_by_characters() -> None:
    folded = fold("x y" * 1000, Limit(lines=3, characters=90))
    assert [len(line) for line in folded.lines] == [90]
    assert folded.note == "… 2,910 more characters (--full)"


def test_nothing_is_folded_without_a_limit() -> None:
    text = "line\n" * 5000
    assert len(fold(text, None).lines) == 5000


def test_sizes_counts_and_ages_are_written_for_people() -> None:
    assert [size(n) for n in (0, 999, 1000, 14_600_794, 999_999, 2_000_000_000)] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "14.6 MB",
        "1.0 MB",
        "2.0 GB",
    ]
    assert [counted(1, "file"), counted(2_000, "file")] == ["1 file", "2,000 files"]
    now = datetime(2026, 11, 21, tzinfo=UTC)
    ago = (timedelta(seconds=5), timedelta(minutes=59), timedelta(hours=23), timedelta(days=30))
    assert [age(now - past, now) for past in ago] == [
        "just now",
        "59 min ago",
        "23 h ago",
        "30 d ago",
    ]
    assert age(now - timedelta(days=400), now) == "2025-10-17"


def test_an_unknown_block_is_kept_whole() -> None:
    block = {"type": "hologram", "beam": [1, 2]}
    assert read_content([block]) == (Raw("hologram", block),)


def test_times_inside_a_payload_are_read_and_nonsense_is_not() -> None:
    stamps = {"2025-06-18T23:17:59.336Z": 2025, 1765238302057: 2025, 1e300: None, "soon": None}
    for stamp, year in stamps.items():
        moment = read_speech({"role": "user", "content": "x", "timestamp": stamp}).at
        assert (moment.year if moment else None) == year
