"""The other two steps: reading what is there, and what it looks like and costs underneath."""

from __future__ import annotations

import json
from collections import Counter
from itertools import islice

from s3sessions.cli.output import Column
from s3sessions.cli.show import Line, Transcript
from s3sessions.cli.text import size, when
from s3sessions.demo.conversations import AIRLINE, TOOLS
from s3sessions.demo.stage import Stage, spell_requests
from s3sessions.demo.tree import draw_tree
from s3sessions.export import export_conversations

__all__ = ["look_around", "look_underneath"]


def look_around(stage: Stage) -> None:
    """List, show and export."""
    stage.step("List, show, export")
    for conversation in stage.conversations.values():
        if conversation.session_id != AIRLINE:
            agent = stage.sessions.open(conversation.session_id)
            for payload in conversation.messages:
                agent.append(payload)
    stage.say("Three more conversations, of three providers' shapes and two scripts, and the list:")
    stage.output.line()
    sizes = stage.sessions.sizes()
    stage.output.table(
        (Column("id"), Column("messages", True), Column("size", True), Column("last active")),
        [(s.id, f"{s.messages:,}", size(s.bytes), when(s.last_active)) for s in sizes],
    )
    stage.output.line()
    stage.say(f"This is what `s3sessions show {TOOLS}` prints:")
    stage.output.line()
    transcript = Transcript()
    for message in stage.sessions.open(TOOLS).iterate():
        stage.output.lines(transcript.draw(message))
    _check_export(stage, messages=sum(s.messages for s in sizes))


def _check_export(stage: Stage, *, messages: int) -> None:
    lines: list[bytes] = []
    report = export_conversations(stage.sessions, lines.append)
    exported = {line["session_id"]: line["messages"] for line in map(json.loads, lines)}
    originals = {key: value.messages for key, value in stage.conversations.items()}
    stage.check(
        f"export gives {report.conversations} lines with {report.messages} messages, "
        f"{size(report.bytes)}; all are equal to what went in",
        report.messages == messages
        and not report.corrupt
        and {key: exported.get(key) for key in originals} == originals,
    )


def look_underneath(stage: Stage) -> None:
    """Show the keys, and the requests against what the design promises."""
    stage.step("Underneath: plain JSON under readable keys, and what each verb costs")
    for line in draw_tree(stage.read_keys):
        stage.output.lines([Line.of(line, indent=3)])
    stage.output.line()
    rows = [(what, spell_requests(cost), promise) for what, cost, promise in _costs(stage)]
    stage.output.table((Column("operation"), Column("requests"), Column("promised")), rows)
    stage.output.line()
    stage.check(
        "every count is what the design promises",
        all(counted == promise for _, counted, promise in rows),
    )


def _costs(stage: Stage) -> list[tuple[str, Counter[str], str]]:
    """Do everything once more, one verb at a time, and count."""
    sessions = stage.sessions
    original = stage.conversations[AIRLINE].messages
    fresh, opening = stage.cost_of(lambda: sessions.open("requests"))
    _, first = stage.cost_of(lambda: fresh.append(original[0]))
    _, second = stage.cost_of(lambda: fresh.append(original[1]))
    history, restore = stage.cost_of(sessions.open(AIRLINE).restore)
    _, tail = stage.cost_of(lambda: sessions.open(AIRLINE).restore(last=5))
    fresh.save_state({"step": 3})
    _, saving = stage.cost_of(lambda: fresh.save_state({"step": 3}))
    ids, listing = stage.cost_of(lambda: list(islice(sessions.list(), 1000)))
    _, sizing = stage.cost_of(sessions.sizes)
    count = len(history.messages)
    return [
        ("open a session", opening, "0"),
        ("first append in a new session", first, "1 LIST + 1 GET + 3 PUT"),
        ("every append after it", second, "1 PUT"),
        (f"restore {count} messages, 2 documents", restore, f"1 LIST + {count + 2} GET"),
        ("restore the last 5 of them", tail, "1 LIST + 7 GET"),
        ("save a state in which nothing changed", saving, "0"),
        (f"list the ids of {len(ids)} sessions", listing, "1 LIST"),
        ("sizes and last activity of all", sizing, "1 LIST"),
    ]
