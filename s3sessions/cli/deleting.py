"""The command that deletes: rm. It says what would go before it asks."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any, Final

from s3sessions import Sessions
from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import open_sessions
from s3sessions.cli.text import counted, size
from s3sessions.errors import NotFound, PartialDelete, SessionDeleted, SessionUnfinished
from s3sessions.models import DeletionReport
from s3sessions.receipts import PurgeReceipt

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
    verb = "purge" if arguments.purge else "delete"
    try:
        doomed = _describe(sessions, session_id, arguments)
        if not arguments.yes and not output.ask(f"{verb} {doomed}?"):
            output.note(f"kept session {session_id!r}")
            return Exit.REFUSED
        if arguments.purge:
            receipt = sessions.purge(session_id, agent=arguments.agent)
            return _show_receipt(receipt, doomed, arguments, output)
        report = sessions.delete(session_id, agent=arguments.agent)
    except NotFound as error:
        output.error(str(error))
        return Exit.NOT_FOUND
    except PartialDelete as error:
        output.error(str(error))
        _name_left(output, error.left)
        return Exit.PARTIAL
    if arguments.json:
        output.json(_report_document(report))
    else:
        output.line(f"deleted {doomed}: {counted(report.objects, 'object')}")
    return Exit.DONE


def _describe(sessions: Sessions, session_id: str, arguments: Namespace) -> str:
    """Say what would go. Raises NotFound where there is no such session or agent."""
    agent_id = arguments.agent
    try:
        info = sessions.info(session_id)
        if agent_id is not None and agent_id not in info.agents:
            raise NotFound(f"session {session_id!r} has no agent {agent_id!r}")
    except SessionDeleted:
        return f"the rest of session {session_id!r}, whose deletion was cut off"
    except SessionUnfinished:
        return f"session {session_id!r}, which a fork has not finished"
    except NotFound:
        if not arguments.purge:
            raise
        # What was deleted before may have versions still; only a purge can tell.
        return f"what is left of session {session_id!r}"
    if agent_id is None:
        return (
            f"session {session_id!r} with {counted(info.messages, 'message')}, {size(info.bytes)}"
        )
    messages = counted(info.agents[agent_id], "message")
    return f"agent {agent_id!r} of session {session_id!r} with {messages}"


def _show_receipt(receipt: PurgeReceipt, doomed: str, arguments: Namespace, output: Output) -> Exit:
    """Print the receipt; what is left goes to standard error."""
    if arguments.json:
        output.json(receipt.as_dict())
    else:
        output.line(f"purged {doomed}: {_erased(receipt)}")
        if receipt.versioned is None:
            output.line("  this store lists no versions: there were none to look for")
        elif not receipt.versioned:
            output.line("  the bucket kept no versions of it")
        output.line(f"  {size(receipt.bytes)}, ended {receipt.ended_at.isoformat('T', 'seconds')}")
    if receipt.complete:
        return Exit.DONE
    output.error(
        f"{counted(len(receipt.left), 'version')} of session {receipt.session_id!r} left: mend "
        "the cause, then purge again"
    )
    _name_left(
        output,
        [(f"{key} (version {version_id})", reason) for key, version_id, reason in receipt.left],
    )
    return Exit.PARTIAL


def _erased(receipt: PurgeReceipt) -> str:
    counts = {
        "object": receipt.objects,
        "version": receipt.versions,
        "marker": receipt.markers,
        "upload": receipt.uploads,
    }
    return ", ".join(counted(count, name) for name, count in counts.items())


def _name_left(output: Output, left: Sequence[tuple[str, str]]) -> None:
    for key, reason in left[:_MOST_KEYS_NAMED]:
        output.note(f"  left: {key}: {reason}")
    if len(left) > _MOST_KEYS_NAMED:
        output.note(f"  and {len(left) - _MOST_KEYS_NAMED:,} more")


def _report_document(report: DeletionReport) -> dict[str, Any]:
    return {
        "session_id": report.session_id,
        "agent_id": report.agent_id,
        "objects": report.objects,
        "bytes": report.bytes,
    }
