"""Markdown that people read: everything that was said, and nothing that breaks out of its place."""

from __future__ import annotations

from typing import Any

from s3sessions.converters import to_markdown
from tests.converters.test_providers import ANTHROPIC, OPENAI, STRANDS

GOLDEN = """\
# Weather

## System

Be brief.

## Summary

They said hello.

## User

Which town is this, and how warm is it?

*image: image/png, 6 bytes*

*document: `guide.pdf`, application/pdf, 8 bytes*

## Assistant

Bergen. I look it up.

**Call** `weather` `call_1`

```json
{
  "town": "Bergen"
}
```

**Call** `now` `call_2`

```json
{}
```

## User

**Result** of `weather` `call_1`

```
11 °C
```

**Result** of `now` `call_2`

```
12:00
```

## Assistant

11 °C.
"""


def markdown(*payloads: dict[str, Any]) -> str:
    return to_markdown(payloads)


def test_a_conversation_reads_like_this() -> None:
    options = {"title": "Weather", "system": "Be brief.", "summary": "They said hello."}
    assert to_markdown(ANTHROPIC, **options) == GOLDEN
    assert to_markdown(STRANDS, **options) == GOLDEN.replace("guide.pdf", "guide")


def test_a_result_that_is_a_message_has_a_heading_of_its_own() -> None:
    text = to_markdown(OPENAI)
    assert "## Tool\n\n**Result** of `weather` `call_1`\n\n```\n11 °C\n```\n\n## Tool" in text


def test_a_fence_is_longer_than_any_inside() -> None:
    result = {"type": "tool_result", "tool_use_id": "t`1", "content": "a\n````\nb"}
    text = markdown({"role": "user", "content": [result]})
    assert "**Result** ``t`1``\n\n`````\na\n````\nb\n`````\n" in text


def test_a_code_block_that_was_left_open_ends_with_its_message() -> None:
    text = markdown(
        {"role": "assistant", "content": "See:\n```python\nx = 1"},
        {"role": "user", "content": "~~~~\nfour\n~~~\n````"},
        {"role": "user", "content": "```\nclosed\n```\nand on"},
    )
    assert "x = 1\n```\n\n## User\n\n~~~~\nfour\n~~~\n````\n~~~~\n\n## User" in text
    assert text.endswith("closed\n```\nand on\n")


def test_reasoning_is_quoted_and_what_is_sealed_is_named() -> None:
    said = [
        {"type": "thinking", "thinking": "first\n\nsecond", "signature": "s"},
        {"type": "redacted_thinking", "data": "c2VhbA=="},
    ]
    text = markdown({"role": "assistant", "content": said})
    assert "> first\n>\n> second\n\n> Reasoning that its provider keeps to itself.\n" in text
    assert "c2VhbA==" not in text


def test_bytes_are_named_wherever_they_stand() -> None:
    text = markdown({"type": "checkpoint", "blob": b"\x00" * 2000})
    assert "## Message" in text
    assert '"blob": "2,000 bytes"' in text
