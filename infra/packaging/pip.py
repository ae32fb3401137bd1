"""Runs pip, and says of its failures what a person can do about them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from infra.packaging.errors import PackagingFailed
from infra.packaging.target import Target

__all__ = ["run_pip"]

LINES_SHOWN: Final = 12

NO_NETWORK: Final = re.compile(
    "connection broken|NewConnectionError|Failed to establish|Temporary failure in name resolution"
    "|Max retries exceeded|Read timed out|ProxyError|SSLError"
)
WRONG_HASH: Final = "DO NOT MATCH THE HASHES"
NO_WHEEL: Final = re.compile(r"No matching distribution found for (\S+)")


def run_pip(arguments: Sequence[str], target: Target) -> None:
    """Run pip to its end.

    Raises:
        PackagingFailed: no network, a hash that is not the lock's, no wheel for the target, or
            what pip printed last.
    """
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    done = subprocess.run(
        [*command, *arguments, *target.pip_arguments()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PackagingFailed(f"{_reason(done.stderr, target)}\n{_last_lines(done.stderr)}")


def _reason(printed: str, target: Target) -> str:
    if WRONG_HASH in printed:
        return (
            "a wheel is not the one that requirements.lock names: if your index builds its own,"
            " make a lock of your own with `python -m infra.packaging lock`; otherwise do not use"
            " it; pip says:"
        )
    # Without a network pip goes on to say that there is no such wheel, so this comes first.
    if NO_NETWORK.search(printed):
        return "pip cannot reach its index: check network, proxy and `pip config list`; pip says:"
    if missing := NO_WHEEL.search(printed):
        return (
            f"there is no wheel of {missing[1]} for {target}: choose another Python or"
            " architecture, or another version and make the lock anew; pip says:"
        )
    return "pip failed; it says:"


def _last_lines(printed: str) -> str:
    return "\n".join(f"  {line}" for line in printed.strip().splitlines()[-LINES_SHOWN:])
