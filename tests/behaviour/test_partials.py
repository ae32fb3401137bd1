"""What becomes of messages whose end never came, on every store and in both colours."""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.speaking import heard, message_key, spoken
from tests.rig import Rig

MARK = "[interrupted]"


def test_an_interrupted_answer_is_kept_marked_or_dropped_and_then_finished(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    chat.append({"role": "user", "content": "tell me"})
    chat.append({"role": "assistant", "content": "Once upon"}, status="partial")

    def told(partial: str) -> list[Any]:
        history = rig.sessions().open("s").restore(partial=partial)
        assert history.next_index == 2
        return [(message.payload["content"], message.status) for message in history.messages]

    assert told("keep") == [("tell me", None), ("Once upon", "partial")]
    assert told("mark") == [("tell me", None), (f"Once upon {MARK}", "partial")]
    assert told("drop") == [("tell me", None)]
    chat.complete(1, {"role": "assistant", "content": "Once upon a time"})
    for partial in ("keep", "mark", "drop"):
        assert told(partial) == [("tell me", None), ("Once upon a time", None)]


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        ("Once upon", f"Once upon {MARK}"),
        ("", MARK),
        (None, MARK),
        ([], [{"text": MARK}]),
        ([{"text": "Once"}], [{"text": "Once"}, {"text": MARK}]),
        (
            [{"type": "text", "text": "Once"}],
            [{"type": "text", "text": "Once"}, {"type": "text", "text": MARK}],
        ),
        ({"odd": 1}, {"odd": 1}),
    ],
)
def test_a_mark_has_the_shape_of_the_content_and_is_not_stored(
    memory_rig: Rig, content: Any, marked: Any
) -> None:
    chat = memory_rig.sessions().open("s")
    payload = {"role": "assistant", "content": content, "id": "x"}
    chat.append(payload, status="partial")
    before = memory_rig.body(message_key(0))
    assert chat.restore(partial="mark").payloads == [{**payload, "content": marked}]
    assert chat.restore().payloads == [payload]
    assert memory_rig.body(message_key(0)) == before


def test_a_mark_needs_no_content(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"role": "assistant"}, status="partial")
    assert chat.restore(partial="mark").payloads == [{"role": "assistant", "content": MARK}]


def test_the_newest_are_counted_without_what_is_dropped(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 4)
    for n in range(3):
        chat.append({"n": "partial"}, status="partial", usage={"outputTokens": n})
    kept = memory_rig.sessions().open("s").restore(last=2)
    assert [payload["n"] for payload in kept.payloads] == ["partial", "partial"]
    dropped = memory_rig.sessions().open("s").restore(last=2, partial="drop")
    assert [payload["n"] for payload in dropped.payloads] == [2, 3]
    assert dropped.next_index == 7
    assert dropped.usage == {"outputTokens": 3}, "tokens are spent, whatever is shown"


@pytest.mark.parametrize("partial", ["keep", "mark", "drop"])
def test_a_handle_goes_on_alike_however_it_reads_partial_messages(
    memory_rig: Rig, partial: str
) -> None:
    spoken(memory_rig, 2).append({"n": 2}, status="partial", write_id="event")
    chat = memory_rig.sessions().open("s")
    chat.restore(partial=partial)
    assert chat.append({"n": 2}, write_id="event").index == 2, "it is known, if not shown"
    chat.append({"n": 3})
    change = chat.truncate(2)
    assert (change.first, change.hidden) == (2, 2), "a partial message counts as one"
    assert heard(memory_rig) == [2, 3]
    assert chat.complete(2, {"n": "whole"}).payload == {"n": "whole"}
    assert chat.truncate(1).hidden == 1


def test_what_a_completion_used_stands_in_place_of_what_was_said_before(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.restore()
    chat.append({"n": 0}, status="partial", usage={"outputTokens": 3})
    chat.append({"n": 1}, status="partial", usage={"outputTokens": 4})
    assert chat.complete(0, {"n": "whole"}, usage={"outputTokens": 10}).usage == {
        "outputTokens": 10
    }
    assert chat.complete(1, {"n": "whole"}).usage == {"outputTokens": 4}
    assert memory_rig.sessions().open("s").restore().usage == {"outputTokens": 14}
    other = memory_rig.sessions().open("s")
    other.truncate(0)
    assert other.restore().usage == {"outputTokens": 14}


def test_a_completion_by_another_is_counted_by_whoever_hides_it(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 0}, status="partial", usage={"outputTokens": 3})
    chat.append({"n": 1})
    chat.restore()
    other = memory_rig.sessions().open("s")
    other.complete(0, {"n": "whole"}, usage={"outputTokens": 10})
    assert chat.truncate(1).usage == {"outputTokens": 10}
