"""The verbs: picoclaw's names over those of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self

from s3sessions.errors import Conflict, S3SessionsError
from s3sessions.integrations.session_store.failures import Failures, TellError
from s3sessions.integrations.session_store.handles import Handles
from s3sessions.integrations.session_store.place import Place
from s3sessions.models import Message
from s3sessions.sync import AgentSession, Sessions
from s3sessions.values import format_time, parse_time

__all__ = ["SessionStore"]

_TRIES: Final = 5


class SessionStore:
    """One session for each key, with the verbs of picoclaw's `SessionStore`.

    Several processes may share a session: what one adds while another truncates, summarises or
    saves stays visible. Threads may share a store. Making it makes no request; nothing is held
    back, so there is nothing to flush.

    A write that fails is logged, counted and told, and not raised: picoclaw's loop goes on without
    it. What is read is never made up: where the store does not answer, `get_history` raises, for
    an empty history would be believed.

    Args:
        sessions: where they are kept; `close` closes it.
        agent: whose messages they are.
        on_error: `log`, or `raise` for writes whose errors are raised, too.
        tell_error: called with the session's key and the error of each write that fails.
        should_store: which messages are kept; those for which it is false are not stored, and not
            shown where another has stored them. All are, if not given. To go without messages that
            are nothing but a model's thoughts, which some providers refuse:
            `lambda message: not tool_calls.is_transient_thought(message)`.
        fallback: other sessions, used for everything if `sessions` does not answer when it is
            first needed. That is asked once, by 1 LIST more, so that what is said is never split
            between the two; later errors are errors. Without it every verb meets them itself.
        handles: most sessions of which the end is remembered; another one costs 1 LIST and 1 GET
            more for its next message.
        min_age: seconds for which an object must have been left alone before `save` deletes it;
            see `AgentSession.compact`.

    Attributes:
        failures: of writes; `failures.count` is how many there were.

    Raises:
        InvalidSettings: arguments that cannot work.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        agent: str = "default",
        on_error: Literal["log", "raise"] = "log",
        tell_error: TellError | None = None,
        should_store: Callable[[Mapping[str, Any]], bool] | None = None,
        fallback: Sessions | None = None,
        handles: int = 1000,
        min_age: float = 86400.0,
    ) -> None:
        self.failures = Failures(on_error, tell_error)
        self._place = Place(sessions, fallback)
        self._handles = Handles(self._place, agent, handles)
        self._should_store = should_store
        self._min_age = min_age

    @property
    def sessions(self) -> Sessions:
        """Where they are kept: what was given first, or the fallback."""
        return self._place.sessions()

    # What picoclaw's loop calls

    def add_message(self, session_key: str, role: str, content: str) -> None:
        """Store a message of a role and a text. Requests: 1 PUT; as `AgentSession.append`."""
        self.add_full_message(session_key, {"role": role, "content": content})

    def add_full_message(self, session_key: str, message: Mapping[str, Any]) -> None:
        """Store a message with all its fields, tool calls and ids among them.

        Durable when it returns, unless `failures` says otherwise. A `created_at` in it (ISO 8601)
        is when it was made; now, if there is none. Requests: as `AgentSession.append`.
        """
        if self._is_kept(message):
            created_at = parse_time(message.get("created_at"))
            self._write(session_key, lambda chat: chat.append(message, created_at=created_at))

    def get_history(self, session_key: str) -> list[dict[str, Any]]:
        """Give the messages, oldest first; none of a session that is not there.

        Each has the fields that it was stored with, and `created_at`, which a provider may not
        take. What cannot be read is logged and passed over. Requests: as `AgentSession.restore`.

        Raises:
            StoreUnavailable, AccessDenied: the history is not known.
            SessionDeleted: the session is being deleted.
            InvalidId: a key that is empty or too long.
        """
        return [_dated(message) for message in self._messages(self._handles.get(session_key))]

    def get_summary(self, session_key: str) -> str:
        """Give the summary; empty where there is none.

        Requests: 1 LIST for each 1,000 messages and 3 GET. Raises what `get_history` raises.
        """
        # By a handle of its own: what the other one has read stays known.
        chat = self._handles.open(session_key)
        summary = chat.restore(last=0, on_corrupt="report").summary
        return "" if summary is None else summary.text

    def set_summary(self, session_key: str, summary: str) -> None:
        """Put a summary in place of the one there is; an empty one takes it away.

        Requests: as `AgentSession.summarize`, which can hide what it stands for in the same write.
        """
        self._write(session_key, lambda chat: chat.summarize(summary), tries=_TRIES)

    def set_history(self, session_key: str, history: Iterable[Mapping[str, Any]]) -> None:
        """Put other messages in place of all; the summary stays. None hides all.

        Atomic, and so at most 1,000 messages. What another process has added since this store has
        read the history or written to it is not known to whoever calls this: then nothing is
        replaced, and the failure is a `Conflict`. Requests: as `AgentSession.replace`.
        """
        kept = [message for message in history if self._is_kept(message)]
        self._write(session_key, lambda chat: chat.replace(kept))

    def truncate_history(self, session_key: str, keep_last: int) -> None:
        """Hide all but the newest messages; 0 or less hides all. Nothing is deleted until `save`.

        Requests: as `AgentSession.truncate`; with `should_store`, those of `get_history` too.
        """
        self._write(
            session_key,
            lambda chat: chat.truncate(self._stored(chat, keep_last)),
            tries=_TRIES,
        )

    def save(self, session_key: str) -> None:
        """Delete what is hidden and old enough; what was said is stored all along.

        Requests and errors: as `AgentSession.compact`; they are raised whatever `on_error` says.
        """
        self._handles.get(session_key).compact(min_age=self._min_age)

    def list_sessions(self) -> list[str]:
        """Give the keys of all sessions. Requests: 1 LIST for each 1,000. Raises as `get_history`.

        Sessions that others keep at the same place are among them.
        """
        return [ref.id for ref in self._place.sessions().list()]

    def close(self) -> None:
        """Close the sessions that were given; may be called twice."""
        self._place.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    # How it is done

    def _write(
        self, session_key: str, write: Callable[[AgentSession], object], *, tries: int = 1
    ) -> None:
        """Write; again where others were first, if it means the same on what they have made."""
        for left in reversed(range(tries)):
            try:
                write(self._handles.get(session_key))
            except S3SessionsError as error:
                if not left or not isinstance(error, Conflict):
                    return self.failures.meet(session_key, error)
                self._handles.drop(session_key)
            else:
                return None
        return None

    def _is_kept(self, message: Mapping[str, Any]) -> bool:
        return self._should_store is None or self._should_store(message)

    def _messages(self, chat: AgentSession) -> list[Message]:
        stored = chat.restore(on_corrupt="report").messages
        return [message for message in stored if self._is_kept(message.payload)]

    def _stored(self, chat: AgentSession, keep_last: int) -> int:
        """Tell how many stored messages to keep for so many that are shown."""
        if self._should_store is None or keep_last <= 0:
            return max(0, keep_last)
        stored = chat.restore(on_corrupt="report").messages
        shown = [at for at, message in enumerate(stored) if self._is_kept(message.payload)]
        return len(stored) - shown[-keep_last] if keep_last < len(shown) else len(stored)


def _dated(message: Message) -> dict[str, Any]:
    """Give what a message says, and when it was made where it does not say that."""
    if message.payload.get("created_at") is not None or message.created_at is None:
        return message.payload
    return {**message.payload, "created_at": format_time(message.created_at)}
