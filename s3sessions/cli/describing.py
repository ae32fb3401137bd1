"""The commands that change what is said of a session: describe, end, reopen."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, Final

from s3sessions import SessionDescription
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.fields import described, metadata_fields, named_fields, print_fields
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions

__all__ = ["CLEARED", "run_describe", "run_end", "run_reopen"]

_TEXTS: Final = ("title", "user", "model", "source")
CLEARED: Final = (*_TEXTS, "tags")
_KEY: Final = "metadata."


def run_describe(arguments: Namespace, output: Output) -> Exit:
    """Change what is said of a session, and show what is said then."""
    changes = _changes(arguments)
    if not changes:
        raise CommandError("describe: say what to change, for example --title", Exit.USAGE)
    with open_sessions(arguments) as sessions:
        session_id = sessions.resolve(arguments.session)
        said = sessions.describe(session_id, only_unset=arguments.only_unset, **changes)
    return _show(said, arguments, output)


def run_end(arguments: Namespace, output: Output) -> Exit:
    """Say that a session has ended."""
    with open_sessions(arguments) as sessions:
        said = sessions.end(sessions.resolve(arguments.session), arguments.reason)
    return _show(said, arguments, output)


def run_reopen(arguments: Namespace, output: Output) -> Exit:
    """Take back that a session has ended."""
    with open_sessions(arguments) as sessions:
        said = sessions.reopen(sessions.resolve(arguments.session))
    return _show(said, arguments, output)


def _changes(arguments: Namespace) -> dict[str, Any]:
    changes: dict[str, Any] = {
        name: value for name in _TEXTS if (value := getattr(arguments, name)) is not None
    }
    if arguments.tags is not None:
        changes["tags"] = arguments.tags
    metadata: dict[str, Any] = dict(arguments.metadata or ())
    for name in arguments.clear:
        if name in CLEARED:
            changes[name] = None
        elif name.startswith(_KEY):
            metadata[name.removeprefix(_KEY)] = None
        else:
            names = ", ".join(CLEARED)
            raise CommandError(f"--clear {name}: give {names} or {_KEY}KEY", Exit.USAGE)
    return {**changes, "metadata": metadata} if metadata else changes


def _show(said: SessionDescription, arguments: Namespace, output: Output) -> Exit:
    if arguments.json:
        output.json(described(said))
    else:
        print_fields(output, [*named_fields(said), *metadata_fields(said)])
    return Exit.DONE
