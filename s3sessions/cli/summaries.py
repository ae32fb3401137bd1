"""The long view of ls: sessions with their titles and how they begin, filtered."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from s3sessions import SessionSummary
from s3sessions.cli.exits import Exit
from s3sessions.cli.fields import described, iso
from s3sessions.cli.filters import filters_of
from s3sessions.cli.output import Column, Output
from s3sessions.cli.place import open_sessions, place_in_words
from s3sessions.cli.text import age, when

__all__ = ["asks_for_summaries", "list_summaries"]

_COLUMNS: Final = (
    Column("id"),
    Column("title"),
    Column("begins"),
    Column("messages", is_number=True),
    Column("last active"),
)


def asks_for_summaries(arguments: Namespace) -> bool:
    """Tell whether ls needs what only session.json or a message says."""
    return bool(arguments.long or arguments.children or filters_of(arguments))


def list_summaries(arguments: Namespace, output: Output) -> Exit:
    """List sessions, the newest first; one that cannot be read is listed, and named at the end."""
    limit = arguments.limit
    with open_sessions(arguments) as sessions:
        # One more than is shown tells whether there are more.
        found = sessions.browse(
            limit=None if limit is None else limit + 1,
            children=arguments.children,
            **filters_of(arguments),
        )
    shown = found[:limit]
    if arguments.json:
        for session in shown:
            output.json(_document(session))
    elif shown:
        _print_table(shown, output)
    else:
        output.note(f"no such sessions at {place_in_words(arguments)}")
    if len(found) > len(shown):
        output.note("there are more: raise --limit to see them")
    return _report(shown, output)


def _print_table(shown: Sequence[SessionSummary], output: Output) -> None:
    last = partial(age, now=datetime.now(UTC)) if output.is_pretty else when
    output.table(_COLUMNS, [_row(session, last(session.last_active)) for session in shown])


def _row(session: SessionSummary, last_active: str) -> tuple[str, ...]:
    said = (session.title or "", session.preview or "")
    return (session.id, *said, f"{session.messages:,}", last_active)


def _document(session: SessionSummary) -> dict[str, Any]:
    return {
        **described(session),
        "preview": session.preview,
        "last_active": iso(session.last_active),
        "agents": list(session.agents),
        "messages": session.messages,
        "bytes": session.bytes,
        "corrupt": None if session.corrupt is None else str(session.corrupt),
    }


def _report(shown: Sequence[SessionSummary], output: Output) -> Exit:
    unreadable = [session.corrupt for session in shown if session.corrupt is not None]
    for error in unreadable:
        output.error(str(error))
    return Exit.PARTIAL if unreadable else Exit.DONE
