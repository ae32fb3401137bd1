"""compact --pack: old messages become segments, and nobody sees a difference."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from s3sessions import Sessions
from tests.cli.commands import Run, Say

MESSAGES = "session_order-42/agents/agent_default/messages"


def aged(folder: Path) -> None:
    """Let everything that is stored be two days old."""
    then = time.time() - 2 * 86400
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def test_old_messages_are_packed_where_it_is_asked(
    run: Run, say: Say, sessions: Sessions, tmp_path: Path
) -> None:
    say("order-42", *(f"text {n}" for n in range(120)))
    shown = run("show", "order-42", "--json").out
    assert run("compact", "order-42", "--pack").out == (
        "deleted 0 objects, 0 B of session 'order-42', agent 'default'\n"
    )
    aged(tmp_path / "store")
    run("compact", "order-42")
    assert len(list((tmp_path / "store" / MESSAGES).iterdir())) == 120
    ended = run("compact", "order-42", "--pack")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out == (
        "deleted 0 objects, 0 B of session 'order-42', agent 'default'; "
        "packed 100 messages into 1 segment\n"
    )
    assert len(list((tmp_path / "store" / MESSAGES).iterdir())) == 20
    assert run("show", "order-42", "--json").out == shown
    assert sessions.open("order-42").append({"n": 120}).index == 120


def test_all_sessions_are_packed_and_what_cannot_be_is_named(
    run: Run, say: Say, tmp_path: Path
) -> None:
    for session_id in ("order-41", "order-42", "short"):
        say(session_id, *(f"text {n}" for n in range(3 if session_id == "short" else 101)))
    (tmp_path / "store" / MESSAGES / "message_7.json").write_bytes(b"garbage")
    aged(tmp_path / "store")
    ended = run("compact", "--all", "--pack", "--json")
    reports = {each["session_id"]: each for each in map(json.loads, ended.out.splitlines())}
    assert (reports["order-41"]["packed"], reports["order-41"]["segments"]) == (100, 1)
    assert (reports["order-42"]["packed"], reports["order-42"]["corrupt"]) == (
        0,
        [f"{MESSAGES}/message_7.json"],
    )
    assert (reports["short"]["packed"], reports["short"]["error"]) == (0, None)
    assert ended.code == 4
    assert f"{MESSAGES}/message_7.json" in ended.err
    assert "looked at 3 agents: 0 objects deleted, 0 B, 0 too young, 100 messages packed" in (
        ended.err
    )
