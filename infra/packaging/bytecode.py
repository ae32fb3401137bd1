"""Compiles the modules of an artefact, which Lambda otherwise does again at every cold start.

A function's folder is read-only there, so nothing that Python compiles is kept. The bytecode is
bound to a Python's minor version and to no architecture; another Python, or a source that it
cannot compile, falls back to the source, which stays beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from infra.packaging.errors import PackagingFailed

__all__ = ["compiled"]

# Unchecked: nobody can change a source that lies beside it. Told where the function's folder will
# be, for tracebacks; warnings are for the authors of what is compiled.
PROGRAM: Final = """
import os, py_compile, sys, warnings
warnings.simplefilter("ignore")
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for line in sys.stdin:
    name = line.rstrip("\\n")
    try:
        py_compile.compile(name, name + "c", f"/var/task/{name}", True, 0, mode)
    except (py_compile.PyCompileError, ValueError):
        pass
print(sys.implementation.cache_tag)
"""


def compiled(files: Mapping[str, bytes], python: str) -> dict[str, bytes]:
    """Give the bytecode of every module among the files, by the name that Python looks for.

    Raises:
        PackagingFailed: there is no such Python on this machine, or it failed.
    """
    modules = sorted(name for name in files if name.endswith(".py"))
    with tempfile.TemporaryDirectory() as folder:
        for name in modules:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
        tag = _compile(folder, modules, python)
        return {
            _place(name, tag): written.read_bytes()
            for name in modules
            if (written := Path(folder, f"{name}c")).exists()
        }


def _compile(folder: str, modules: list[str], python: str) -> str:
    """Write `module.pyc` beside each module; gives the tag of the Python that did."""
    done = subprocess.run(
        # -E -s: nothing but the standard library has a say in it.
        [_interpreter(python), "-E", "-s", "-S", "-c", PROGRAM],
        cwd=folder,
        input="".join(f"{name}\n" for name in modules),
        # The order of a set constant follows the hashes of its strings.
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackagingFailed(f"python{python} cannot compile; it says:\n{done.stderr[-2000:]}")
    return done.stdout.strip()


def _interpreter(python: str) -> str:
    if f"{sys.version_info.major}.{sys.version_info.minor}" == python:
        return sys.executable
    found = shutil.which(f"python{python}")
    if found is None:
        raise PackagingFailed(
            f"there is no python{python} to compile with: install it, or build without bytecode"
        )
    return found


def _place(module: str, tag: str) -> str:
    path = PurePosixPath(module)
    return str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc")
