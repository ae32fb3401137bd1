"""What an artefact is built for: a Python and an architecture, and the wheels that run there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from infra.packaging.errors import PackagingFailed

__all__ = ["ARCHITECTURES", "PYTHONS", "Architecture", "Target", "every_target"]

Architecture = Literal["x86_64", "arm64"]
"""As Lambda and CloudFormation spell them."""

ARCHITECTURES: Final[tuple[Architecture, ...]] = get_args(Architecture)

MACHINES: Final[dict[Architecture, str]] = {"x86_64": "x86_64", "arm64": "aarch64"}
"""As wheels spell them."""

GLIBC_MINORS: Final = {"3.11": 26, "3.12": 34, "3.13": 34}
"""Of what the managed runtime of each Python is on: Amazon Linux 2, then 2023."""

PYTHONS: Final = tuple(GLIBC_MINORS)

OLD_NAMES: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
"""What wheels were called, by the minor version of glibc 2 that they need."""

OLDEST_GLIBC_MINOR: Final[dict[Architecture, int]] = {"x86_64": 5, "arm64": 17}


@dataclass(frozen=True, slots=True)
class Target:
    """A Python, as in `3.13`, on an architecture.

    Raises:
        PackagingFailed: there is no such Python or architecture here.
    """

    python: str
    arch: Architecture

    def __post_init__(self) -> None:
        if self.python not in PYTHONS:
            raise PackagingFailed(
                f"no artefact for Python {self.python}: choose one of {', '.join(PYTHONS)}"
            )
        if self.arch not in ARCHITECTURES:
            raise PackagingFailed(
                f"no artefact for {self.arch}: choose one of {', '.join(ARCHITECTURES)}"
            )

    def __str__(self) -> str:
        return f"Python {self.python} on {self.arch}"

    @property
    def folder(self) -> str:
        """The name of the folder that its wheels are kept in."""
        return f"{self.python}-{self.arch}"

    @property
    def machine(self) -> str:
        """The architecture as wheels spell it."""
        return MACHINES[self.arch]

    def platforms(self) -> Iterator[str]:
        """Give the tags of the wheels that run there, the best first."""
        for minor in range(GLIBC_MINORS[self.python], OLDEST_GLIBC_MINOR[self.arch] - 1, -1):
            yield f"manylinux_2_{minor}_{self.machine}"
            if minor in OLD_NAMES:
                yield f"{OLD_NAMES[minor]}_{self.machine}"

    def pip_arguments(self) -> list[str]:
        """Tell pip to choose wheels for it, whatever pip itself runs on."""
        arguments = [
            "--only-binary=:all:",
            "--implementation=cp",
            f"--python-version={self.python}",
        ]
        return [*arguments, *(f"--platform={platform}" for platform in self.platforms())]


def every_target() -> list[Target]:
    """Give all that a lock is made for."""
    return [Target(python, arch) for python in PYTHONS for arch in ARCHITECTURES]
