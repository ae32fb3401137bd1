"""The public surface: frozen, and the same in both colours."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from s3sessions import (
    AgentSession,
    AsyncAgentSession,
    AsyncMultiAgentSession,
    AsyncSessions,
    MultiAgentSession,
    Sessions,
)
from s3sessions.ports import AsyncStore, SyncStore

SESSIONS = {
    "__init__": "(url=None, *, settings=None, client=None, store=None, on_request=None, "
    "clock=…, entropy=…, **options)",
    "agents": "(session_id)",
    "browse": "(*, limit=20, offset=0, user=None, source=None, model=None, tag=None, title=None, "
    "parent=None, ended=None, since=None, before=None, children=False, usage=False)",
    "check": "()",
    "children": "(session_id)",
    "close": "()",
    "create": "(session_id, **details)",
    "delete": "(session_id, *, agent=None)",
    "describe": "(session_id, *, only_unset=False, **changes)",
    "doctor": "(session_id=None, *, repair=False)",
    "end": "(session_id, reason=None)",
    "fork": "(parent_id, child_id=None, *, kind='branch', agent=None, messages=None, "
    "until=None, **details)",
    "info": "(session_id)",
    "latest": "()",
    "list": "(*, token=None)",
    "multi_agent": "(session_id, multi_agent_id)",
    "multi_agents": "(session_id)",
    "new_id": "()",
    "open": "(session_id, agent='default', *, on_conflict=None, **details)",
    "prefix": "property",
    "prepare": "()",
    "prune": "(older_than, *, ended=None, user=None, source=None, model=None, tag=None, "
    "title=None, empty=False, keep=(), start_after=None, purge=False, dry_run=False)",
    "purge": "(session_id, *, agent=None)",
    "reopen": "(session_id)",
    "requests": "property",
    "resolve": "(id_prefix)",
    "resume": "(session_id)",
    "sizes": "()",
    "stats": "()",
    "sweep": "(older_than, *, name='retention', seconds=None, every=None, event_id=None, "
    "purge=False, dry_run=False, **which)",
    "tip": "(session_id)",
    "transport": "property",
    "under": "(name)",
}
AGENT_SESSION = {
    "append": "(payload, *, write_id=None, created_at=None, status=None, usage=None, "
    "usage_total=None, deadline=None)",
    "append_many": "(payloads, *, write_id=None, usage=None, deadline=None)",
    "clear": "(*, deadline=None)",
    "compact": "(*, min_age=86400.0, pack=False, deadline=None)",
    "complete": "(index, payload, *, usage=None, deadline=None)",
    "confirm": "(messages, *, deadline=None)",
    "iterate": "(*, start=0, stop=None, on_corrupt='report')",
    "read": "(index)",
    "redact": "(index, *, replacement=None, deadline=None)",
    "refresh": "(*, deadline=None)",
    "remove": "(index, *, deadline=None)",
    "replace": "(payloads, *, deadline=None)",
    "requests": "property",
    "restore": "(*, start=0, last=None, max_messages=None, partial='keep', on_corrupt='raise', "
    "deadline=None)",
    "save_state": "(state, *, remove=(), fields=None, deadline=None)",
    "summarize": "(text, *, keep_last=None, deadline=None)",
    "truncate": "(keep_last, *, deadline=None)",
    "turn": "(*, wait=0.0, lease=60.0)",
    "update": "(message, payload, *, deadline=None)",
}
MULTI_AGENT_SESSION = {
    "requests": "property",
    "restore": "(*, deadline=None)",
    "save": "(body, *, deadline=None)",
}
FACES = [(Sessions, SESSIONS), (AsyncSessions, SESSIONS)]
HANDLES = [
    (AgentSession, AGENT_SESSION),
    (AsyncAgentSession, AGENT_SESSION),
    (MultiAgentSession, MULTI_AGENT_SESSION),
    (AsyncMultiAgentSession, MULTI_AGENT_SESSION),
]


def _shape(member: Any) -> str:
    if isinstance(member, property):
        return "property"
    parameters = [p for name, p in inspect.signature(member).parameters.items() if name != "self"]
    shown: list[str] = []
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in shown:
            shown.append("*")
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        default = "" if parameter.default is parameter.empty else f"={_default(parameter.default)}"
        shown.append(f"{stars}{parameter.name}{default}")
    return f"({', '.join(shown)})"


def _default(value: object) -> str:
    return "…" if callable(value) else repr(value)


def _surface(cls: type, *, constructor: bool) -> dict[str, str]:
    members = _members(cls)
    names = [name for name in members if not name.startswith("_")]
    return {n: _shape(members[n]) for n in [*names, *(["__init__"] if constructor else [])]}


def _members(cls: type) -> dict[str, Any]:
    """What a class and those that it is made of define."""
    return {
        name: member for base in reversed(cls.mro()[:-1]) for name, member in vars(base).items()
    }


@pytest.mark.parametrize(("face", "frozen"), FACES)
def test_the_surface_of_sessions_changes_only_with_this_list(
    face: type, frozen: dict[str, str]
) -> None:
    assert _surface(face, constructor=True) == frozen


@pytest.mark.parametrize(("handle", "frozen"), HANDLES)
def test_the_surface_of_a_handle_changes_only_with_this_list(
    handle: type, frozen: dict[str, str]
) -> None:
    assert _surface(handle, constructor=False) == frozen


@pytest.mark.parametrize(
    ("sync", "other"),
    [
        (Sessions, AsyncSessions),
        (AgentSession, AsyncAgentSession),
        (MultiAgentSession, AsyncMultiAgentSession),
    ],
)
def test_both_faces_take_the_same_types_and_give_the_same(sync: type, other: type) -> None:
    renamed = {"AsyncStore": "SyncStore", "AsyncAgentSession": "AgentSession",
               "AsyncMultiAgentSession": "MultiAgentSession",
               "AsyncSessions": "Sessions", "SessionStream": "SessionList",
               "MessageStream": "MessageIterator", "AsyncTurn": "Turn",
               "Diagnosis": "FindingList", "Pruning": "PruneList"}  # fmt: skip
    for name, member in _members(sync).items():
        if name.startswith("_") or isinstance(member, property):
            continue
        twin = dict(inspect.get_annotations(_members(other)[name]))
        for key, annotation in twin.items():
            for ours, theirs in renamed.items():
                annotation = annotation.replace(ours, theirs)
            twin[key] = annotation
        assert twin == inspect.get_annotations(member), name


def test_both_ports_have_the_same_verbs() -> None:
    def verbs(port: type) -> dict[str, str]:
        return {n: _shape(m) for n, m in vars(port).items() if not n.startswith("_")}

    assert verbs(SyncStore) == verbs(AsyncStore)


@pytest.mark.parametrize("cls", [cls for cls, _ in (*FACES, *HANDLES)])
def test_every_public_member_is_documented(cls: type) -> None:
    for name, member in _members(cls).items():
        if not name.startswith("_"):
            assert inspect.getdoc(member), f"{cls.__name__}.{name}"
