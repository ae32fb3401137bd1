"""Makes the lock anew: uv resolves for every target, pip names the wheel that it would take.

Needs a network and uv (`pip install --group lock`); nothing is downloaded but metadata.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from infra.packaging.errors import PackagingFailed
from infra.packaging.lock import LOCK, Pin, normal, requirements
from infra.packaging.pip import run_pip
from infra.packaging.target import Target, every_target

__all__ = ["make_lock"]

ROOT: Final = Path(__file__).parents[2]

EXTRAS: Final = {"agent": ("fast", "strands"), "retention": ("fast",)}
"""What each artefact has of the package's extras, besides its dependencies."""

EXAMPLE: Final = ROOT / "infra" / "example" / "requirements.txt"
"""What the example needs by itself, if anything."""

HEAD: Final = """\
# What is in the artefacts: exact versions, with the wheels of every Python and architecture.
# Made by `python -m infra.packaging lock`; what is wanted is in pyproject.toml.
"""

RESOLVED: Final = re.compile(r"(?P<name>\S+)==(?P<version>\S+) +# via (?P<needed_by>.+)")


def make_lock(say: Callable[[str], None]) -> Path:
    """Resolve anew for every target and write the lock.

    Raises:
        PackagingFailed: no uv, no network, no solution, two versions of one package, or no wheel
            of it for a target.
    """
    resolved = _resolve_for_all(say)
    hashes: dict[str, set[str]] = defaultdict(set)
    for target in every_target():
        say(f"choosing the wheels for {target}")
        for name, sha256 in _wheels(resolved.values(), target).items():
            hashes[name].add(sha256)
    pins = (replace(pin, hashes=frozenset(hashes[pin.name])) for pin in resolved.values())
    LOCK.write_text(HEAD + requirements(pins), encoding="utf-8")
    return LOCK


def _resolve_for_all(say: Callable[[str], None]) -> dict[str, Pin]:
    """Give what any target needs, by name; what one needs does the others no harm."""
    resolved: dict[str, Pin] = {}
    for target in every_target():
        say(f"resolving for {target}")
        for pin in _resolve(target):
            known = resolved.setdefault(pin.name, pin)
            if known.version != pin.version:
                raise PackagingFailed(
                    f"{known} for one target is {pin} for {target}: bound it in pyproject.toml so"
                    " that one version fits all"
                )
            resolved[pin.name] = replace(known, needed_by=known.needed_by | pin.needed_by)
    return resolved


def _wanted() -> Mapping[str, Iterable[str]]:
    """Read what each artefact needs of itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        artefact: [
            *project["dependencies"],
            *(need for extra in extras for need in project["optional-dependencies"][extra]),
        ]
        for artefact, extras in EXTRAS.items()
    }
    if EXAMPLE.exists():
        lines = (line.strip() for line in EXAMPLE.read_text(encoding="utf-8").splitlines())
        # The package itself is built from the repository.
        skipped = ("#", "-", "s3sessions")
        wanted["agent"] += [line for line in lines if line and not line.startswith(skipped)]
    return wanted


def _resolve(target: Target) -> list[Pin]:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    uv = shutil.which("uv", path=places)
    if uv is None:
        raise PackagingFailed("there is no uv, which resolves the lock: pip install --group lock")
    with tempfile.TemporaryDirectory() as folder:
        for artefact, wanted in _wanted().items():
            (Path(folder) / artefact).with_suffix(".in").write_text("\n".join(wanted))
        options = ["--quiet", "--no-header", "--no-config", "--annotation-style=line"]
        # Wheels for glibc 2.28 tell all that matters here; pip judges each wheel afterwards.
        platform = f"--python-platform={target.machine}-manylinux_2_28"
        done = subprocess.run(
            [uv, "pip", "compile", *options, "--only-binary=:all:", platform]
            + [f"--python-version={target.python}", *(f"{name}.in" for name in EXTRAS)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise PackagingFailed(f"uv found no solution for {target}; it says:\n{done.stderr}")
    return [_pin(line) for line in done.stdout.splitlines() if line]


def _pin(line: str) -> Pin:
    found = RESOLVED.fullmatch(line)
    if found is None:
        raise PackagingFailed(f"uv printed a line that is no pin: {line}")
    needed_by = (
        name.removeprefix("-r ").removesuffix(".in") for name in found["needed_by"].split(", ")
    )
    return Pin(normal(found["name"]), found["version"], frozenset(), frozenset(needed_by))


def _wheels(pins: Iterable[Pin], target: Target) -> dict[str, str]:
    """Ask pip for the SHA-256 of the wheel of each package that it would install."""
    with tempfile.TemporaryDirectory() as folder:
        wanted, report = Path(folder) / "wanted.txt", Path(folder) / "report.json"
        wanted.write_text("".join(f"{pin}\n" for pin in pins))
        options = ["--quiet", "--dry-run", "--ignore-installed", "--no-deps", "--target", folder]
        run_pip(["install", *options, "--report", str(report), "-r", str(wanted)], target)
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {normal(each["metadata"]["name"]): _sha256(each) for each in found}


def _sha256(reported: dict[str, Any]) -> str:
    sha256 = reported["download_info"]["archive_info"].get("hashes", {}).get("sha256")
    if not isinstance(sha256, str):
        raise PackagingFailed(f"the index names no SHA-256 of {reported['metadata']['name']}")
    return sha256
