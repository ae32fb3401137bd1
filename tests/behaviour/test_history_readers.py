"""Whatever way a history is read: nobody sees what is hidden, and nobody pays for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions import MessageNotFound, Sessions, TooManyMessages
from s3sessions.export import export_conversations
from tests.behaviour.speaking import message_key, spoken
from tests.rig import Rig


def test_no_reader_sees_what_is_hidden(memory_rig: Rig) -> None:
    spoken(memory_rig, 8).truncate(3)

    def chat() -> Any:
        return memory_rig.sessions(width=2).open("s")

    def told(messages: Any) -> list[int]:
        return [message.index for message in messages]

    assert told(chat().restore().messages) == [5, 6, 7]
    assert told(chat().restore(last=2).messages) == [6, 7]
    assert told(chat().restore(last=7).messages) == [5, 6, 7]
    assert told(chat().restore(start=2).messages) == [5, 6, 7]
    assert told(chat().restore(start=6).messages) == [6, 7]
    assert told(chat().restore(start=lambda fields: 1).messages) == [5, 6, 7]
    assert told(chat().refresh()) == [5, 6, 7]
    assert told(chat().iterate()) == [5, 6, 7]
    assert told(chat().iterate(start=3, stop=7)) == [5, 6]
    assert told(chat().iterate(stop=4)) == []
    iterator = chat().iterate()
    assert (len(list(iterator)), list(iterator.holes)) == (3, [])


def test_what_is_hidden_is_not_read(memory_rig: Rig) -> None:
    spoken(memory_rig, 30).truncate(3)
    chat = memory_rig.sessions(width=4).open("s")
    chat.restore()
    # The newest `width` go out along with the documents, before it is known where all begins.
    assert chat.requests.by_verb == {"list": 1, "get": 4 + 3}
    chat = memory_rig.sessions(width=4).open("s")
    assert len(list(chat.iterate())) == 3
    assert chat.requests.by_verb == {"list": 1, "get": 3 + 2}


def test_a_limit_counts_what_is_visible_and_is_kept_before_any_message_is_read(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 10).truncate(4)
    assert len(memory_rig.sessions().open("s").restore(max_messages=4).messages) == 4
    chat = memory_rig.sessions().open("s")
    with pytest.raises(TooManyMessages) as caught:
        chat.restore(max_messages=3)
    assert caught.value.count == 4
    assert chat.requests.by_verb == {"list": 1, "get": 3}, "documents alone"


def test_an_export_has_what_readers_see_and_the_summary(memory_rig: Rig) -> None:
    spoken(memory_rig, 6).summarize("so far", keep_last=2)
    lines: list[bytes] = []
    export_conversations(Sessions(store=memory_rig.raw), lines.append)
    (line,) = map(json.loads, lines)
    assert line["messages"] == [{"n": 4}, {"n": 5}]
    assert line["s3sessions"]["summary"] == "so far"


def test_a_hidden_message_can_be_read_redacted_and_removed_singly_until_it_is_deleted(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(4):
        chat.append({"role": "user", "content": f"secret {n}"})
    chat.truncate(1)
    assert chat.read(0).payload["content"] == "secret 0"
    assert chat.redact(0).payload["content"] == "[redacted]"
    chat.remove(1)
    for index in (0, 1):
        assert f"secret {index}".encode() not in memory_rig.body(message_key(index))
    chat.compact(min_age=0)
    with pytest.raises(MessageNotFound):
        chat.read(2)
