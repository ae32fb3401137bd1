"""The command that reads a session: show."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import Any, Final

from s3sessions import Sessions
from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.show import Transcript
from s3sessions.cli.text import one_line
from s3sessions.errors import NotFound, S3SessionsError
from s3sessions.models import Message
from s3sessions.values import encode_value, format_time

__all__ = ["run_show"]

_MOST_HOLES_NAMED: Final = 20


def run_show(arguments: Namespace, output: Output) -> Exit:
    """Print the messages of a session: of the agent named, or of all, one after the other."""
    code = Exit.DONE
    with open_sessions(arguments) as sessions:
        session_id = sessions.resolve(arguments.session)
        for agent_id in _agents(sessions, session_id, arguments.agent):
            unread = _show_agent(sessions, session_id, agent_id, arguments, output)
            for error in unread:
                output.error(str(error))
                code = Exit.PARTIAL
    return code


def _agents(sessions: Sessions, session_id: str, named: str | None) -> Sequence[str]:
    agents = sessions.agents(session_id)
    if named is None:
        return agents
    if named not in agents:
        raise NotFound(
            f"session {session_id!r} has no agent {named!r}: it has {', '.join(agents) or 'none'}"
        )
    return [named]


def _show_agent(
    sessions: Sessions, session_id: str, agent_id: str, arguments: Namespace, output: Output
) -> Iterable[S3SessionsError]:
    """Print one agent's messages and give the errors of what could not be read."""
    agent = sessions.open(session_id, agent_id)
    if arguments.last is None:
        messages = agent.iterate()
        _print(messages, session_id, agent_id, arguments, output)
        _note_holes(messages.holes, agent_id, output)
        return messages.corrupt
    history = agent.restore(last=arguments.last, on_corrupt="report")
    _print(history.messages, session_id, agent_id, arguments, output)
    _note_holes(history.holes, agent_id, output)
    return history.corrupt


def _note_holes(holes: Sequence[range], agent_id: str, output: Output) -> None:
    """Say which places are empty; no harm by itself, so it changes no exit code."""
    for hole in holes[:_MOST_HOLES_NAMED]:
        place = str(hole[0]) if len(hole) == 1 else f"{hole[0]} to {hole[-1]}"
        output.note(one_line(f"agent {agent_id!r}: nothing is stored as message {place}"))
    if len(holes) > _MOST_HOLES_NAMED:
        output.note(f"and {len(holes) - _MOST_HOLES_NAMED:,} more such places")


def _print(
    messages: Iterable[Message],
    session_id: str,
    agent_id: str,
    arguments: Namespace,
    output: Output,
) -> None:
    if arguments.json:
        for message in messages:
            output.json(_document(session_id, agent_id, message))
        return
    output.spans((one_line(session_id), "heading"), (f"  agent {one_line(agent_id)}", "dim"))
    output.line()
    transcript = Transcript(full=arguments.full)
    for message in messages:
        output.lines(transcript.draw(message))


def _document(session_id: str, agent_id: str, message: Message) -> dict[str, Any]:
    return {
        "session_id": session_id,
        "agent_id": agent_id,
        "index": message.index,
        "created_at": format_time(message.created_at),
        "write_id": message.write_id,
        "status": message.status,
        "payload": encode_value(message.payload),
    }
