"""A Strands agent whose session manager is ours."""

from __future__ import annotations

from strands import Agent

from s3sessions.awslambda import LambdaTurn, SessionFunction, agent_turn
from stand_in import StandInModel

function = SessionFunction()
MODEL = StandInModel()


@function.http
@agent_turn
def handler(turn: LambdaTurn) -> Agent:
    """Make the agent of one turn."""
    return Agent(model=MODEL, session_manager=turn.manager(), callback_handler=None)
