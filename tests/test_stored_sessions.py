"""Sessions that released versions have stored are read and continued as ever."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from s3sessions import Sessions, Summary

STORED = Path(__file__).parent / "data" / "stored_sessions"


STORED_AT = datetime(2026, 11, 18, 12, tzinfo=UTC).timestamp()
"""The sessions about the lamp were stored within the hour before."""


def stored_by(version: str, folder: Path) -> Sessions:
    shutil.copytree(STORED / version, folder / version)
    for path in folder.rglob("*"):
        os.utime(path, (STORED_AT, STORED_AT))
    return Sessions(f"file://{folder / version}", clock=lambda: STORED_AT + 60)


def heard(sessions: Sessions, session_id: str, agent: str) -> list[Any]:
    """Give what an agent's messages say, in short."""
    said = []
    for payload in sessions.open(session_id, agent=agent).restore().payloads:
        (part,) = payload.get("content") or [payload]
        said.append(part.get("text") or next(iter(part)))
    return said


def kinds(sessions: Sessions) -> set[tuple[str, str]]:
    return {(child.id, child.kind) for child in sessions.children("lamp")}


def test_batches_voids_redactions_and_partial_messages_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    chat = sessions.open("order-42", agent="support")
    history = chat.restore()
    assert [message.index for message in history.messages] == [0, 1, 2, 3, 5]
    assert history.payloads[2]["content"][0]["toolResult"]["content"] == [
        {"image": {"bytes": b"\x00\x01"}}
    ]
    commit, member, redacted, unfinished = history.messages[1:]
    assert commit.batch is not None
    assert commit.batch.indexes == (1, 2)
    assert member.batch is not None
    assert (member.batch.id, member.batch.commit) == (commit.batch.id, 1)
    assert redacted.redacted_at is not None
    assert redacted.payload == {"role": "user", "content": [{"text": "[redacted]"}]}
    assert unfinished.status == "partial"
    assert history.state == {"step": 3}
    # A member without its commit stands at 7.
    assert (history.next_index, history.holes) == (6, ())
    assert chat.complete(5, {"role": "assistant", "content": [{"text": "Here."}]}).status is None
    assert [chat.append({"n": n}).index for n in range(2)] == [6, 8]
    assert sessions.info("order-42").title == "an order"


def test_a_summary_what_was_used_and_an_answer_that_was_cut_off_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    chat = sessions.open("lamp", agent="support")
    history = chat.restore()
    assert [message.index for message in history.messages] == [4, 5, 6, 7, 8]
    assert (history.first, history.next_index, history.holes) == (4, 9, ())
    assert history.summary == Summary("A red lamp flickers since May. 💡", covers_to=4)
    used = {"inputTokens": 47, "outputTokens": 9, "cost": 0.3, "cache": {"read": 9}}
    assert history.usage == used
    assert (history.state, history.metadata) == ({"step": 3}, {"tone": "kind"})
    unfinished = history.messages[-1]
    assert (unfinished.status, unfinished.usage) == ("partial", {"inputTokens": 1})
    assert [message.index for message in chat.iterate()] == [4, 5, 6, 7, 8]
    assert len(chat.restore(partial="drop").messages) == 4
    assert chat.truncate(1).usage == {**used, "inputTokens": 46}
    assert chat.compact(min_age=30).objects == 4
    chat.complete(8, {"content": [{"text": "It is the fuse."}]}, usage={"inputTokens": 3})
    assert chat.restore().usage == {**used, "inputTokens": 49}
    assert chat.append({"content": [{"text": "Thanks."}]}).index == 9
    assert heard(sessions, "lamp", "support") == ["It is the fuse.", "Thanks."]


def test_histories_that_were_replaced_or_began_anew_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    planner = sessions.open("lamp", agent="planner")
    history = planner.restore()
    assert history.payloads == [{"plan": "look"}, {"plan": "mend"}, {"n": 3}]
    assert [message.index for message in planner.iterate()] == [3, 4, 5]
    # 300 were used by what is hidden, and the last message has stated the whole.
    assert (history.first, history.usage) == (3, {"inputTokens": 1000})
    planner.replace([{"plan": "ask"}])
    assert heard(sessions, "lamp", "planner") == ["plan"]
    critic = sessions.open("lamp", agent="critic")
    assert critic.restore().payloads == [{"new": 1}, {"new": 2}]
    assert critic.truncate(1).first == 2
    assert sessions.open("lamp", agent="critic").restore().payloads == [{"new": 2}]


def test_what_is_said_of_sessions_and_their_forks_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    info = sessions.info("lamp")
    assert (info.title, info.user, info.source, info.model) == ("A lamp", "u-7", "web", "m-1")
    assert (info.tags, info.metadata) == (("returns", "été"), {"shop": {"id": 3}})
    assert (info.end_reason, info.ended_at) == (
        "compression",
        datetime(2026, 11, 18, 11, 7, 5, tzinfo=UTC),
    )
    assert info.agents == {"critic": 3, "planner": 6, "support": 5}
    assert kinds(sessions) == {
        ("lamp-branch", "branch"),
        ("lamp-2", "compression"),
    }
    assert (sessions.tip("lamp"), sessions.resume("lamp")) == ("lamp-2", "lamp")
    shown = {summary.id: summary for summary in sessions.browse(parent="lamp")}
    assert {session_id: shown[session_id].preview for session_id in shown} == {
        "lamp-branch": "The red one.",
        "lamp-2": "A red lamp flickers.",
    }
    assert (shown["lamp-branch"].title, shown["lamp-2"].title) == ("Another lamp", "A lamp")
    branch = sessions.open("lamp-branch", agent="support").restore()
    assert [message.index for message in branch.messages] == [0, 1, 2, 3, 4]
    assert branch.summary == Summary("A red lamp flickers since May. 💡", covers_to=0)
    assert (branch.usage, branch.state, branch.messages[-1].status) == ({}, {"step": 3}, "partial")
    assert heard(sessions, "lamp-2", "support")[-1] == "Is it mended?"
    sessions.delete("lamp-branch")
    assert kinds(sessions) == {("lamp-2", "compression")}
    assert sessions.reopen("lamp").end_reason is None


def test_the_doctor_finds_nothing_in_the_histories_and_forks_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    for session_id in ("lamp", "lamp-branch", "lamp-2"):
        assert list(sessions.doctor(session_id)) == []


def test_a_packed_history_of_0_1(tmp_path: Path) -> None:
    sessions = stored_by("0.1", tmp_path)
    chat = sessions.open("atlas", agent="reader")
    history = chat.restore()
    assert chat.requests.by_verb == {"list": 1, "get": 7}
    indexes = [message.index for message in history.messages]
    assert indexes == [n for n in range(104) if n != 15]
    assert (history.next_index, history.holes, history.corrupt) == (104, (), ())
    assert history.usage == {"inputTokens": 14}
    said = {message.index: message for message in history.messages}
    assert said[0].payload["content"] == [{"text": "Page 0, été 💡"}]
    assert said[7].payload["content"][0]["toolResult"]["content"] == [
        {"image": {"bytes": b"\x00\x01"}}
    ]
    assert (said[9].status, said[12].payload["content"]) == ("partial", [{"text": "[redacted]"}])
    assert (said[20].write_id, said[20].payload["content"]) == (
        None,
        [{"text": "A page of Strands."}],
    )
    commit, member = said[96].batch, said[97].batch
    assert commit is not None
    assert member is not None
    assert (commit.indexes, member.commit) == ((96, 97), 96)
    whole = {"role": "assistant", "content": [{"text": "It is on page 9."}]}
    assert chat.complete(9, whole) == sessions.open("atlas", agent="reader").read(9)
    chat.redact(97)
    assert chat.truncate(6).first == 98
    assert chat.append({"n": 104}).index == 104
    # Two of the segment are visible still.
    assert chat.compact(min_age=30, pack=True).objects == 0
    assert heard(sessions, "atlas", "reader")[:2] == ["Page 98", "Page 99"]
    assert list(sessions.doctor("atlas")) == []


def test_a_session_of_strands_goes_on_in_objects_of_both(tmp_path: Path) -> None:
    sessions = stored_by("strands-1.62", tmp_path)
    chat = sessions.open("order-42", agent="support")
    theirs = chat.restore().messages
    assert [message.write_id for message in theirs] == [None] * 12
    chat.append_many([{"n": 12}, {"n": 13}], usage=[{"inputTokens": 2}, None])
    history = sessions.open("order-42", agent="support").restore()
    assert history.messages[:12] == theirs
    assert history.payloads[12:] == [{"n": 12}, {"n": 13}]
    assert chat.summarize("so far", keep_last=4).hidden == 10
    chat.redact(11, replacement={"role": "user", "content": []})
    assert chat.compact(min_age=30).objects == 10
    history = sessions.open("order-42", agent="support").restore()
    assert [message.index for message in history.messages] == [10, 11, 12, 13]
    assert (history.summary, history.usage) == (
        Summary("so far", covers_to=10),
        {"inputTokens": 2},
    )
