"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["open_whole"]


@contextmanager
def open_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets its name, on the disk, when all has gone well; else it leaves nothing.

    Raises:
        OSError: it cannot be written.
    """
    made = path.parent / f".s3sessions-{secrets.token_hex(4)}.tmp"
    try:
        with made.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
