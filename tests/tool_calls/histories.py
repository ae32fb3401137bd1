"""Histories of each shape: how a call and its result are written, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from s3sessions.tool_calls import Shape

Payload = dict[str, Any]


def text(shape: Shape, said: str) -> Payload:
    """A block of text."""
    return {"text": said} if shape is Shape.CONVERSE else {"type": "text", "text": said}


def call_block(shape: Shape, call_id: str) -> Payload:
    if shape is Shape.CONVERSE:
        return {"toolUse": {"toolUseId": call_id, "name": "f", "input": {}}}
    if shape is Shape.ANTHROPIC:
        return {"type": "tool_use", "id": call_id, "name": "f", "input": {}}
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def result_block(shape: Shape, call_id: str, said: str = "4") -> Payload:
    if shape is Shape.CONVERSE:
        content = [{"text": said}]
        return {"toolResult": {"toolUseId": call_id, "status": "success", "content": content}}
    if shape is Shape.ANTHROPIC:
        return {"type": "tool_result", "tool_use_id": call_id, "content": said}
    return {"role": "tool", "tool_call_id": call_id, "content": said}


def interrupted(shape: Shape, call_id: str) -> Payload:
    """The result of a call that has none."""
    said = "Tool was interrupted."
    if shape is Shape.OPENAI:
        return result_block(shape, call_id, said)
    if shape is Shape.ANTHROPIC:
        return {**result_block(shape, call_id, said), "is_error": True}
    content = [{"text": said}]
    return {"toolResult": {"toolUseId": call_id, "status": "error", "content": content}}


def calls(shape: Shape, *ids: str) -> Payload:
    """An assistant message with these calls."""
    blocks = [call_block(shape, call_id) for call_id in ids]
    if shape is Shape.OPENAI:
        return {"role": "assistant", "content": None, "tool_calls": blocks}
    return {"role": "assistant", "content": blocks}


def answer(shape: Shape, *results: Payload) -> list[Payload]:
    """The messages that hold these results."""
    if shape is Shape.OPENAI:
        return list(results)
    return [{"role": "user", "content": list(results)}]


def results(shape: Shape, *ids: str) -> list[Payload]:
    """The messages that hold a result for each of these."""
    return answer(shape, *(result_block(shape, call_id) for call_id in ids))


def user(said: str = "and?") -> Payload:
    return {"role": "user", "content": said}


def assistant(said: str = "It is 4.") -> Payload:
    return {"role": "assistant", "content": said}


_IDS = st.sampled_from(["t1", "t2", "t3"])
_FOREIGN = st.sampled_from(
    [
        {"type": "checkpoint"},
        {"role": "user", "content": None},
        {"role": "assistant", "content": "text"},
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": ["no dict", 7, None, {"toolResult": "no dict"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": 7}}, {"type": "tool_use"}]},
        {"role": "assistant", "tool_calls": "no list"},
        {"role": "tool", "content": "a result without an id"},
        {"role": ["user"], "content": []},
        {"role": "user", "content": []},
    ]
)


@st.composite
def turn(draw: st.DrawFn, shape: Shape, prefix: str) -> list[Payload]:
    """Give what one invocation leaves, with up to two rounds of tool calls."""
    messages = [user(draw(st.text(max_size=3)))]
    for number in range(draw(st.integers(0, 2))):
        ids = [f"{prefix}-{number}-{call}" for call in range(draw(st.integers(1, 3)))]
        messages.append(calls(shape, *ids))
        messages += results(shape, *draw(st.permutations(ids)))
    return [*messages, assistant()]


@st.composite
def valid(draw: st.DrawFn, shape: Shape) -> list[Payload]:
    """Give a history that a model takes; ids may come again in a later turn."""
    prefixes = draw(st.lists(st.sampled_from("ab"), max_size=4))
    messages = [message for prefix in prefixes for message in draw(turn(shape, prefix))]
    return messages + ([calls(shape, "last")] if draw(st.booleans()) else [])


def _block(shape: Shape) -> st.SearchStrategy[Payload]:
    return st.one_of(
        st.builds(call_block, st.just(shape), _IDS),
        st.builds(result_block, st.just(shape), _IDS),
        st.builds(text, st.just(shape), st.just("text")),
    )


_WHOLE = st.one_of(
    st.builds(lambda ids: calls(Shape.OPENAI, *ids), st.lists(_IDS, min_size=1, max_size=3)),
    st.builds(result_block, st.just(Shape.OPENAI), _IDS),
)


def arbitrary(*shapes: Shape) -> st.SearchStrategy[list[Payload]]:
    """Give messages of these shapes, anything at any place."""
    blocks = [_block(shape) for shape in shapes if shape is not Shape.OPENAI]
    kinds = [_FOREIGN, *([_WHOLE] if Shape.OPENAI in shapes else [])]
    if blocks:
        content = st.lists(st.one_of(*blocks), min_size=1, max_size=4)
        role = st.sampled_from(["assistant", "user"])
        kinds += [st.fixed_dictionaries({"role": role, "content": content})] * 3
    if len(shapes) > 1:
        # As some gateways write it: the same calls, twice in one message.
        kinds.append(st.builds(_in_two_shapes, st.lists(_IDS, min_size=1, max_size=2)))
    return st.lists(st.one_of(*kinds), max_size=9)


def _in_two_shapes(ids: list[str]) -> Payload:
    return {**calls(Shape.ANTHROPIC, *ids), "tool_calls": calls(Shape.OPENAI, *ids)["tool_calls"]}


_DAMAGE: tuple[Callable[[list[Payload], int, int], object], ...] = (
    lambda messages, at, _: messages.pop(at),
    lambda messages, at, to: messages.insert(to, messages[at]),
    lambda messages, at, to: messages.insert(to, messages.pop(at)),
    lambda messages, at, _: messages.__delitem__(slice(at, None)),
    lambda messages, at, _: messages.__delitem__(slice(0, at)),
    lambda messages, at, _: _lose_a_part(messages, at),
    lambda messages, at, to: _move_a_part(messages, at, to),
)


@st.composite
def damaged(draw: st.DrawFn, shape: Shape) -> list[Payload]:
    """Give a history that something has happened to."""
    messages = draw(valid(shape))
    for _ in range(draw(st.integers(1, 4))):
        if messages:
            place = st.integers(0, len(messages) - 1)
            draw(st.sampled_from(_DAMAGE))(messages, draw(place), draw(place))
    return messages


def _parts(message: Payload) -> list[Any] | None:
    return next(
        (parts for key in ("content", "tool_calls") if isinstance(parts := message.get(key), list)),
        None,
    )


def _lose_a_part(messages: list[Payload], at: int) -> None:
    parts = _parts(messages[at])
    if parts:
        key = "content" if isinstance(messages[at].get("content"), list) else "tool_calls"
        messages[at] = {**messages[at], key: parts[1:]}


def _move_a_part(messages: list[Payload], at: int, to: int) -> None:
    parts, others = messages[at].get("content"), messages[to].get("content")
    if at != to and isinstance(parts, list) and parts and isinstance(others, list):
        messages[to] = {**messages[to], "content": [*others, parts[-1]]}
        messages[at] = {**messages[at], "content": parts[:-1]}
