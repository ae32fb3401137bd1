"""An artefact: the zip of one function, for one Python and architecture, with or without boto3."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from infra.packaging.archive import files_of_folder, files_of_wheel, united, write_archive
from infra.packaging.bytecode import compiled
from infra.packaging.lock import chosen, read_lock
from infra.packaging.target import Architecture, Target
from infra.packaging.wheels import fetch_wheels, own_wheel

__all__ = ["NAMES", "WHEELS", "Name", "build", "file_name"]

Name = Literal["agent", "retention"]

NAMES: Final[tuple[Name, ...]] = get_args(Name)

ROOT: Final = Path(__file__).parents[2]

WHEELS: Final = ROOT / ".lambda" / "wheels"
"""Where fetched wheels are kept."""

EXAMPLE: Final = ROOT / "infra" / "example"


def file_name(name: Name, arch: Architecture, *, with_boto3: bool) -> str:
    """Give the name of an artefact's file."""
    return f"{name}-{arch}{'' if with_boto3 else '-no-boto3'}.zip"


def _say_nothing(line: str) -> None:
    pass


def build(
    name: Name,
    *,
    arch: Architecture,
    python: str = "3.13",
    with_boto3: bool = True,
    with_bytecode: bool = False,
    into: Path,
    wheels: Path = WHEELS,
    say: Callable[[str], None] = _say_nothing,
) -> Path:
    """Build one artefact and give its path; a file that is there is replaced in one step.

    Args:
        name: `agent` is the example at the root, s3sessions, obstore and Strands; `retention` is
            s3sessions and obstore.
        arch: of the function, whatever this machine is.
        python: of the function's managed runtime.
        with_boto3: whether the SDK is inside, or comes with the managed runtime.
        with_bytecode: whether modules are compiled, by a Python of that version on this machine.
        into: a folder; made if it is not there.
        wheels: where fetched wheels are kept.
        say: is given a line before what takes long.

    Raises:
        PackagingFailed: no such target, no lock, no network, a wheel that is not the lock's or
            that the target has none of, or no Python to compile with.
    """
    target = Target(python, arch)
    pins = chosen(read_lock(), name, with_boto3=with_boto3)
    fetched = fetch_wheels(pins, target, wheels, say)
    into.mkdir(parents=True, exist_ok=True)
    path = into / file_name(name, arch, with_boto3=with_boto3)
    with tempfile.TemporaryDirectory(dir=into) as folder:
        sources = [files_of_wheel(wheel) for wheel in (own_wheel(Path(folder)), *fetched)]
        if name == "agent":
            sources.append(files_of_folder(EXAMPLE))
        files = united(sources)
        if with_bytecode:
            files |= compiled(files, python)
        whole = Path(folder) / path.name
        write_archive(whole, files)
        os.replace(whole, path)
    return path
