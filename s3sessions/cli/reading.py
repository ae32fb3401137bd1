"""The command that reads a session: show."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from s3sessions import AgentSession, History
from s3sessions.cli.agents import all_agents
from s3sessions.cli.exits import Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.show import Transcript
from s3sessions.cli.text import one_line
from s3sessions.errors import S3SessionsError
from s3sessions.models import Message
from s3sessions.usage import fold
from s3sessions.values import encode_value, format_time

__all__ = ["run_show"]

_MOST_HOLES_NAMED: Final = 20


def run_show(arguments: Namespace, output: Output) -> Exit:
    """Print the messages of a session: of the agent named, or of all, one after the other."""
    code = Exit.DONE
    with open_sessions(arguments) as sessions:
        session_id = sessions.resolve(arguments.session)
        for agent_id in all_agents(sessions, session_id, arguments.agent):
            agent = sessions.open(session_id, agent_id)
            show = _show_all if arguments.last is None else _show_last
            for error in show(agent, arguments, output):
                output.error(str(error))
                code = Exit.PARTIAL
    return code


def _show_all(
    agent: AgentSession, arguments: Namespace, output: Output
) -> Sequence[S3SessionsError]:
    """Print messages as they come, and what they used; give what could not be read."""
    messages = agent.iterate()
    if arguments.json:
        _print_lines(messages, agent, output)
    else:
        # The summary and where the history begins, without a message.
        history = agent.restore(last=0, on_corrupt="report")
        transcript = _begin(history, arguments, output)
        # Adding up is what makes the messages come, so that none is kept.
        used = fold(_drawn(messages, transcript, output), history.usage)
        if used:
            output.line(one_line(f"used  {', '.join(_in_words(used))}"), "dim")
    _note_holes(messages.holes, agent.agent_id, output)
    return messages.corrupt


def _show_last(
    agent: AgentSession, arguments: Namespace, output: Output
) -> Sequence[S3SessionsError]:
    """Print the newest messages; give what could not be read."""
    history = agent.restore(last=arguments.last, on_corrupt="report")
    if arguments.json:
        _print_lines(history.messages, agent, output)
    else:
        transcript = _begin(history, arguments, output)
        for _ in _drawn(history.messages, transcript, output):
            pass
    _note_holes(history.holes, agent.agent_id, output)
    return history.corrupt


def _begin(history: History, arguments: Namespace, output: Output) -> Transcript:
    """Print what stands before the messages, and give what draws them."""
    transcript = Transcript(full=arguments.full)
    agent = f"  agent {one_line(history.agent_id)}"
    output.spans((one_line(history.session_id), "heading"), (agent, "dim"))
    if history.first:
        hidden = "message is" if history.first == 1 else f"{history.first:,} messages are"
        output.line(f"(the first {hidden} hidden)", "dim")
    output.line()
    if history.summary is not None:
        output.lines(transcript.draw_summary(history.summary))
    return transcript


def _drawn(
    messages: Iterable[Message], transcript: Transcript, output: Output
) -> Iterator[Message]:
    for message in messages:
        output.lines(transcript.draw(message))
        yield message


def _print_lines(messages: Iterable[Message], agent: AgentSession, output: Output) -> None:
    for message in messages:
        output.json(_document(agent.session_id, agent.agent_id, message))


def _in_words(usage: Mapping[str, Any], group: str = "") -> Iterator[str]:
    for name, value in usage.items():
        if isinstance(value, Mapping):
            yield from _in_words(value, f"{group}{name}.")
        else:
            yield f"{value:,} {group}{name}"


def _note_holes(holes: Sequence[range], agent_id: str, output: Output) -> None:
    """Say which places are empty; no harm by itself, so it changes no exit code."""
    for hole in holes[:_MOST_HOLES_NAMED]:
        place = str(hole[0]) if len(hole) == 1 else f"{hole[0]} to {hole[-1]}"
        output.note(one_line(f"agent {agent_id!r}: nothing is stored as message {place}"))
    if len(holes) > _MOST_HOLES_NAMED:
        output.note(f"and {len(holes) - _MOST_HOLES_NAMED:,} more such places")


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
