"""The folders that an environment runs from: an unpacked artefact, and the runtime."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

RUNTIME: Final = ("awslambdaric", "simplejson", "snapshot-restore-py")
"""What every Python runtime of Lambda has."""

SDK: Final = (
    "boto3",
    "botocore",
    "jmespath",
    "python-dateutil",
    "s3transfer",
    "six",
    "urllib3",
)
"""What it brings besides, and an artefact may leave out."""


def unpacked(artefact: Path) -> Path:
    """Give the folder with what is in a zip, read-only; it is unpacked once, beside the zip."""
    digest = hashlib.sha256(artefact.read_bytes()).hexdigest()[:16]
    folder = artefact.with_name(f"{artefact.stem}-{digest}")
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=artefact.parent) as scratch:
            fresh = Path(scratch) / "task"
            with zipfile.ZipFile(artefact) as archive:
                archive.extractall(fresh)
            make_read_only(fresh)
            _move(fresh, folder)
    return folder


def make_read_only(folder: Path) -> None:
    """Take from everybody the right to write to a folder and to what is in it."""
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            (Path(parent) / name).chmod(0o555)
        Path(parent).chmod(0o555)


def link_distributions(into: Path, *names: str) -> Path:
    """Fill a folder with links to distributions that are installed here, and with no others."""
    into.mkdir(parents=True, exist_ok=True)
    for name in names:
        installed = distribution(name)
        tops = {path.parts[0] for path in installed.files or ()} - {"..", "__pycache__"}
        for top in tops:
            (into / top).symlink_to(Path(str(installed.locate_file(top))).resolve())
    return into


def _move(folder: Path, target: Path) -> None:
    """Move a folder to its place, unless somebody else was first."""
    # A folder that cannot be written to cannot be moved, for its `..` changes.
    folder.chmod(0o755)
    try:
        folder.rename(target)
    except OSError:
        if not target.exists():
            raise
        make_writable(folder)
        return
    target.chmod(0o555)


def make_writable(folder: Path) -> None:
    """Give back the right to write, so that a folder can be removed."""
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o755)


def remove(folder: Path) -> None:
    """Remove a folder that was made read-only."""
    make_writable(folder)
    shutil.rmtree(folder)
