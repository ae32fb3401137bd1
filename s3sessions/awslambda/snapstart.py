"""SnapStart: what is made in init is stored in a snapshot, and wakes up long after in many copies.

Connections are dead then, and credentials may have expired, so both are made anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable

__all__ = ["after_restore"]


def after_restore(remake: Callable[[], None]) -> None:
    """Let something be made anew whenever Lambda restores this process; elsewhere do nothing."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        return
    try:
        # Part of the runtimes that can be restored, and of no other.
        from snapshot_restore_py import register_after_restore
    except ImportError:
        return
    register_after_restore(remake)
