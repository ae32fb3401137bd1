"""A process that talks to an agent, and prints each turn that has returned before it goes on.

It restores the agent, says "ready", waits for a line, and talks. Where another process was faster
it restores and says the same again, under the same name.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

from strands import Agent
from strands.types.exceptions import EventLoopException, SessionException

from s3sessions import AppendConflict
from s3sessions.integrations.strands import S3SessionManager
from tests.integrations.strands.agents import Scripted, says, texts


class Echo(Scripted):
    """Answers to what was said, however often."""

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        events: Any = says(f"to {texts(messages)[-1]}")
        for event in events:
            yield event


def talk(name: str, count: int, **place: Any) -> None:
    """Take so many turns and acknowledge each."""
    manager = S3SessionManager("s", **place)
    agent = Agent(model=Echo(), session_manager=manager, callback_handler=None)
    say(f"ready, {len(agent.messages)} messages restored")
    sys.stdin.readline()
    for n in range(count):
        turn(manager, agent, f"{name} {n}")


def turn(manager: Any, agent: Agent, text: str) -> None:
    """Say it until it is answered; print the answer, and how often it took."""
    for tries in itertools.count(1):
        try:
            answer = agent(text, invocation_state={"write_id": text})
        except (SessionException, EventLoopException) as error:
            if not isinstance(getattr(error, "original_exception", error), AppendConflict):
                raise
            manager.restore(agent)
        else:
            say([text, answer.message["content"][0]["text"], tries])
            return


def say(line: object) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    talk(**json.loads(sys.argv[1]))
