"""Where a foreign session lies, and how its source is put away once it is stored elsewhere.

A source is renamed, never deleted and never written over another file; and only on this machine:
what lies in a store is not touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from s3sessions.migration.foreign import ForeignSession

__all__ = ["Source", "is_put_away", "put_away", "put_back"]

_SUFFIX: Final = ".migrated"
_PUT_AWAY: Final = re.compile(r"\.migrated(~[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Source:
    """A session that was found and is not read yet.

    Attributes:
        name: what reports call it.
        lane: sources of one lane are migrated one after the other: those of one session.
        paths: files, or the folder, that are renamed in this order; none of what is in a store.
        parts: how many of what was found it is made of.
        read: reads it.
    """

    name: str
    lane: str
    paths: Sequence[Path]
    parts: int
    read: Callable[[], ForeignSession]


def is_put_away(path: Path) -> bool:
    """Tell whether an earlier migration has renamed it."""
    return _PUT_AWAY.fullmatch(path.suffix) is not None


def put_away(path: Path) -> Path:
    """Rename a file or a folder to a free name and give that. Raises OSError."""
    number = 1
    renamed = path.with_name(path.name + _SUFFIX)
    while renamed.exists() or renamed.is_symlink():
        number += 1
        renamed = path.with_name(f"{path.name}{_SUFFIX}~{number}")
    return path.rename(renamed)


def put_back(renamed: Path, path: Path) -> None:
    """Undo `put_away`. Raises OSError."""
    renamed.rename(path)
