"""Sessions that released versions have stored are read and continued as ever."""

from __future__ import annotations

import shutil
from pathlib import Path

from s3sessions import Sessions

STORED = Path(__file__).parent / "data" / "stored_sessions"


def stored_by(version: str, folder: Path) -> Sessions:
    shutil.copytree(STORED / version, folder / version)
    return Sessions(f"file://{folder / version}")


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
