"""The commands that hide what was said: truncate, clear, replace. They delete nothing."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from s3sessions import AgentSession, History, HistoryChange
from s3sessions.cli.agents import only_agent
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.messages import STANDARD_INPUT, read_messages
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.text import counted, one_line
from s3sessions.models import Summary

__all__ = ["run_clear", "run_replace", "run_truncate"]


@dataclass(frozen=True, slots=True)
class _Changed:
    """What became of a history."""

    session_id: str
    agent_id: str
    hidden: int
    visible: int
    first: int
    summary: Summary | None


def run_truncate(arguments: Namespace, output: Output) -> Exit:
    """Hide all but the newest messages, and put a summary in their place if there is one."""
    keep_last: int = arguments.keep_last
    if arguments.summary is None:
        return _hide(lambda agent: agent.truncate(keep_last), arguments, output)
    text = _summary(arguments.summary)
    return _hide(lambda agent: agent.summarize(text, keep_last=keep_last), arguments, output)


def run_clear(arguments: Namespace, output: Output) -> Exit:
    """Hide all messages, and take the summary away."""
    return _hide(lambda agent: agent.clear(), arguments, output)


def run_replace(arguments: Namespace, output: Output) -> Exit:
    """Put other messages in place of all that are visible."""
    payloads = read_messages(arguments.messages)
    if not payloads:
        raise CommandError(
            f"{arguments.messages} holds no message: s3sessions truncate --keep-last 0 hides all"
        )
    with _opened(arguments) as (agent, before):
        messages = agent.replace(payloads)
        changed = _Changed(
            before.session_id,
            before.agent_id,
            hidden=len(before.messages),
            visible=len(messages),
            first=messages[0].index,
            summary=before.summary,
        )
    return _show(changed, before, arguments, output)


def _hide(
    change: Callable[[AgentSession], HistoryChange], arguments: Namespace, output: Output
) -> Exit:
    with _opened(arguments) as (agent, before):
        made = change(agent)
    changed = _Changed(
        before.session_id,
        before.agent_id,
        hidden=made.hidden,
        visible=len(before.messages) - made.hidden,
        first=made.first,
        summary=made.summary,
    )
    return _show(changed, before, arguments, output)


@contextmanager
def _opened(arguments: Namespace) -> Iterator[tuple[AgentSession, History]]:
    """Give the agent, and the history that it is going to change: the handle restores anyway."""
    with open_sessions(arguments) as sessions:
        session_id = sessions.resolve(arguments.session)
        agent = sessions.open(session_id, only_agent(sessions, session_id, arguments.agent))
        yield agent, agent.restore(on_corrupt="report")


def _summary(given: str) -> str:
    if given != STANDARD_INPUT:
        return given
    try:
        text = sys.stdin.read().rstrip("\n")
    except UnicodeDecodeError as error:
        raise CommandError(f"standard input is no text: {error}") from error
    if not text.strip():
        # A command before the pipe that failed is no reason to take a summary away.
        raise CommandError("standard input has no summary: --summary '' takes the one away")
    return text


def _show(changed: _Changed, before: History, arguments: Namespace, output: Output) -> Exit:
    """Say what was done, and name what could not be read: nobody has seen whether it is missed."""
    if arguments.json:
        output.json(asdict(changed))
    else:
        hidden = counted(changed.hidden, "message") if changed.hidden else "nothing"
        visible = "no message"
        if changed.visible:
            visible = f"{counted(changed.visible, 'message')} from {changed.first} on"
        summary = "" if changed.summary is None else ", behind a summary"
        owner = f"session {changed.session_id!r}, agent {changed.agent_id!r}"
        output.line(one_line(f"hid {hidden} of {owner}; visible now: {visible}{summary}"))
    for error in before.corrupt:
        output.error(str(error))
    return Exit.PARTIAL if before.corrupt else Exit.DONE
