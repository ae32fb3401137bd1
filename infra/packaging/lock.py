"""The lock: which version of each package, which of its wheels, and what needs it.

A requirements file with hashes, which pip, scanners and people read; the line `# via` of a package
names what needs it, and is how a build knows what is in which artefact.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.packaging.errors import PackagingFailed

__all__ = ["LOCK", "SDK", "Pin", "chosen", "normal", "read_lock", "requirements"]

LOCK: Final = Path(__file__).with_name("requirements.lock")

SDK: Final = frozenset({"boto3", "botocore", "s3transfer"})
"""What the managed runtime brings by itself, with all that only these need."""

PIN: Final = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>\S+) *\\?")
HASH: Final = re.compile(r" +--hash=sha256:(?P<sha256>[0-9a-f]{64}) *\\?")
VIA: Final = re.compile(r" +# via (?P<needed_by>.+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """A package in its one version.

    Attributes:
        hashes: the SHA-256 of each of its wheels that a target uses.
        needed_by: artefacts and packages.
    """

    name: str
    version: str
    hashes: frozenset[str]
    needed_by: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def normal(name: str) -> str:
    """Give a package's name as an index spells it."""
    return re.sub("[-_.]+", "-", name).lower()


def read_lock(path: Path = LOCK) -> list[Pin]:
    """Read all pins.

    Raises:
        PackagingFailed: there is no such file, or it has a line that is none of a lock's.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise PackagingFailed(
            f"there is no {path.name}: make it with `python -m infra.packaging lock`"
        ) from error
    return list(_pins(path, lines))


def _pins(path: Path, lines: Iterable[str]) -> Iterator[Pin]:
    name, version, hashes, needed_by = "", "", set[str](), frozenset[str]()
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#"):
            continue
        if pin := PIN.fullmatch(line):
            if name:
                yield Pin(name, version, frozenset(hashes), needed_by)
            name, version, hashes, needed_by = pin["name"], pin["version"], set(), frozenset()
        elif name and (found := HASH.fullmatch(line)):
            hashes.add(found["sha256"])
        elif name and (via := VIA.fullmatch(line)):
            needed_by = frozenset(via["needed_by"].split(", "))
        else:
            raise PackagingFailed(
                f"{path.name}, line {number}: not a pin with its hashes and what needs it:"
                " make the lock anew with `python -m infra.packaging lock`"
            )
    if name:
        yield Pin(name, version, frozenset(hashes), needed_by)


def chosen(pins: Iterable[Pin], artefact: str, *, with_boto3: bool) -> list[Pin]:
    """Give what an artefact needs; without boto3, what it needs beside the SDK."""
    reached: set[str] = {artefact}
    pins = [pin for pin in pins if with_boto3 or pin.name not in SDK]
    left = pins
    while found := [pin for pin in left if pin.needed_by & reached]:
        reached.update(pin.name for pin in found)
        left = [pin for pin in left if pin.name not in reached]
    return [pin for pin in pins if pin.name in reached]


def requirements(pins: Iterable[Pin]) -> str:
    """Spell the pins as pip reads them, with what needs each."""
    return "".join(map(_lines, sorted(pins, key=lambda pin: pin.name)))


def _lines(pin: Pin) -> str:
    hashes = [f"    --hash=sha256:{sha256}" for sha256 in sorted(pin.hashes)]
    needed_by = f"\n    # via {', '.join(sorted(pin.needed_by))}\n" if pin.needed_by else "\n"
    return " \\\n".join([str(pin), *hashes]) + needed_by
