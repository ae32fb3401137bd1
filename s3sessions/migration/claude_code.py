"""Sessions of Claude Code: JSON Lines of log records, a file for a session or one of its agents.

The `message` of each user and assistant record is a message, in the order of the file, branches
that were given up included; other records stay behind in the source. What a sub-agent said is an
agent's of the session, under its own id; older logs give it none and mix it into the main file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from s3sessions.export.conversation import DEFAULT_AGENT, Conversation
from s3sessions.migration.foreign import (
    Damage,
    ForeignSession,
    begun_at,
    moment,
    text_of,
    without,
)
from s3sessions.migration.records import Records

__all__ = ["Head", "head_of", "read_files"]

_SOURCE: Final = "claude-code"
_MESSAGES: Final = frozenset({"user", "assistant"})
_TYPES: Final = _MESSAGES | {
    *("attachment", "file-history-snapshot", "progress", "queue-operation", "summary", "system"),
}
_SYNTHETIC: Final = "<synthetic>"
_MOST_LINES: Final = 1_000
_LONGEST_TITLE: Final = 100


@dataclass(frozen=True, slots=True)
class Head:
    """What the first records of a file tell.

    Attributes:
        session_id: None where no record names one: nobody spoke in it.
        titles: that a file gives conversations of other files, by their last record.
    """

    session_id: str | None
    titles: Mapping[str, str]


def head_of(path: Path) -> Head | None:
    """Look at the first records of a file; None where it is no log of Claude Code.

    Raises:
        UnreadableFile: it cannot be read.
    """
    titles: dict[str, str] = {}
    is_log = False
    for _, record in zip(range(_MOST_LINES), Records(path), strict=False):
        if record.get("type") not in _TYPES:
            if not is_log and "sessionId" not in record:
                return None
            continue
        is_log = True
        session_id = record.get("sessionId")
        if isinstance(session_id, str) and session_id:
            return Head(session_id, titles)
        if title := text_of(record.get("summary")):
            titles[str(record.get("leafUuid"))] = title
    return Head(None, titles) if is_log else None


def read_files(session_id: str, paths: Iterable[Path], titles: Mapping[str, str]) -> ForeignSession:
    """Read the files of one session.

    Args:
        session_id: that their records name.
        paths: of the files.
        titles: of conversations, by the id of their last record.

    Raises:
        UnreadableFile: one of them cannot be read.
    """
    logs = [_Log.read(path, titles) for path in paths]
    said = [_said(log, agent_id) for log in logs for agent_id in log.agents]
    created_at = begun_at(time for speech in said for time in speech.times)
    details = {"source": _SOURCE, **_details(logs)}
    agents = [
        Conversation(
            session_id,
            speech.agent_id,
            speech.messages,
            speech.times,
            created_at,
            session=details,
            usage=speech.usage,
        )
        for speech in said
    ]
    damaged = [damage for log in logs for damage in log.damaged]
    return ForeignSession(
        session_id, agents, created_at=created_at, details=details, damaged=damaged
    )


@dataclass(slots=True)
class _Log:
    """The records of one file, by the agent that they are of."""

    agents: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    damaged: Sequence[Damage] = ()
    title: str | None = None
    context: dict[str, Any] = field(default_factory=dict)
    _agent_ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, titles: Mapping[str, str]) -> _Log:
        log, records = cls(), Records(path)
        for record in records:
            log._add(record, titles)
        log.damaged = records.damaged
        return log

    def _add(self, record: dict[str, Any], titles: Mapping[str, str]) -> None:
        record_id = record.get("uuid")
        if isinstance(record_id, str):
            if record_id in self._agent_ids:
                return  # A session that was resumed repeats what it knows.
            self._agent_ids[record_id] = self._agent_id(record, record_id)
            self.title = titles.get(record_id, self.title)
        if record.get("type") in _MESSAGES and isinstance(record.get("message"), dict):
            agent_id = self._agent_ids.get(str(record_id), DEFAULT_AGENT)
            self.agents.setdefault(agent_id, []).append(record)
            if not self.context:
                names = {"cwd": "cwd", "gitBranch": "git_branch", "version": "version"}
                self.context = without({ours: record.get(name) for name, ours in names.items()})

    def _agent_id(self, record: Mapping[str, Any], record_id: str) -> str:
        if not record.get("isSidechain"):
            return DEFAULT_AGENT
        named = record.get("agentId")
        if isinstance(named, str) and named:
            return named
        parent = self._agent_ids.get(str(record.get("parentUuid")), DEFAULT_AGENT)
        return f"sidechain-{record_id}" if parent == DEFAULT_AGENT else parent


@dataclass(frozen=True, slots=True)
class _Speech:
    """What one agent said in one file."""

    agent_id: str
    messages: list[dict[str, Any]]
    times: list[datetime | None]
    usage: list[dict[str, Any] | None]


def _said(log: _Log, agent_id: str) -> _Speech:
    records = log.agents[agent_id]
    messages = [record["message"] for record in records]
    times = [moment(record.get("timestamp")) for record in records]
    return _Speech(agent_id, messages, times, _usage(messages))


def _usage(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    """Give what each message used. An answer of several records says all of it in each of them."""
    usage: list[dict[str, Any] | None] = [None] * len(messages)
    last = {str(message.get("id")): at for at, message in enumerate(messages) if message.get("id")}
    for at in last.values():
        given = messages[at].get("usage")
        numbers = _numbers(given) if isinstance(given, Mapping) else {}
        usage[at] = numbers or None
    return usage


def _numbers(given: Mapping[str, Any]) -> dict[str, int | float]:
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _details(logs: Sequence[_Log]) -> dict[str, Any]:
    """Give the title, the model and the surroundings, of the main conversation where there is."""
    main = [log for log in logs if DEFAULT_AGENT in log.agents] or list(logs)
    title = next((log.title for log in main if log.title), None)
    return {
        "title": title if title is None else _shortened(title),
        "model": next((model for log in main if (model := _model(log))), None),
        "metadata": next((log.context for log in main if log.context), {}),
    }


def _shortened(title: str) -> str:
    line = " ".join(title.split())
    return line if len(line) <= _LONGEST_TITLE else line[: _LONGEST_TITLE - 1] + "…"


def _model(log: _Log) -> str | None:
    """Give the model that answered last."""
    records = log.agents.get(DEFAULT_AGENT) or next(iter(log.agents.values()), [])
    models = (text_of(record["message"].get("model")) for record in reversed(records))
    return next((model for model in models if model not in (None, _SYNTHETIC)), None)
