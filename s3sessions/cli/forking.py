"""The command that makes a session out of another one: fork."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from s3sessions import Sessions
from s3sessions.cli.exits import Exit
from s3sessions.cli.messages import read_messages
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.text import one_line
from s3sessions.errors import StoreUnavailable

__all__ = ["run_fork"]


def run_fork(arguments: Namespace, output: Output) -> Exit:
    """Fork a session and print the id of the new one."""
    messages = None if arguments.messages is None else read_messages(arguments.messages)
    with open_sessions(arguments) as sessions:
        parent_id = sessions.resolve(arguments.session)
        # Made here, so that a fork that is cut off can be told how to go on.
        child_id = arguments.child or sessions.new_id()
        try:
            _fork(sessions, parent_id, child_id, messages, arguments)
        except (KeyboardInterrupt, StoreUnavailable):
            output.note(f"not finished: fork again with --as {child_id}, and it goes on")
            raise
    if arguments.json:
        output.json({"id": child_id, "parent": parent_id, "kind": arguments.kind})
    else:
        output.line(one_line(child_id))
    return Exit.DONE


def _fork(
    sessions: Sessions,
    parent_id: str,
    child_id: str,
    messages: list[Any] | None,
    arguments: Namespace,
) -> None:
    details: dict[str, Any] = {} if arguments.title is None else {"title": arguments.title}
    sessions.fork(
        parent_id,
        child_id,
        kind=arguments.kind,
        agent=arguments.agent,
        messages=messages,
        until=arguments.until,
        **details,
    )
