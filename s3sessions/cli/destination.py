"""A file that appears whole or not at all, compressed as its name says."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from s3sessions.cli.exits import CommandError
from s3sessions.errors import MissingExtra
from s3sessions.export.files import open_whole

__all__ = ["open_destination"]


@contextmanager
def open_destination(name: str) -> Iterator[Callable[[bytes], object]]:
    """Give a function that writes bytes to what becomes the file when all has gone well.

    Raises:
        CommandError: the file cannot be written.
        MissingExtra: `.zst` without the package zstandard.
    """
    path = Path(os.path.realpath(name))
    try:
        with _plain(path) as plain, _compressed(path, plain) as stream:
            yield stream.write
    except OSError as error:
        raise CommandError(f"cannot write {name}: {error.strerror or error}") from error


@contextmanager
def _plain(path: Path) -> Iterator[IO[bytes]]:
    if path.exists() and not path.is_file():
        # A device or a pipe cannot be replaced, only written to.
        with path.open("wb") as plain:
            yield plain
        return
    with open_whole(path) as plain:
        yield plain


@contextmanager
def _compressed(path: Path, plain: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.GzipFile(filename="", mode="wb", fileobj=plain, compresslevel=6) as stream:
            yield cast(IO[bytes], stream)
    elif path.suffix == ".zst":
        try:
            import zstandard
        except ImportError as error:
            raise MissingExtra(
                "writing .zst needs zstandard: pip install 's3sessions[cli]'",
                cause=error,
                extra="cli",
            ) from error
        with zstandard.ZstdCompressor().stream_writer(plain, closefd=False) as stream:
            yield cast(IO[bytes], stream)
    else:
        yield plain
