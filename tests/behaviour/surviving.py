"""All that can be done to a session with one damaged object, and what must come of it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import pytest

from s3sessions import CorruptObject, S3SessionsError, UnsupportedVersion
from tests.behaviour.damage import AGENT_DOCUMENT, DOCUMENTS, SESSION_DOCUMENT
from tests.rig import Rig


def bodies(rig: Rig) -> dict[str, bytes]:
    return {key: rig.body(key) for key in rig.keys()}


def numbers(messages: Any) -> list[int]:
    """Give the numbers that the messages had; a field that is odd may be the number itself."""
    return [message.payload.get("n", message.index) for message in messages]


def check_readers(rig: Rig, key: str, unseen: Set[int]) -> dict[str, S3SessionsError]:
    """Read in every way; give what was reported, by key."""
    history = rig.sessions().open("s").restore(on_corrupt="report")
    wanted = [n for n in range(6) if n not in unseen]
    assert sorted(numbers(history.messages)) == wanted
    reported = {error.key: error for error in history.corrupt}
    for width in (1, 32):
        stream = rig.sessions(width=width).open("s").iterate()
        assert numbers(stream) == numbers(history.messages)
        assert {error.key for error in stream.corrupt} == set(reported) - {AGENT_DOCUMENT}
    unreadable = [error for error in history.corrupt if "no member" not in error.message]
    if unreadable and key not in DOCUMENTS:
        with pytest.raises((CorruptObject, UnsupportedVersion)) as caught:
            rig.sessions().open("s").restore()
        assert caught.value.key in reported
    return reported


def check_directory(rig: Rig) -> None:
    sessions = rig.sessions()
    assert sorted(ref.id for ref in sessions.list()) == ["other", "s"]
    assert list(sessions.agents("s")) == ["default", "two"]
    assert {size.id: size.messages for size in sessions.sizes()} == {"other": 1, "s": 7}
    assert sessions.stats().messages == 8
    assert sessions.resolve("s") == "s"
    assert sessions.latest().id in ("s", "other")
    assert sessions.info("s").agents == {"default": 6, "two": 1}


def check_writers(rig: Rig, history: Any) -> None:
    """Append as one that knows the history and as one that does not."""
    chat = rig.sessions().open("s")
    chat.restore(on_corrupt="report")
    assert chat.append({"n": 6}).index == 6
    assert rig.sessions().open("s").append({"n": 7}).index == 7
    assert [m.index for m in rig.sessions().open("s").append_many([{"n": 8}, {"n": 9}])] == [8, 9]
    found = rig.sessions().open("s").restore(on_corrupt="report")
    assert numbers(found.messages) == [*numbers(history.messages), 6, 7, 8, 9]


def check_state(rig: Rig, key: str, damaged: bytes) -> None:
    refused = None
    try:
        assert rig.sessions().open("s").save_state({"x": 1})["x"] == 1
    except (CorruptObject, UnsupportedVersion) as error:
        refused = error
    if refused is not None:
        assert refused.key == key
        assert rig.body(key) == damaged
    assert rig.sessions().open("s", "two").restore().payloads == [{"of": "two"}]


def check_all(rig: Rig, key: str, unseen: Set[int]) -> set[str]:
    """Do everything to a place with a damaged object; give the keys that a restore reported."""
    before = bodies(rig)
    reported = check_readers(rig, key, unseen)
    check_directory(rig)
    assert bodies(rig) == before
    if not isinstance(reported.get(SESSION_DOCUMENT), UnsupportedVersion):
        check_writers(rig, rig.sessions().open("s").restore(on_corrupt="report"))
        check_state(rig, key, before[key])
    after = bodies(rig)
    stored = {name: data for name, data in before.items() if name not in DOCUMENTS or name == key}
    if key == AGENT_DOCUMENT and key not in reported:
        del stored[key]
    assert {name: after[name] for name in stored} == stored
    findings = {finding.key for finding in rig.sessions().doctor("s", repair=True)}
    if key in reported and (unseen or key in DOCUMENTS):
        assert key in findings
    assert not reported or rig.body(key) == before[key]
    rig.sessions().delete("s")
    assert rig.keys() == [name for name in rig.keys() if name.startswith("session_other/")]
    assert rig.sessions().open("other").restore().payloads == [{"of": "default"}]
    return set(reported)
