"""How large an artefact is, beside what Lambda takes."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["UNZIPPED_LIMIT", "ZIPPED_LIMIT", "Sizes", "measure", "table"]

MB: Final = 1 << 20
"""As Lambda counts its limits."""

ZIPPED_LIMIT: Final = 50 * MB
"""For a direct upload; through S3, as the CLI and SAM do it, only the other limit holds."""

UNZIPPED_LIMIT: Final = 250 * MB
"""With all layers."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of one artefact, in bytes, and the SHA-256 of its zip."""

    name: str
    zipped: int
    unzipped: int
    sha256: str


def measure(artefact: Path) -> Sizes:
    """Read an artefact's sizes and hash."""
    with zipfile.ZipFile(artefact) as opened:
        unzipped = sum(entry.file_size for entry in opened.infolist())
    content = artefact.read_bytes()
    return Sizes(artefact.name, len(content), unzipped, hashlib.sha256(content).hexdigest())


def table(rows: Iterable[Sizes]) -> Iterator[str]:
    """Give the lines of a table, a head first."""
    head = ("artefact", "zipped", "of 50 MB", "unzipped", "of 250 MB", "sha256")
    cells = [head, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *rest in cells:
        padded = [text.rjust(width) for text, width in zip(rest, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *padded])


def _cells(sizes: Sizes) -> tuple[str, ...]:
    return (
        sizes.name,
        f"{sizes.zipped / MB:.1f} MB",
        f"{sizes.zipped / ZIPPED_LIMIT:.0%}",
        f"{sizes.unzipped / MB:.1f} MB",
        f"{sizes.unzipped / UNZIPPED_LIMIT:.0%}",
        sizes.sha256[:16],
    )
