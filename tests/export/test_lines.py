"""What an input file may be: plain or compressed, whole or damaged, a pipe or not there."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from s3sessions.errors import MissingExtra
from s3sessions.export.lines import InputFile, UnreadableFile

LINES = [f'{{"n": {n}}}\n'.encode() for n in range(50_000)]
PLAIN = b"".join(LINES)
SKIPPABLE = b"\x5a\x2a\x4d\x18\x04\x00\x00\x00size"


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def file_of(folder: Path, data: bytes) -> InputFile:
    path = folder / "name-says-nothing.txt"
    path.write_bytes(data)
    return InputFile(path)


@pytest.mark.parametrize(
    "compress",
    [
        bytes,
        gzip.compress,
        lambda data: gzip.compress(data[:777]) + gzip.compress(data[777:]),
        zstd,
        lambda data: zstd(data[:777]) + SKIPPABLE + zstd(data[777:]),
        lambda data: SKIPPABLE + zstd(data),
    ],
    ids=["plain", "gzip", "gzip of two members", "zstd", "zstd of two frames", "parallel zstd"],
)
def test_a_file_is_known_by_its_first_bytes(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    file = file_of(tmp_path, compress(PLAIN))
    assert list(file.lines()) == LINES
    assert file.bytes_read == file.size
    assert file.lines_read == len(LINES)


def test_blank_lines_are_counted_and_not_given(tmp_path: Path) -> None:
    file = file_of(tmp_path, b"\n  \n{}\r\n\n{}")
    assert list(file.lines()) == [b"{}\r\n", b"{}"]
    assert file.lines_read == 5


def test_a_byte_order_mark_is_not_part_of_the_first_line(tmp_path: Path) -> None:
    assert list(file_of(tmp_path, b"\xef\xbb\xbf{}\n{}").lines()) == [b"{}\n", b"{}"]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert list(file_of(tmp_path, b"").lines()) == []


@pytest.mark.parametrize("compress", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_a_file_that_was_cut_off_gives_its_whole_lines_and_then_an_error(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    data = compress(PLAIN)
    file = file_of(tmp_path, data[: len(data) * 2 // 3])
    given: list[bytes] = []
    with pytest.raises(UnreadableFile, match=r"cannot be read: .*(ended before|cut off)"):
        given.extend(file.lines())
    assert 0 < len(given) < len(LINES)
    assert given == LINES[: len(given)]


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"], ids=["gzip", "zstd"])
def test_damaged_data_is_an_unreadable_file(tmp_path: Path, magic: bytes) -> None:
    with pytest.raises(UnreadableFile, match="file cannot be read: "):
        list(file_of(tmp_path, magic + b"nonsense" * 100).lines())


def test_a_file_that_is_not_there_and_a_folder_are_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="No such file"):
        list(InputFile(tmp_path / "nowhere").lines())
    with pytest.raises(UnreadableFile, match="Is a directory"):
        list(InputFile(tmp_path).lines())


@pytest.mark.parametrize("compress", [bytes, gzip.compress, zstd], ids=["plain", "gzip", "zstd"])
def test_a_dash_is_standard_input_which_stays_open(
    monkeypatch: pytest.MonkeyPatch, compress: Callable[[bytes], bytes]
) -> None:
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(compress(PLAIN))))
    monkeypatch.setattr(sys, "stdin", stdin)
    file = InputFile("-")
    assert file.size is None
    assert list(file.lines()) == LINES
    assert not stdin.closed


class Pipe(io.RawIOBase):
    """Gives a line for each read, as a program that is still at work does."""

    def __init__(self) -> None:
        self.left = list(LINES)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = self.left.pop(0) if self.left else b""
        buffer[: len(line)] = line
        return len(line)


def test_a_line_from_a_pipe_does_not_wait_for_the_lines_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipe = Pipe()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(pipe)))
    lines = InputFile("-").lines()
    assert next(lines) == LINES[0]
    assert len(pipe.left) >= len(LINES) - 2
    assert list(lines) == LINES[1:]


def test_a_zstd_file_without_zstandard_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(MissingExtra, match=r"pip install 's3sessions\[cli\]'") as caught:
        list(file_of(tmp_path, zstd(PLAIN)).lines())
    assert caught.value.extra == "cli"
