"""A turn without an agent framework."""

from __future__ import annotations

from typing import Any

from s3sessions.awslambda import LambdaTurn, SessionFunction

function = SessionFunction()


@function.http
def handler(turn: LambdaTurn) -> dict[str, Any]:
    """Store what was said, and answer with what a model would."""
    turn.append({"role": "user", "content": turn.body["message"]})
    return {"role": "assistant", "content": f"hello for the {len(turn.messages)}th time"}
