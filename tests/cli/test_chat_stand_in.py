"""The model that is there without one: its rules."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from s3sessions.chat.stand_in import StandIn

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def answer(*said: str) -> str:
    messages = [{"role": "user", "content": [{"text": text}]} for text in said]
    return "".join(p for p in StandIn(now=lambda: NOON)(messages) if isinstance(p, str))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("Hello there",), "Hello. What is your name?"),
        (("My name is Ada.", "hello"), "Hello, Ada."),
        (("my name is Ada", "call me Grace", "What's my name?"), "Your name is Grace."),
        (("who am I?",), "You have not told me your name."),
        (("what time is it?",), "It is 12:00 on Saturday, 21 November 2026."),
        (("please count to 5",), "1 2 3 4 5."),
    ],
)
def test_it_answers_by_rule(said: tuple[str, ...], expected: str) -> None:
    assert answer(*said) == expected


def test_to_anything_else_it_counts_and_says_that_it_is_none() -> None:
    said = answer("one", "this or that?")
    assert "You said: this or that? That makes 2 messages of yours here." in said
    assert "only a stand-in" in said


def test_it_answers_word_by_word_with_a_pause_after_each_and_counts_them() -> None:
    paused: list[None] = []
    stand_in = StandIn(pause=lambda: paused.append(None))
    pieces = list(stand_in([{"role": "user", "content": "count to 30"}]))
    assert pieces[:3] == ["1 ", "2 ", "3 "]
    assert len(paused) == 30
    assert pieces[-1] == {"inputTokens": 3, "outputTokens": 30}
