"""The lines of an input file: plain, gzip or zstd, told by its first bytes and not by its name.

`-` is standard input. Memory holds one line, whatever the size of the file.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final, Protocol

from s3sessions.errors import MissingExtra

__all__ = ["STANDARD_INPUT", "InputFile", "UnreadableFile"]

STANDARD_INPUT: Final = "-"

_CHUNK: Final = 1 << 16
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# Parallel compressors begin with a skippable frame: any of sixteen first bytes, then these.
_ZSTD_SKIPPABLE: Final = b"\x2a\x4d\x18"
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class UnreadableFile(Exception):
    """A file that cannot be opened, or not be read any further; the text says why."""


class InputFile:
    """One input file.

    Attributes:
        name: the path as it was given.
        size: bytes of the file as it is stored; None where that is not known before its end.
        bytes_read: bytes of the file, as it is stored, that were read so far.
        lines_read: lines that were read so far, blank ones too.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self.size = _size_of(self.name)
        self.lines_read = 0
        self._source: _Source | None = None

    @property
    def bytes_read(self) -> int:
        return self._source.taken if self._source else 0

    def lines(self) -> Iterator[bytes]:
        """Give the lines that are not blank.

        Raises:
            UnreadableFile: it cannot be opened, or is damaged from here on.
            MissingExtra: it is zstd and zstandard is not installed.
        """
        try:
            with self._opened() as file:
                self._source = _Source(file)
                yield from self._split(_decompressed(self._source))
        except (OSError, EOFError, zlib.error) as error:
            raise UnreadableFile(_reason(error)) from error

    def _opened(self) -> Any:
        if self.name == STANDARD_INPUT:
            return nullcontext(sys.stdin.buffer)
        return Path(self.name).open("rb")

    def _split(self, stream: Iterable[bytes]) -> Iterator[bytes]:
        for line in stream:
            if self.lines_read == 0:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            self.lines_read += 1
            if line.strip():
                yield line


def _size_of(name: str) -> int | None:
    if name == STANDARD_INPUT:
        return None
    try:
        status = Path(name).stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _reason(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"file cannot be read: {text}"


class _Source(io.RawIOBase):
    """A file's bytes, counted; its first ones can be looked at before they are read."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = file
        self.head = file.read(len(_ZSTD))
        self.taken = 0
        self._pending = self.head

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # read1 gives what a pipe has now; read would wait for a whole chunk.
        data = self._pending[: len(buffer)] or self._file.read1(len(buffer))
        self._pending = self._pending[len(data) :]
        buffer[: len(data)] = data
        self.taken += len(data)
        return len(data)


def _decompressed(source: _Source) -> Iterable[bytes]:
    if source.head.startswith(_GZIP):
        return gzip.GzipFile(fileobj=io.BufferedReader(source, _CHUNK))
    if source.head == _ZSTD or _is_skippable(source.head):
        return io.BufferedReader(_ZstdStream(source), _CHUNK)
    return io.BufferedReader(source, _CHUNK)


def _is_skippable(head: bytes) -> bool:
    return len(head) == len(_ZSTD) and head[0] >> 4 == 5 and head[1:] == _ZSTD_SKIPPABLE


class _Frame(Protocol):
    """One zstd frame being decompressed."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes) -> bytes: ...


class _ZstdStream(io.RawIOBase):
    """Decompressed bytes of all frames; a file that ends inside a frame is an error, not an end."""

    def __init__(self, source: io.RawIOBase) -> None:
        self._source = source
        self._zstandard = _import_zstandard()
        self._frame: _Frame | None = None
        self._input = b""
        self._output = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._output and self._has_input():
            self._output = self._decompress()
        data, self._output = self._output[: len(buffer)], self._output[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _has_input(self) -> bool:
        self._input = self._input or self._source.read(_CHUNK) or b""
        if not self._input and self._frame is not None:
            raise EOFError("it is cut off inside a zstd frame")
        return bool(self._input)

    def _decompress(self) -> bytes:
        frame = self._frame or self._zstandard.ZstdDecompressor().decompressobj()
        try:
            output: bytes = frame.decompress(self._input)
        except self._zstandard.ZstdError as error:
            raise OSError(f"damaged zstd data ({error})") from error
        self._frame, self._input = (None, frame.unused_data) if frame.eof else (frame, b"")
        return output


def _import_zstandard() -> Any:
    try:
        import zstandard
    except ImportError as error:
        raise MissingExtra(
            "a zstd file needs zstandard: pip install 's3sessions[cli]'", cause=error, extra="cli"
        ) from error
    return zstandard
