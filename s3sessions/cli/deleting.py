"""The command that deletes: rm. It says what would go before it asks."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Final

from s3sessions import Sessions
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.text import counted, size
from s3sessions.errors import NotFound, PartialDelete, SessionDeleted

__all__ = ["run_rm"]

_MOST_KEYS_NAMED: Final = 20


def run_rm(arguments: Namespace, output: Output) -> Exit:
    """Delete sessions, or one agent of each; one that is not there does not stop the rest."""
    if not arguments.yes and not sys.stdin.isatty():
        raise CommandError(
            "rm asks before it deletes, and there is no terminal to ask on: give --yes", Exit.USAGE
        )
    code = Exit.DONE
    with open_sessions(arguments) as sessions:
        for session_id in arguments.sessions:
            try:
                code = max(code, _remove(sessions, session_id, arguments, output))
            except KeyboardInterrupt:
                output.error(
                    f"interrupted: session {session_id!r} may be deleted in part, "
                    "run rm again and it goes on"
                )
                return Exit.INTERRUPTED
    return code


def _remove(sessions: Sessions, session_id: str, arguments: Namespace, output: Output) -> Exit:
    try:
        doomed = _describe(sessions, session_id, arguments.agent)
        if not arguments.yes and not output.ask(f"delete {doomed}?"):
            output.note(f"kept session {session_id!r}")
            return Exit.REFUSED
        report = sessions.delete(session_id, agent=arguments.agent)
    except NotFound as error:
        output.error(str(error))
        return Exit.NOT_FOUND
    except PartialDelete as error:
        output.error(str(error))
        for key, reason in error.left[:_MOST_KEYS_NAMED]:
            output.note(f"  left: {key}: {reason}")
        return Exit.PARTIAL
    output.line(f"deleted {doomed}: {counted(report.objects, 'object')}")
    return Exit.DONE


def _describe(sessions: Sessions, session_id: str, agent_id: str | None) -> str:
    """Say what would go. Raises NotFound where there is no such session or agent."""
    try:
        info = sessions.info(session_id)
    except SessionDeleted:
        return f"the rest of session {session_id!r}, whose deletion was cut off"
    if agent_id is None:
        return (
            f"session {session_id!r} with {counted(info.messages, 'message')}, {size(info.bytes)}"
        )
    if agent_id not in info.agents:
        raise NotFound(f"session {session_id!r} has no agent {agent_id!r}")
    messages = counted(info.agents[agent_id], "message")
    return f"agent {agent_id!r} of session {session_id!r} with {messages}"
