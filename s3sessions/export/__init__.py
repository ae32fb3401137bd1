"""Import and export of whole conversations as JSON Lines."""

from __future__ import annotations

from s3sessions.export.exporting import (
    ExportProgress,
    ExportReport,
    PassedOver,
    export_conversations,
)
from s3sessions.export.importing import (
    Failure,
    ImportProgress,
    ImportReport,
    Renaming,
    import_conversations,
)

__all__ = [
    "ExportProgress",
    "ExportReport",
    "Failure",
    "ImportProgress",
    "ImportReport",
    "PassedOver",
    "Renaming",
    "export_conversations",
    "import_conversations",
]
