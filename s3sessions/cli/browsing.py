"""The commands that look at sessions without reading them: ls, info, stats."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any, Final

from s3sessions.cli.exits import Exit
from s3sessions.cli.fields import described, iso, metadata_fields, named_fields, print_fields
from s3sessions.cli.output import Column, Output
from s3sessions.cli.place import open_sessions, place_arguments, place_in_words
from s3sessions.cli.summaries import asks_for_summaries, list_summaries
from s3sessions.cli.text import age, counted, one_line, size, when
from s3sessions.descriptions import SessionInfo
from s3sessions.models import Child, SessionSize, Stats

__all__ = ["run_info", "run_ls", "run_stats"]

_COLUMNS: Final = (
    Column("id"),
    Column("agents"),
    Column("messages", is_number=True),
    Column("size", is_number=True),
    Column("last active"),
)

# Of sessions by their id, backwards: ids that were made sort by time, where the store's clock tells
# no two apart. The id after the others, so that the order of equals is always the same.
_ORDERS: Final[Mapping[str, Callable[[SessionSize], Any]]] = {
    "active": lambda size: -(size.last_active.timestamp() if size.last_active else 0.0),
    "id": lambda size: size.id,
    "messages": lambda size: (-size.messages, size.id),
    "bytes": lambda size: (-size.bytes, size.id),
}


def run_ls(arguments: Namespace, output: Output) -> Exit:
    """List sessions: a table from one list of all objects, ids as they come, or the long view."""
    if arguments.ids:
        return _list_ids(arguments, output)
    if asks_for_summaries(arguments):
        return list_summaries(arguments, output)
    return _list_sizes(arguments, output)


def _list_ids(arguments: Namespace, output: Output) -> Exit:
    with open_sessions(arguments) as sessions:
        refs = sessions.list(token=arguments.after)
        for ref in islice(refs, arguments.limit):
            if arguments.json:
                output.json({"id": ref.id})
            else:
                output.line(one_line(ref.id))
        if arguments.limit is None:
            return Exit.DONE
        token = refs.token
        if next(iter(refs), None) is not None:
            command = ("ls", "--ids", f"--limit={arguments.limit}", f"--after={token}")
            words = ("s3sessions", *place_arguments(arguments), *command)
            output.note(f"there are more: {shlex.join(words)}")
    return Exit.DONE


def _list_sizes(arguments: Namespace, output: Output) -> Exit:
    with open_sessions(arguments) as sessions:
        backwards = sessions.sizes()[::-1]
        found = sorted(backwards, key=_ORDERS[arguments.sort or "active"])
        shown = found[: arguments.limit]
        if arguments.json:
            for session in shown:
                output.json(_size_document(session))
            return Exit.DONE
        if not found:
            output.note(f"no sessions at {place_in_words(arguments)}")
            return Exit.DONE
    # A person wants to know how long ago, and the room; a program the time.
    last = partial(age, now=datetime.now(UTC)) if output.is_pretty else when
    output.table(_COLUMNS, [_size_row(session, last(session.last_active)) for session in shown])
    if len(shown) < len(found):
        output.note(f"{len(found) - len(shown):,} more: raise --limit to see them")
    return Exit.DONE


def _size_document(session: SessionSize) -> dict[str, Any]:
    return {
        "id": session.id,
        "agents": list(session.agents),
        "messages": session.messages,
        "bytes": session.bytes,
        "last_active": iso(session.last_active),
        "foreign": session.foreign,
    }


def _size_row(session: SessionSize, last_active: str) -> tuple[str, ...]:
    count = len(session.agents)
    agents = session.agents[0] if count == 1 else counted(count, "agent")
    counts = (f"{session.messages:,}", size(session.bytes))
    return (session.id, agents, *counts, last_active)


def run_info(arguments: Namespace, output: Output) -> Exit:
    """Describe one session."""
    with open_sessions(arguments) as sessions:
        info = sessions.info(sessions.resolve(arguments.session))
        children = sessions.children(info.id)
    if arguments.json:
        forks = {"children": list(map(_child_document, children))}
        output.json({**_info_document(info), **forks, "transport": sessions.transport})
    else:
        fields = [("child", f"{child.id}, {child.kind}") for child in children]
        fields.append(("transport", sessions.transport))
        print_fields(output, [*_info_fields(info), *fields])
    if info.corrupt is not None:
        output.error(str(info.corrupt))
        return Exit.PARTIAL
    return Exit.DONE


def _info_document(info: SessionInfo) -> dict[str, Any]:
    return {
        **described(info),
        "updated_at": iso(info.updated_at),
        "agents": dict(info.agents),
        "messages": info.messages,
        "bytes": info.bytes,
        "foreign": info.foreign,
        "corrupt": None if info.corrupt is None else str(info.corrupt),
    }


def _child_document(child: Child) -> dict[str, Any]:
    return {"id": child.id, "kind": child.kind, "created_at": iso(child.created_at)}


def _info_fields(info: SessionInfo) -> list[tuple[str, str]]:
    fields = [*named_fields(info), ("last active", when(info.updated_at))]
    fields += [("messages", f"{info.messages:,}"), ("size", size(info.bytes))]
    fields += [
        ("agent", f"{agent}, {counted(count, 'message')}") for agent, count in info.agents.items()
    ]
    fields += metadata_fields(info)
    if info.foreign:
        fields.append(("not ours", counted(info.foreign, "object")))
    return fields


def run_stats(arguments: Namespace, output: Output) -> Exit:
    """Count everything."""
    with open_sessions(arguments) as sessions:
        stats = sessions.stats()
    if arguments.json:
        output.json(_stats_document(stats))
    else:
        print_fields(output, [("sessions at", place_in_words(arguments)), *_stats_fields(stats)])
    return Exit.DONE


def _stats_document(stats: Stats) -> dict[str, Any]:
    return {
        "sessions": stats.sessions,
        "agents": stats.agents,
        "messages": stats.messages,
        "bytes": stats.bytes,
        "empty": stats.empty,
        "foreign": stats.foreign,
        "last_active": iso(stats.last_active),
    }


def _stats_fields(stats: Stats) -> list[tuple[str, str]]:
    return [
        ("sessions", f"{stats.sessions:,}"),
        ("of them empty", f"{stats.empty:,}"),
        ("agents", f"{stats.agents:,}"),
        ("messages", f"{stats.messages:,}"),
        ("size", size(stats.bytes)),
        ("not ours", counted(stats.foreign, "object")),
        ("last active", when(stats.last_active) or "never"),
    ]
