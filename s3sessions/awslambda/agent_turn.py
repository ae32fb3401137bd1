"""Turns that an agent of Strands answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from s3sessions.awslambda.answering import Answerer, InvalidAnswer
from s3sessions.awslambda.delivery import Answer, Delivery
from s3sessions.awslambda.kept_agent import KeptAgent
from s3sessions.awslambda.prompts import Prompt, check_responses, interrupts_answered, prompt_of
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.awslambda.turn import LambdaTurn
from s3sessions.errors import InvalidSettings, S3SessionsError

__all__ = ["AgentAnswerer", "agent_turn"]

BuildAgent: TypeAlias = Callable[[LambdaTurn], Any]
"""Builds the agent of a turn, with `session_manager=turn.manager()`."""


def agent_turn(build: BuildAgent) -> AgentAnswerer:
    """Make a builder of agents answer turns: `@function.http` above `@agent_turn`.

    The agent is built for each turn, inside it, with `session_manager=turn.manager()` and, if the
    events name agents, `agent_id=turn.agent_id`. It is asked what `message` of the body says: a
    text, or content blocks (`text`, `image`, `document`, `video`).

    A turn that is delivered again is answered with what is stored, without a model, and one that
    was cut off goes on. It is known by its messages, as long as the agent holds them: as far as
    the window of its conversation manager reaches. Where others have spoken since it was cut off,
    or a writer that takes no turns was first, the model is asked anew at the end, and the question
    stands there twice.

    Where a tool or a hook interrupts the agent, the answer is its last message with what it waits
    to be told as `Answer.interrupts`. The next turn tells it: a `message` of `interruptResponse`
    blocks, and nothing else. Until then any other message is refused.
    """
    return AgentAnswerer(build)


class AgentAnswerer(Answerer):
    """Answers with what an agent says; the agent's session manager restores and stores."""

    def __init__(self, build: BuildAgent) -> None:
        self._build = build

    def check(self, delivery: Delivery) -> None:
        prompt_of(delivery.body)

    def answer(self, turn: LambdaTurn) -> Answer:
        try:
            return self._answer(turn, self._agent(turn))
        finally:
            if turn.made_manager is not None:
                turn.made_manager.end_threads()

    def _agent(self, turn: LambdaTurn) -> Any:
        agent = self._build(turn)
        agent_id = getattr(agent, "agent_id", None)
        if not callable(agent) or agent_id is None:
            raise InvalidAnswer(f"the builder gave a {type(agent).__name__}: return an Agent")
        if agent_id == turn.agent_id:
            return agent
        if turn.body.get("agent") is not None:
            raise BadRequest(f"there is no agent {turn.agent_id!r} here: name {agent_id!r}")
        raise InvalidSettings(
            f"the agent has the id {agent_id!r} and the turn is of {turn.agent_id!r}: build it "
            "with agent_id=turn.agent_id"
        )

    def _answer(self, turn: LambdaTurn, agent: Any) -> Answer:
        if turn.made_manager is None:
            raise InvalidAnswer(
                "the agent is not kept: build it with session_manager=turn.manager()"
            )
        kept = KeptAgent(agent, turn.made_manager, turn.write_id)
        is_redelivery = kept.is_over
        if not is_redelivery:
            _ask(kept, prompt_of(turn.body))
            kept.chat.confirm(kept.said)
        message = kept.last
        if message is None:
            raise InvalidAnswer("the agent stored nothing: build it with turn.manager()")
        return Answer(turn.session_id, turn.agent_id, message, is_redelivery, kept.unanswered)


def _ask(kept: KeptAgent, prompt: Prompt) -> None:
    """Run the agent; an error of ours that Strands has wrapped is raised as it was."""
    interrupts, is_begun = kept.interrupts, bool(kept.said)
    if not is_begun:
        check_responses(prompt, interrupts)
    elif not interrupts and interrupts_answered(prompt):
        # They were heard before the turn was cut off, and Strands takes none twice.
        prompt = []
    try:
        kept.ask(prompt)
    except Exception as error:
        ours = getattr(error, "original_exception", None)
        if isinstance(ours, S3SessionsError):
            raise ours from error
        raise
