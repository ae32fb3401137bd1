"""Builds the zip files that Lambda functions are made from: `python -m infra.packaging build`.

The same input gives the same bytes: exact versions and hashes are in requirements.lock, an archive
has sorted names and fixed times and modes, and nothing that an installer writes is in it. Wheels
are copied into the archive as they are, so that any machine builds for any architecture.
"""

from __future__ import annotations

from infra.packaging.artefact import NAMES, Name, build
from infra.packaging.errors import PackagingFailed
from infra.packaging.target import ARCHITECTURES, PYTHONS, Architecture, Target

__all__ = [
    "ARCHITECTURES",
    "NAMES",
    "PYTHONS",
    "Architecture",
    "Name",
    "PackagingFailed",
    "Target",
    "build",
]
