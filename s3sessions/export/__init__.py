"""Import and export of whole conversations: JSON Lines, and what other programs read."""

from __future__ import annotations

from s3sessions.export.exporting import export_conversations
from s3sessions.export.importing import (
    Failure,
    ImportProgress,
    ImportReport,
    Renaming,
    import_conversations,
)
from s3sessions.export.markdown_files import export_markdown
from s3sessions.export.provider_lines import export_anthropic, export_openai
from s3sessions.export.reports import ExportProgress, ExportReport, PassedOver
from s3sessions.export.strands_objects import export_strands

__all__ = [
    "ExportProgress",
    "ExportReport",
    "Failure",
    "ImportProgress",
    "ImportReport",
    "PassedOver",
    "Renaming",
    "export_anthropic",
    "export_conversations",
    "export_markdown",
    "export_openai",
    "export_strands",
    "import_conversations",
]
