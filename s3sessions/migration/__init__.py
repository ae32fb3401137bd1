"""Migration: sessions that other programs keep, in their own files, into sessions of ours."""

from __future__ import annotations

from s3sessions.migration.formats import Format, detect
from s3sessions.migration.migrating import migrate
from s3sessions.migration.report import (
    Migrated,
    MigrationProgress,
    MigrationReport,
    Skipped,
)

__all__ = [
    "Format",
    "Migrated",
    "MigrationProgress",
    "MigrationReport",
    "Skipped",
    "detect",
    "migrate",
]
