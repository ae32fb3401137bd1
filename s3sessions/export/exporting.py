"""Export: sessions as JSON Lines, one agent a line, in the order of the listing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from s3sessions.export.conversation import Conversation
from s3sessions.export.reports import ExportReport
from s3sessions.export.run import Follow, Rendering, run_export

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History
    from s3sessions.sync import Sessions

__all__ = ["export_conversations", "write_lines"]


def export_conversations(
    sessions: Sessions,
    write: Callable[[bytes], object],
    *,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Follow | None = None,
) -> ExportReport:
    """Write sessions as JSON Lines that `import_conversations` reads back equal.

    A line is one agent: `session_id`, `agent_id`, `created_at`, `messages`, `state`, the agent's
    metadata as fields of the line, and `s3sessions` with the time of each message and what else
    import needs. Of a history that was truncated it holds what readers see, and the summary.
    Requests: 1 LIST for each 1,000 sessions, 1 LIST and 1 GET for each session, and a whole
    restore of each agent. Memory holds `width` sessions.

    Args:
        sessions: where from.
        write: takes one whole line at a time, from the calling thread.
        session_ids: only these, in this order.
        width: sessions at a time.
        on_progress: told from the calling thread after each session.

    Raises:
        SessionNotFound: one of `session_ids` does not exist; what came before it is written.
        S3SessionsError: any error of the store.
    """
    return run_export(
        sessions,
        _render,
        lambda lines: write_lines(lines, write),
        session_ids=session_ids,
        width=width,
        on_progress=on_progress,
    )


def _render(info: SessionInfo, history: History) -> Rendering[bytes]:
    return Rendering(Conversation.of(info, history).line())


def write_lines(lines: Iterable[bytes], write: Callable[[bytes], object]) -> int:
    """Write lines one by one and give how many bytes they are."""
    size = 0
    for line in lines:
        write(line)
        size += len(line)
    return size
