"""The name under which the conversations of one folder stand."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

__all__ = ["name_of_folder"]

_LONGEST_READABLE: Final = 40
_UNREADABLE: Final = re.compile("[^A-Za-z0-9._]+")


def name_of_folder(folder: Path) -> str:
    """Give a name that no other folder has: 12 digits of its path's hash, and its own name."""
    path = folder.resolve()
    digest = hashlib.sha256(str(path).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    readable = _UNREADABLE.sub("-", path.name)[:_LONGEST_READABLE].strip("-.")
    return f"{digest}-{readable}" if readable else digest
