"""The artefacts that tests run: built for this Python and machine, once for each input.

They are kept in .lambda/ of the repository, by a hash of all that goes into them, so that a run
after which nothing changed builds nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from infra.packaging import Architecture, Name, build
from infra.packaging.artefact import file_name

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / ".lambda" / "artefacts"

INPUTS: Final = ("s3sessions", "infra/example", "infra/packaging")
"""Folders; whatever is in them may be in an artefact, or decide what is."""

ALSO: Final = ("LICENSE", "README.md", "pyproject.toml")
"""What the metadata of the package's wheel is made from."""

PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
ARCH: Final[Architecture] = "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64"

UNUSED_SECONDS: Final = 3600
"""After so long no test can still run from a folder."""


def agent_zip() -> Path:
    """Give the zip of the example agent, with boto3."""
    return _kept("agent")


def retention_zip() -> Path:
    """Give the zip of the retention function, with boto3."""
    return _kept("retention")


def _kept(name: Name) -> Path:
    """Give an artefact of what is in the repository now; workers that ask at once build it once."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time():
        folder = KEPT / f"{PYTHON}-{_hash_of_inputs()}"
        artefact = folder / file_name(name, ARCH, with_boto3=True)
        if not artefact.exists():
            _remove_unused()
            # Many containers start from the agent; to compile it once is less than in each.
            build(name, arch=ARCH, python=PYTHON, with_bytecode=name == "agent", into=folder)
        # When it was used last, for who clears up.
        folder.touch()
    return artefact


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    with (KEPT / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hash_of_inputs() -> str:
    digest = hashlib.sha256()
    for path in _inputs():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _inputs() -> Iterator[Path]:
    for folder in INPUTS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
    for name in ALSO:
        yield ROOT / name


def _remove_unused() -> None:
    now = time.time()
    for folder in KEPT.iterdir():
        if folder.is_dir() and now - folder.stat().st_mtime > UNUSED_SECONDS:
            # Tests unpack beside the zip, and take the right to write from what they unpack.
            for path in [folder, *folder.rglob("*/")]:
                path.chmod(0o755)
            shutil.rmtree(folder)


if __name__ == "__main__":
    # Before many workers need them: while one builds, the others would wait.
    agent_zip()
    retention_zip()
