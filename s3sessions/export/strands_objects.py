"""Export for Strands Agents: the layout of its own FileSessionManager and S3SessionManager.

Those know nothing of hidden, void or batched messages, and count positions from 0. So they get what
is visible, numbered anew, and nothing else. A session's own document is written last: until then
they find no session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from s3sessions.converters import Conversion, to_strands
from s3sessions.errors import InvalidId, InvalidSettings, NotFound, PreconditionFailed
from s3sessions.export.reports import ExportReport
from s3sessions.export.run import Follow, Refusal, Rendering, run_export
from s3sessions.ids import encode_id
from s3sessions.keys import Root, SessionKeys
from s3sessions.opening import Configuration
from s3sessions.ports import ABSENT, SyncStore
from s3sessions.settings import Settings
from s3sessions.sync_store import open_store
from s3sessions.transport import choose
from s3sessions.values import dump, encode_value, format_time

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History, Message
    from s3sessions.sync import Sessions

__all__ = ["export_strands"]

_EPOCH: Final = "1970-01-01T00:00:00.000000+00:00"
_DEFAULT_MANAGER: Final = "SlidingWindowConversationManager"


def export_strands(
    sessions: Sessions,
    url: str | None = None,
    *,
    settings: Settings | None = None,
    store: SyncStore | None = None,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Follow | None = None,
) -> ExportReport:
    """Write sessions as Strands Agents' own session managers store and restore them.

    Messages that are visible, in the shape of Converse and numbered from 0, the agent's state, and
    what a Strands agent keeps beside it; the summary of a history and an agent without messages
    have no place there. Nothing is overwritten: a session that the destination holds already is
    left as it is, and refused unless it is the same; so an export that was cut off goes on.

    Requests to the destination: 1 LIST and 1 PUT for each object, 1 GET for each that is there.
    Other arguments, requests, memory and errors: as `export_conversations`.

    Args:
        url: of the destination, `s3://bucket/prefix` or `file:///folder`.
        settings: of the destination, with its URL, instead of a URL.
        store: a store of your own instead of a URL.

    Raises:
        InvalidSettings: no destination, or one that cannot work.
    """
    if url is None and settings is None and store is None:
        raise InvalidSettings("no destination: give a url, settings or a store")
    configuration = Configuration.of(url, settings, {}, client=None, store=store)
    configuration, transport = choose(configuration, sdk="boto3", store=store)
    opened = store if store is not None else open_store(configuration, transport, None)
    destination = _Destination(opened, configuration.root)
    try:
        return run_export(
            sessions,
            destination.render,
            destination.write,
            session_ids=session_ids,
            width=width,
            on_progress=on_progress,
        )
    finally:
        if store is None:
            opened.close()


@dataclass(frozen=True, slots=True)
class _Agent:
    """What stands in one agent's objects, and in the session's."""

    session_id: str
    agent_id: str
    messages: Sequence[bytes]
    document: bytes
    session: bytes


@dataclass(frozen=True, slots=True)
class _Destination:
    """Where Strands finds the sessions."""

    store: SyncStore
    root: Root

    def render(self, info: SessionInfo, history: History) -> Rendering[_Agent]:
        """Make an agent's objects; none of an agent of which no message is left."""
        converted = to_strands(history.payloads)
        dropped = _dropped(history, converted)
        if not converted.messages:
            # Strands takes a folder without messages for a damaged one.
            return Rendering(None, [*dropped, "agent without messages"])
        sources = [history.messages[position or 0] for position in converted.positions]
        numbered = enumerate(zip(converted.messages, sources, strict=True))
        began, ended = _time(sources[0]), _time(sources[-1])
        agent = _Agent(
            history.session_id,
            history.agent_id,
            [_message(number, payload, source) for number, (payload, source) in numbered],
            _agent(history, began, ended),
            _session(info, began),
        )
        return Rendering(agent, dropped)

    def write(self, agents: list[_Agent]) -> int:
        """Create a session's objects, its document last. Raises Refusal."""
        if not agents:
            return 0
        keys, objects = self._objects(agents)
        session = {keys.document: agents[0].session}
        there = self._same(keys.prefix, {**objects, **session})
        for part in (objects, session):
            self._create({key: data for key, data in part.items() if key not in there})
        return sum(map(len, (*objects.values(), *session.values())))

    def _objects(self, agents: list[_Agent]) -> tuple[SessionKeys, dict[str, bytes]]:
        session_id = agents[0].session_id
        objects: dict[str, bytes] = {}
        try:
            session = self.root.session(session_id)
            for agent in agents:
                keys = session.agent(agent.agent_id)
                for number, data in enumerate(agent.messages):
                    objects[keys.message(number)] = data
                objects[keys.document] = agent.document
        except InvalidId as error:
            raise Refusal(self.root.sessions + session_id, error.message) from error
        for name in (session_id, *(agent.agent_id for agent in agents)):
            # Those are escaped here and not there, or taken for a path there.
            if encode_id(name) != name or "\\" in name:
                raise Refusal(session.prefix, f"Strands takes no such id: {name!r}")
        return session, objects

    def _same(self, prefix: str, objects: Mapping[str, bytes]) -> set[str]:
        """Give the keys that hold what is to be written. Raises Refusal where one does not."""
        found: list[str] = []
        token = None
        while True:
            page = self.store.list(prefix, token=token)
            found += [entry.key for entry in page.entries]
            token = page.token
            if token is None:
                break
        for key in found:
            if key not in objects:
                raise _taken(key)
        held = self.store.fan_out([partial(self._read, key) for key in found])
        for key, data in zip(found, held, strict=True):
            if data is not None and data != objects[key]:
                raise _taken(key)
        return {key for key, data in zip(found, held, strict=True) if data is not None}

    def _read(self, key: str) -> bytes | None:
        try:
            return self.store.get(key).data
        except NotFound:
            return None

    def _create(self, objects: Mapping[str, bytes]) -> None:
        calls = [partial(self._put, key, data) for key, data in objects.items()]
        self.store.fan_out(calls)

    def _put(self, key: str, data: bytes) -> None:
        try:
            self.store.put(key, data, only_if=ABSENT)
        except PreconditionFailed:
            if self._read(key) != data:
                raise _taken(key) from None


def _taken(key: str) -> Refusal:
    return Refusal(key, "the destination holds another session of this id: export elsewhere")


def _dropped(history: History, converted: Conversion) -> Sequence[str]:
    dropped = [each.what for each in converted.dropped]
    for name, value in (("system", converted.system), ("summary", history.summary)):
        dropped += [name] if value else []
    return dropped


def _time(message: Message) -> str:
    return format_time(message.created_at or message.updated_at) or _EPOCH


def _message(number: int, payload: Mapping[str, Any], source: Message) -> bytes:
    return dump(
        {
            "message": encode_value(dict(payload)),
            "message_id": number,
            "redact_message": None,
            "created_at": _time(source),
            "updated_at": format_time(source.updated_at) or _time(source),
        }
    )


def _agent(history: History, began: str, ended: str) -> bytes:
    internal = history.agent_fields.get("_internal_state")
    return dump(
        {
            "agent_id": history.agent_id,
            "state": encode_value(dict(history.state)),
            "conversation_manager_state": _manager(history),
            "_internal_state": encode_value(internal if isinstance(internal, dict) else {}),
            "created_at": began,
            "updated_at": ended,
        }
    )


def _manager(history: History) -> dict[str, Any]:
    """Give the state of a conversation manager that has dropped nothing yet."""
    stored = history.agent_fields.get("conversation_manager_state")
    kept: dict[str, Any] = encode_value(stored) if isinstance(stored, dict) else {}
    state = {"__name__": _DEFAULT_MANAGER, **kept, "removed_message_count": 0}
    # What it stands for is in the messages again.
    return {**state, "summary_message": None} if "summary_message" in state else state


def _session(info: SessionInfo, began: str) -> bytes:
    created = format_time(info.created_at) or began
    return dump(
        {
            "session_id": info.id,
            "session_type": "AGENT",
            "created_at": created,
            "updated_at": created,
        }
    )
