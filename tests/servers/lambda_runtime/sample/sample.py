"""Handlers that show what an environment does to them; the standard library is all they need."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

TEMPORARY = Path(os.environ["TMPDIR"])
SEEN: list[Any] = []


def tell(event: Any, context: Any) -> dict[str, Any]:
    """Say what is known of this event, and of those before it."""
    SEEN.append(event)
    return {
        "events": len(SEEN),
        "pid": os.getpid(),
        "request_id": context.aws_request_id,
        "tenant_id": context.tenant_id,
        "milliseconds": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
    }


def look_around(event: Any, context: Any) -> dict[str, Any]:
    """Try to write beside the code, and to import what only the tests have."""
    try:
        Path(__file__).with_name("new.txt").write_text("new")
        written = "yes"
    except OSError as error:
        written = type(error).__name__
    (TEMPORARY / "new.txt").write_text("new")
    importable = []
    for name in event["modules"]:
        with contextlib.suppress(ImportError):
            importable.append(__import__(name).__name__)
    return {"written": written, "importable": importable, "variables": sorted(os.environ)}


def fail(event: Any, context: Any) -> NoReturn:
    raise LookupError("no such thing")


def end(event: Any, context: Any) -> NoReturn:
    os._exit(3)


def hang(event: Any, context: Any) -> None:
    threading.Event().wait()


def talk_much(event: Any, context: Any) -> str:
    return "x" * int(event["bytes"])


def meet(event: Any, context: Any) -> int:
    """Return once so many handlers are at it at the same moment."""
    (TEMPORARY / f"{os.getpid()}").touch()
    while len(list(TEMPORARY.iterdir())) < event["handlers"]:
        threading.Event().wait(0.01)
    return os.getpid()


def note_the_end(number: int, frame: FrameType | None) -> None:
    print("SIGTERM was handled")
    sys.exit(0)


def await_the_end(event: Any, context: Any) -> None:
    signal.signal(signal.SIGTERM, note_the_end)


if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
    from snapshot_restore_py import (
        register_after_restore,
        register_before_snapshot,
    )

    register_before_snapshot(SEEN.append, "before the snapshot")
    register_after_restore(SEEN.append, "after the restore")
