"""Agents that are restored when they are first used, not when they are built.

Strands restores in the constructor of an agent, where nothing can be awaited. An agent put to
sleep here gets a class of its own, made from the one that it has, whose restored attributes and
whose invocations restore it first; then it has its own class back.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final, Protocol

from strands import Agent

RESTORED: Final = ("messages", "state", "conversation_manager", "_interrupt_state", "_model_state")
"""Attributes that a restore sets."""

_WAKER: Final = "_s3sessions_waker"


class Waker(Protocol):
    """Restores an agent that sleeps, and calls `wake` on it."""

    def rouse(self, agent: Any) -> None: ...

    async def rouse_async(self, agent: Any) -> None: ...


def put_to_sleep(agent: Agent, waker: Waker) -> None:
    """Let an agent be restored when it is first used."""
    agent.__dict__[_WAKER] = waker
    agent.__class__ = _asleep(type(agent))


def is_asleep(agent: object) -> bool:
    """Tell whether an agent is still to be restored."""
    return _WAKER in vars(agent)


def wake(agent: Agent) -> None:
    """Give an agent its own class back; what it holds can be set from now on."""
    if is_asleep(agent):
        del agent.__dict__[_WAKER]
        agent.__class__ = type(agent).__mro__[1]


@functools.cache
def _asleep(kind: type[Agent]) -> type[Agent]:
    """Make the class for agents of a kind that sleep."""
    body: dict[str, Any] = {name: _restoring(name) for name in RESTORED}
    body |= {"stream_async": _stream_async, "structured_output_async": _structured_output_async}
    body |= {"__module__": kind.__module__, "__qualname__": kind.__qualname__}
    return type(kind.__name__, (kind,), body)


def _restoring(name: str) -> property:
    def get(agent: Any) -> Any:
        _rouse(agent)
        return getattr(agent, name)

    def put(agent: Any, value: Any) -> None:
        _rouse(agent)
        setattr(agent, name, value)

    return property(get, put)


def _rouse(agent: Any) -> None:
    # Another thread may have done it since this was called.
    if is_asleep(agent):
        agent.__dict__[_WAKER].rouse(agent)


async def _rouse_async(agent: Any) -> None:
    if is_asleep(agent):
        await agent.__dict__[_WAKER].rouse_async(agent)


async def _stream_async(agent: Any, *args: Any, **named: Any) -> AsyncIterator[Any]:
    await _rouse_async(agent)
    async with aclosing(agent.stream_async(*args, **named)) as events:
        async for event in events:
            yield event


async def _structured_output_async(agent: Any, *args: Any, **named: Any) -> Any:
    await _rouse_async(agent)
    return await agent.structured_output_async(*args, **named)
