"""The wheels that an artefact is made of: the package's own, and those that the lock names.

Fetched wheels are kept, by target, so that the next build needs no network. Whatever is in that
folder, only a file with a hash of the lock is used.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from infra.packaging.errors import PackagingFailed
from infra.packaging.lock import Pin, normal, requirements
from infra.packaging.pip import run_pip
from infra.packaging.target import Target

__all__ = ["fetch_wheels", "own_wheel"]

ROOT: Final = Path(__file__).parents[2]


def fetch_wheels(
    pins: Iterable[Pin], target: Target, kept: Path, say: Callable[[str], None]
) -> list[Path]:
    """Give a wheel for each pin; pip fetches those that are not there.

    Raises:
        PackagingFailed: as for `run_pip`.
    """
    folder = kept / target.folder
    folder.mkdir(parents=True, exist_ok=True)
    pins = list(pins)
    missing = [pin for pin, wheel in _find(pins, folder).items() if wheel is None]
    if missing:
        say(f"fetching {len(missing)} of {len(pins)} wheels for {target}")
        _download(missing, target, folder)
    found = _find(pins, folder)
    wheels = [wheel for wheel in found.values() if wheel is not None]
    if len(wheels) < len(pins):
        names = ", ".join(str(pin) for pin, wheel in found.items() if wheel is None)
        raise PackagingFailed(f"pip ended well and left no wheel of {names} in {folder}")
    return wheels


def _find(pins: Iterable[Pin], folder: Path) -> dict[Pin, Path | None]:
    """Find the wheel of each pin by its name, version and hash."""
    by_release: dict[tuple[str, str], list[Path]] = {}
    for wheel in sorted(folder.glob("*.whl")):
        name, version, *_ = wheel.name.split("-")
        by_release.setdefault((normal(name), version), []).append(wheel)
    return {
        pin: next(
            (
                wheel
                for wheel in by_release.get((pin.name, pin.version), [])
                if hashlib.sha256(wheel.read_bytes()).hexdigest() in pin.hashes
            ),
            None,
        )
        for pin in pins
    }


def _download(pins: Iterable[Pin], target: Target, folder: Path) -> None:
    # On the same file system: a wheel appears in the folder whole, whoever else builds.
    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        wanted = Path(fresh) / "wanted.txt"
        wanted.write_text(requirements(pins), encoding="utf-8")
        options = ["--quiet", "--no-deps", "--require-hashes", "--dest", fresh]
        run_pip(["download", *options, "-r", str(wanted)], target)
        for wheel in Path(fresh).glob("*.whl"):
            os.replace(wheel, folder / wheel.name)


def own_wheel(folder: Path) -> Path:
    """Build the wheel of the package, as it is in this repository, into a folder.

    Raises:
        PackagingFailed: hatchling is not installed, or what it printed last.
    """
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackagingFailed(
            "the package's own wheel cannot be built (hatchling is in the group `test`); it says:"
            f"\n{done.stderr[-2000:]}"
        )
    (wheel,) = folder.glob("s3sessions-*.whl")
    return wheel
