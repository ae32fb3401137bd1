"""Where Strands repairs a history that it restores, ours is repaired alike."""

from __future__ import annotations

import copy
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st
from strands.session.repository_session_manager import RepositorySessionManager

from s3sessions.tool_calls import Shape, repair
from tests.tool_calls.histories import Payload, call_block, result_block, text

SAID = text(Shape.CONVERSE, "text")
IDS = st.lists(st.sampled_from(["t1", "t2", "t3"]), unique=True, max_size=3)


def assistant_message(ids: list[str]) -> Payload:
    blocks = [SAID, *(call_block(Shape.CONVERSE, call_id) for call_id in ids)]
    return {"role": "assistant", "content": blocks}


def user_message(ids: list[str], *, says: bool) -> Payload:
    blocks = [result_block(Shape.CONVERSE, call_id) for call_id in ids]
    return {"role": "user", "content": [*blocks, SAID] if says or not ids else blocks}


@st.composite
def histories(draw: st.DrawFn) -> list[Payload]:
    """Give histories but for what Strands lets pass: results twice, and not in their place."""
    messages: list[Payload] = []
    for is_assistant in draw(st.lists(st.booleans(), max_size=8)):
        ids = draw(IDS)
        if is_assistant:
            messages.append(assistant_message(ids))
        elif messages and messages[-1]["role"] == "user":
            messages.append(user_message([], says=True))
        else:
            messages.append(user_message(ids, says=draw(st.booleans())))
    return messages


def repaired_by_strands(messages: list[Payload]) -> list[Payload]:
    # What Strands does with the messages that an agent restores; it works in place.
    manager = cast(RepositorySessionManager, None)
    given_away = cast(Any, copy.deepcopy(messages))
    repaired = RepositorySessionManager._fix_broken_tool_use(manager, given_away)
    return [
        {key: value for key, value in message.items() if key != "tracking_id"}
        for message in repaired
    ]


@given(messages=histories())
def test_a_history_is_repaired_as_strands_repairs_it(messages: list[Payload]) -> None:
    assert repair(messages) == repaired_by_strands(messages)
