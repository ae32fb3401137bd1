"""A session function that repeats what it hears, with all that it asks of its store counted."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from s3sessions import Sessions
from s3sessions.awslambda import LambdaTurn, SessionFunction
from s3sessions.ports import SyncStore
from tests.awslambda.contexts import LambdaContext


class Talking:
    """The function, its sessions, and what its turn function heard.

    Attributes:
        during: called in each turn, before it is answered.
    """

    def __init__(self, store: SyncStore | None = None, **options: Any) -> None:
        self.sessions = Sessions(store=store) if store is not None else Sessions("memory://")
        options = {"metrics": None, "wait": 0.0, **options}
        self.function = SessionFunction(sessions=lambda: self.sessions, **options)
        self.heard: list[Any] = []
        self.during: Callable[[LambdaTurn], None] = lambda turn: None

    def answer(self, turn: LambdaTurn) -> Mapping[str, Any]:
        said = turn.body.get("message")
        self.heard.append(said)
        turn.append({"role": "user", "content": said})
        self.during(turn)
        return {"role": "assistant", "content": f"you said: {said}"}

    @property
    def requests(self) -> int:
        """Requests to the store so far."""
        return self.sessions.requests.total

    def post(self, event: Any, context: LambdaContext | None = None) -> Any:
        """What the handler of `.http` gives back."""
        return self.function.http(self.answer)(event, context or LambdaContext())

    def ask(self, event: Any, context: LambdaContext | None = None) -> Any:
        """What the handler of `.api` gives back."""
        return self.function.api(self.answer)(event, context or LambdaContext())

    def take_queue(self, event: Any, context: LambdaContext | None = None) -> list[str]:
        """The ids of the messages that the handler of `.sqs` says are to come again."""
        response = self.function.sqs(self.answer)(event, context or LambdaContext())
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def invoke(self, event: Any, context: LambdaContext | None = None) -> Any:
        """What the handler of `.direct` gives back."""
        return self.function.direct(self.answer)(event, context or LambdaContext())

    def said(self, session_id: str, agent: str = "default") -> list[str]:
        """What is stored in a session."""
        history = self.sessions.open(session_id, agent).restore()
        return [payload["content"] for payload in history.payloads]


def body_of(response: Mapping[str, Any]) -> Any:
    return json.loads(response["body"])


def headers_of(response: Mapping[str, Any]) -> dict[str, str]:
    if "multiValueHeaders" in response:
        return {name: values[0] for name, values in response["multiValueHeaders"].items()}
    return dict(response["headers"])


def problem_of(response: Mapping[str, Any]) -> Any:
    """The body of a response that is a well-formed problem."""
    assert headers_of(response)["content-type"] == "application/problem+json"
    problem = body_of(response)
    assert problem["status"] == response["statusCode"]
    assert set(problem) == {"type", "title", "status", "detail", "kind"}
    assert all(problem.values())
    return problem
