from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from s3sessions import Sessions
from tests.cli.commands import Run, Say

_MADE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

_PICTURE = "iVBORw0KGgoAAAANSUhEUgAAB64Data" * 40

_OPENAI: list[dict[str, Any]] = [
    {"role": "system", "content": "You book flights."},
    {"role": "user", "name": "anna", "content": "Is flight 7 on time?"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "get_flight", "arguments": '{"number": 7}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": '{"late": "20 min"}'},
    {"role": "assistant", "content": None, "function_call": {"name": "apologise", "arguments": ""}},
    {"role": "function", "name": "apologise", "content": "sorry"},
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "My pass:"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{_PICTURE}"}},
        ],
    },
]

_OPENAI_SHOWN = """\
    0  system  2026-11-21 09:00:00Z
      You book flights.

    1  user anna  2026-11-21 09:00:00Z
      Is flight 7 on time?

    2  assistant  2026-11-21 09:00:00Z
      → get_flight(number=7)

    3  tool  2026-11-21 09:00:00Z
      ← get_flight
        {"late": "20 min"}

    4  assistant  2026-11-21 09:00:00Z
      → apologise()

    5  tool  2026-11-21 09:00:00Z
      ← apologise
        sorry

    6  user  2026-11-21 09:00:00Z
      My pass:
      [image: image/png, 930 B]

"""

_ANTHROPIC: list[dict[str, Any]] = [
    {"role": "user", "content": [{"type": "text", "text": "What does the note say?"}]},
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "I must look.", "signature": _PICTURE},
            {"type": "redacted_thinking", "data": _PICTURE},
            {"type": "text", "text": "Let me see."},
            {
                "type": "tool_use",
                "id": "toolu_1",
                "name": "write",
                "input": {"path": "notes/today.txt", "text": "first line\nsecond line", "mode": 6},
            },
            {
                "type": "server_tool_use",
                "id": "srv_1",
                "name": "search",
                "input": {"query": "note"},
            },
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": "toolu_1",
                "is_error": True,
                "content": [{"type": "text", "text": "disk is full"}],
            },
            {
                "type": "web_search_tool_result",
                "tool_use_id": "srv_1",
                "content": [{"title": "A note", "encrypted_content": _PICTURE}],
            },
            {"type": "document", "title": "note.pdf", "source": {"type": "file", "file_id": "f_1"}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": _PICTURE},
            },
        ],
    },
]

_ANTHROPIC_SHOWN = """\
    0  user  2026-11-21 09:00:00Z
      What does the note say?

    1  assistant  2026-11-21 09:00:00Z
      ~ thinking
        I must look.
      ~ thinking, encrypted
      Let me see.
      → write
        path: notes/today.txt
        text:
          first line
          second line
        mode: 6
      → search(query="note")

    2  user  2026-11-21 09:00:00Z
      ← write failed
        disk is full
      ← search
        {"title": "A note", "encrypted_content": "‹base64, 1,240 characters›"}
      [document: f_1]
      [image: image/png, 930 B]

"""

_BEDROCK: list[dict[str, Any]] = [
    {"role": "user", "content": [{"text": "東京の天気は？"}]},
    {
        "role": "assistant",
        "content": [
            {"reasoningContent": {"reasoningText": {"text": "Ask the tool.", "signature": "x"}}},
            {"toolUse": {"toolUseId": "tu_1", "name": "weather", "input": {"city": "東京"}}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "toolResult": {
                    "toolUseId": "tu_1",
                    "status": "success",
                    "content": [{"json": {"sky": "晴れ ☀️"}}, {"text": "18°C"}],
                }
            },
            {"image": {"format": "png", "source": {"bytes": b"\x89PNG" * 500}}},
            {"document": {"name": "report", "format": "pdf", "source": {"bytes": b"%PDF"}}},
            {"cachePoint": {"type": "default"}},
        ],
    },
]

_BEDROCK_SHOWN = """\
    0  user  2026-11-21 09:00:00Z
      東京の天気は？

    1  assistant  2026-11-21 09:00:00Z
      ~ thinking
        Ask the tool.
      → weather(city="東京")

    2  user  2026-11-21 09:00:00Z
      ← weather
        {"sky": "晴れ ☀️"}
        18°C
      [image: png, 2.0 kB]
      [document: pdf, 4 B, report]
      {} cachePoint
        {
          "cachePoint": {
            "type": "default"
          }
        }

"""

_OTHERS = [
    {"from": "human", "value": "2 + 2?"},
    {"from": "function_call", "value": '{"name": "add", "arguments": {"of": [2, 2]}}'},
    {"from": "observation", "value": "4"},
    {"from": "gpt", "value": "4"},
    {"source": "agent", "action": "run", "args": {"command": "ls", "thought": "Look around."}},
    {"source": "agent", "observation": "run", "content": "README.md"},
    {"role": "bashExecution", "command": "false", "output": "", "exitCode": 1},
    {
        "type": "assistant",
        "uuid": "u",
        "timestamp": "2025-06-18T23:17:59.336Z",
        "message": {"role": "assistant", "content": "Done."},
    },
    {"type": "model_change", "model": "m-2"},
]

_OTHERS_SHOWN = """\
    0  user  2026-11-21 09:00:00Z
      2 + 2?

    1  assistant  2026-11-21 09:00:00Z
      → add(of=[2, 2])

    2  tool  2026-11-21 09:00:00Z
      ← result
        4

    3  assistant  2026-11-21 09:00:00Z
      4

    4  agent  2026-11-21 09:00:00Z
      ~ thinking
        Look around.
      → run(command="ls")

    5  tool  2026-11-21 09:00:00Z
      ← run
        README.md

    6  tool  2026-11-21 09:00:00Z
      → bash(command="false")
      ← bash failed (empty)

    7  assistant  2025-06-18 23:17:59Z
      Done.

    8  model_change  2026-11-21 09:00:00Z
      {} payload
        {
          "type": "model_change",
          "model": "m-2"
        }

"""


@pytest.mark.parametrize(
    ("payloads", "shown"),
    [
        (_OPENAI, _OPENAI_SHOWN),
        (_ANTHROPIC, _ANTHROPIC_SHOWN),
        (_BEDROCK, _BEDROCK_SHOWN),
        (_OTHERS, _OTHERS_SHOWN),
    ],
    ids=["openai", "anthropic", "bedrock", "others"],
)
def test_a_conversation_reads_as_it_was_held(
    run: Run, sessions: Sessions, payloads: list[dict[str, Any]], shown: str
) -> None:
    handle = sessions.open("s-1")
    for payload in payloads:
        handle.append(payload, created_at=_MADE)
    ended = run("show", "s-1")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == "s-1  agent default\n\n" + dedent(shown)


def test_long_bodies_are_folded_and_full_unfolds_them(run: Run, say: Say) -> None:
    text = "\n".join(f"line {number}" for number in range(500))
    say("long", text)
    folded = run("show", "long").out
    assert "(--full)" in folded
    assert len(folded.splitlines()) < 40
    full = run("show", "long", "--full").out
    assert indent(text, "  ") in full
    assert "(--full)" not in full


def test_base64_is_never_dumped_not_even_in_full(run: Run, sessions: Sessions) -> None:
    handle = sessions.open("media")
    for payload in (*_OPENAI, *_ANTHROPIC, *_BEDROCK, {"content": _PICTURE}, {"blob": _PICTURE}):
        handle.append(payload)
    assert _PICTURE[:100] not in run("show", "media", "--full").out


def test_escape_sequences_in_stored_text_never_reach_the_terminal(
    run: Run, sessions: Sessions
) -> None:
    evil = "\x1b]0;owned\x07\x9b2J"
    handle = sessions.open(f"id {evil}", f"agent {evil}", title=evil)
    for payload in (
        {"role": evil, "name": evil, "content": evil},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "name": evil, "input": {evil: evil}}],
        },
        {"role": "tool", "name": evil, "content": [{"type": evil, evil: evil}]},
        {"type": evil, evil: [evil]},
    ):
        handle.append(payload)
    printed = [run("show", "id", *more) for more in ((), ("--full",), ("--last", "2"), ("--json",))]
    printed += [run("ls"), run("ls", "--ids"), run("ls", "--json"), run("info", "id"), run("stats")]
    printed += [run("show", "id", "--agent", evil), run("info", evil), run("rm", evil, "--yes")]
    for ended in printed:
        for control in ("\x1b", "\x07", "\x9b"):
            assert control not in ended.out + ended.err
    assert "\\x1b]0;owned\\x07\\x9b2J" in printed[0].out


def test_json_gives_every_message_exactly(run: Run, sessions: Sessions) -> None:
    handle = sessions.open("exact", "support")
    for payload in _BEDROCK:
        handle.append(payload, created_at=_MADE)
    lines = [json.loads(line) for line in run("show", "exact", "--json").out.splitlines()]
    assert [(line["agent_id"], line["index"]) for line in lines] == [
        ("support", 0),
        ("support", 1),
        ("support", 2),
    ]
    assert [line["payload"] for line in lines[:2]] == _BEDROCK[:2]
    image = lines[2]["payload"]["content"][1]["image"]["source"]["bytes"]
    assert image["__bytes_encoded__"] is True


def test_all_agents_are_shown_each_under_its_name_or_the_one_that_is_named(
    run: Run, say: Say
) -> None:
    say("team", "from the first", agent="first")
    say("team", "from the second", agent="second")
    both = run("show", "team").out
    assert both.index("agent first") < both.index("from the first") < both.index("agent second")
    assert "from the second" in both
    one = run("show", "team", "--agent", "second").out
    assert "from the second" in one
    assert "from the first" not in one
    absent = run("show", "team", "--agent", "third")
    assert absent.code == 3
    assert "first, second" in absent.err


def test_last_shows_the_end(run: Run, say: Say) -> None:
    say("counting", *(f"number {n}" for n in range(12)))
    shown = run("show", "counting", "--last", "2").out
    assert "number 9" not in shown
    assert shown.index("number 10") < shown.index("number 11")


def test_a_unique_beginning_names_a_session(run: Run, say: Say) -> None:
    say("order-42", "hello")
    say("order-43", "hello")
    assert run("show", "order-42").code == 0
    assert run("show", "order-4").code == 2
    assert run("show", "lamp").code == 3


@pytest.mark.parametrize("arguments", [(), ("--last", "5"), ("--json",)])
def test_an_unreadable_message_is_passed_over_and_named(
    run: Run, say: Say, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    say("torn", "before", "torn apart", "after")
    agent = tmp_path / "store" / "session_torn" / "agents" / "agent_default"
    (agent / "messages" / "message_1.json").write_text('{"message": {"role"')
    ended = run("show", "torn", *arguments)
    assert ended.code == 4
    assert "before" in ended.out
    assert "after" in ended.out
    assert "message_1.json" in ended.err
