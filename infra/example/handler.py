"""An agent that remembers: send a message to a session, list and read sessions, delete one."""

from __future__ import annotations

from strands import Agent, tool

from models import chosen_model
from s3sessions.awslambda import LambdaTurn, SessionFunction, agent_turn

# Made in init, once for each container: the model's client and the store's.
MODEL = chosen_model()
function = SessionFunction()


@tool
def order_status(order: str) -> str:
    """Tell where an order is.

    Args:
        order: its number.
    """
    return f"Order {order} left the warehouse this morning."


@function.api
@agent_turn
def handler(turn: LambdaTurn) -> Agent:
    """Make the agent of one turn; its session manager restores and stores it."""
    return Agent(
        model=MODEL,
        tools=[order_status],
        system_prompt="You answer questions about orders, in a sentence or two.",
        session_manager=turn.manager(),
        callback_handler=None,
    )
