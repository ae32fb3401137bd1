"""What the figures hold for: versions, the machine, and who has which core of it."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Iterator
from typing import Final

from tests.servers.s3_stub import Stub

PACKAGES: Final = (
    *("s3sessions", "boto3", "aioboto3", "urllib3", "obstore", "strands-agents"),
    *("langgraph-checkpoint-objectstorage", "openai-agents", "uvloop"),
)


def refuse_a_foreign_urllib3() -> None:
    """See that boto3 runs on the urllib3 that it is made for.

    Raises:
        SystemExit: another distribution, urllib3-future, has taken its name.
    """
    if importlib.util.find_spec("urllib3.backend") is not None:
        raise SystemExit("urllib3 is not urllib3: uninstall urllib3-future (niquests brings it)")


def take_cores(stub: Stub) -> str:
    """Give the stub one core and this process, with all that it starts, another; says so."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned to cores"
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return "on one core, the server's too"
    os.sched_setaffinity(stub.pid, {cores[0]})
    os.sched_setaffinity(0, {cores[1]})
    return "clients pinned to one core, the server to another"


def surroundings(cores: str) -> Iterator[str]:
    """Give a line or two."""
    versions = (f"{name} {_version(name)}" for name in PACKAGES)
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    today = datetime.datetime.now(datetime.UTC).date()
    machine = f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores"
    yield f"{today}; {', '.join(versions)}."
    yield f"{machine}, {cores}; load {load} at the end."


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
