"""Strands Agents on sessions of this package: needs the extra `strands`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from s3sessions.integrations.strands.manager import S3SessionManager
    from s3sessions.integrations.strands.storage import S3SessionsStorage

__all__ = ["S3SessionManager", "S3SessionsStorage"]

# Where each name lives: a name is imported when it is first asked for, and Strands with it.
_HOMES = {"manager": ("S3SessionManager",), "storage": ("S3SessionsStorage",)}


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from s3sessions.errors import MissingExtra

    try:
        value = getattr(import_module(f"{__name__}.{home}"), name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "strands":
            raise
        raise MissingExtra(
            "this needs strands-agents 1.62 or newer: pip install 's3sessions[strands]'",
            cause=error,
            extra="strands",
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
