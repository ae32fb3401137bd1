"""The JSON in files of other programs: one object, or one a line.

A line that is no object (a crash tears the last one) is kept aside and passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from s3sessions.errors import InvalidMessage
from s3sessions.export.lines import InputFile
from s3sessions.migration.foreign import Damage

__all__ = ["Records", "object_of", "read_object"]


def object_of(data: bytes, what: str) -> dict[str, Any]:
    """Read a JSON object. Raises InvalidMessage for what is none."""
    try:
        found = json.loads(data.decode("utf-8-sig"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage(f"{what} is not JSON", cause=error) from error
    if not isinstance(found, dict):
        raise InvalidMessage(f"{what} is JSON, but no object: {type(found).__name__}")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that is one JSON object.

    Raises:
        InvalidMessage: it is none.
        OSError: it cannot be read.
    """
    return object_of(path.read_bytes(), "file")


class Records:
    """The objects of a file with one a line; plain, gzip or zstd.

    Attributes:
        damaged: lines that are no object, of those that were read so far.
    """

    def __init__(self, path: Path) -> None:
        self._file = InputFile(path)
        self.damaged: list[Damage] = []

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.after(0)

    def after(self, lines: int) -> Iterator[dict[str, Any]]:
        """Give the objects behind so many lines, which are not looked at; blank ones don't count.

        Raises:
            UnreadableFile, MissingExtra: as `InputFile.lines`.
        """
        for number, line in enumerate(self._file.lines()):
            if number < lines:
                continue
            try:
                record = object_of(line, "line")
            except InvalidMessage as error:
                place = self._file.lines_read
                self.damaged.append(Damage(self._file.name, place, error.message))
            else:
                yield record
