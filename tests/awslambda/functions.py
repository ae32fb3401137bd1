"""Session functions on a store that a test holds, and deliveries to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from s3sessions import Message, Sessions
from s3sessions.awslambda import Answer, Delivery, LambdaTurn, SessionFunction
from s3sessions.ports import SyncStore
from tests.awslambda.contexts import LambdaContext

MESSAGES = "session_s/agents/agent_default/messages/"
LEASE = "session_s/agents/agent_default/lease.json"


class Model:
    """Answers, and remembers what it has heard.

    Attributes:
        heard: for each call, the contents of the messages.
    """

    def __init__(self) -> None:
        self.heard: list[list[str]] = []

    def __call__(self, messages: list[dict[str, Any]]) -> str:
        self.heard.append([message["content"] for message in messages])
        return f"answer {len(self.heard)}"


def talking(model: Callable[[list[dict[str, Any]]], str]) -> Callable[[LambdaTurn], dict[str, Any]]:
    """A turn function as the README has it."""

    def talk(turn: LambdaTurn) -> dict[str, Any]:
        turn.append({"role": "user", "content": turn.body["message"]})
        return {"role": "assistant", "content": model(turn.messages)}

    return talk


class Function:
    """A function on Lambda: each has a process of its own, all have the store in common."""

    def __init__(self, store: SyncStore, turn_function: Any, **options: Any) -> None:
        given = {name: options.pop(name) for name in ("clock", "trust") if name in options}
        self.sessions = Sessions(store=store, **given)
        options = {"metrics": None, **options}
        self.function = SessionFunction(sessions=lambda: self.sessions, **options)
        self._turn_function = turn_function

    def __call__(
        self,
        message: str = "hi",
        *,
        name: str = "r1",
        context: LambdaContext | None = None,
        body: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Answer:
        """Deliver a message to the session `s`."""
        delivery = Delivery(
            session_id=fields.pop("session_id", "s"),
            agent_id=fields.pop("agent_id", "default"),
            write_id=name,
            body={"message": message} if body is None else body,
            **fields,
        )
        return self.function.take(delivery, context or LambdaContext(), self._turn_function)


def contents(store: SyncStore, session_id: str = "s") -> list[Any]:
    """What a reader finds in a session."""
    return [message.payload["content"] for message in stored(store, session_id)]


def stored(store: SyncStore, session_id: str = "s") -> list[Message]:
    return Sessions(store=store).open(session_id).restore().messages


def keys(store: SyncStore) -> list[str]:
    return sorted(entry.key for entry in store.list("").entries)
