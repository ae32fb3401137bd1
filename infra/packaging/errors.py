"""The one error of packaging: what went wrong, and what to do about it."""

from __future__ import annotations

__all__ = ["PackagingFailed"]


class PackagingFailed(Exception):
    """An artefact or a lock cannot be made; the text says why and what helps."""
