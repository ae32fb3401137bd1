"""Export for other programs: JSON Lines with the messages in the shape of one provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from s3sessions.converters import Conversion, to_anthropic, to_openai
from s3sessions.export.conversation import json_line
from s3sessions.export.exporting import write_lines
from s3sessions.export.reports import ExportReport
from s3sessions.export.run import Follow, Rendering, run_export
from s3sessions.export.stamp import SESSION_FIELDS
from s3sessions.values import encode_value, format_time

if TYPE_CHECKING:
    from s3sessions.descriptions import SessionInfo
    from s3sessions.models import History
    from s3sessions.sync import Sessions

__all__ = ["export_anthropic", "export_openai"]


def export_openai(
    sessions: Sessions,
    write: Callable[[bytes], object],
    *,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Follow | None = None,
) -> ExportReport:
    """Write sessions as JSON Lines with the messages of OpenAI's chat completions.

    A line is one agent: `id` (of the session), `agent_id`, `created_at`, what is known of the
    session (`title`, `user`, `model`, `source`, `parent`, `tags`, `metadata`), `agent_metadata`,
    `usage`, `summary` of what came before, and `messages`; what there is none of is left out. What
    the shape has no place for is counted in the report. Arguments, requests, memory and errors: as
    `export_conversations`.
    """
    return _export(
        sessions,
        write,
        to_openai,
        session_ids=session_ids,
        width=width,
        on_progress=on_progress,
    )


def export_anthropic(
    sessions: Sessions,
    write: Callable[[bytes], object],
    *,
    session_ids: Iterable[str] | None = None,
    width: int = 16,
    on_progress: Follow | None = None,
) -> ExportReport:
    """Write sessions as JSON Lines with the messages of Anthropic's API.

    As `export_openai`, with instructions apart from the messages, in `system`.
    """
    return _export(
        sessions,
        write,
        to_anthropic,
        session_ids=session_ids,
        width=width,
        on_progress=on_progress,
    )


def _export(
    sessions: Sessions,
    write: Callable[[bytes], object],
    convert: Callable[[Iterable[dict[str, Any]]], Conversion],
    *,
    session_ids: Iterable[str] | None,
    width: int,
    on_progress: Follow | None,
) -> ExportReport:
    def render(info: SessionInfo, history: History) -> Rendering[bytes]:
        converted = convert(history.payloads)
        dropped = [each.what for each in converted.dropped]
        return Rendering(_line(info, history, converted), dropped)

    return run_export(
        sessions,
        render,
        lambda lines: write_lines(lines, write),
        session_ids=session_ids,
        width=width,
        on_progress=on_progress,
    )


def _line(info: SessionInfo, history: History, converted: Conversion) -> bytes:
    fields = {
        "id": history.session_id,
        "agent_id": history.agent_id,
        "created_at": format_time(info.created_at),
        **{name: getattr(info, name) for name in SESSION_FIELDS},
        "agent_metadata": history.metadata,
        "usage": dict(history.usage),
        "summary": history.summary.text if history.summary else None,
        "system": converted.system,
    }
    known = {name: value for name, value in fields.items() if value}
    if "tags" in known:
        known["tags"] = list(info.tags)
    return json_line(encode_value({**known, "messages": converted.messages}))
