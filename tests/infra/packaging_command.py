"""Runs `python -m infra.packaging` as a person does, with such indexes as a test wants."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

NO_CONFIGURATION: Final = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    # Of retries alone pip tells that it cannot reach an index.
    "PIP_RETRIES": "1",
}
"""Whatever indexes this machine knows."""

# Nothing listens there.
NO_NETWORK: Final = {**NO_CONFIGURATION, "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}


def index_in(folder: Path) -> dict[str, str]:
    """Give the variables with which pip has the files of a folder and nothing else."""
    return {**NO_CONFIGURATION, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}


def package(
    *arguments: str | Path,
    root: Path = ROOT,
    environ: Mapping[str, str] | None = None,
    umask: int = 0o022,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.packaging", *map(str, arguments)],
        cwd=root,
        env={**os.environ, **(environ or {})},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(*arguments: str | Path, environ: Mapping[str, str] | None = None) -> str:
    """Run it, see it fail without a traceback, and give what it says."""
    done = package(*arguments, environ=environ)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def clone(folder: Path) -> Path:
    """Copy what artefacts are made from, as someone else has it: other modes and times."""
    for name in ("infra", "s3sessions"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    for path in folder.rglob("*"):
        path.chmod(0o700)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    return folder
