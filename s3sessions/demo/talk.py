"""What a process of the demo has to say, and how: one JSON object a line to standard output."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any, Final

from s3sessions import RequestCounts, S3SessionsError, Sessions

__all__ = [
    "GO",
    "open_place",
    "place_parser",
    "report",
    "report_requests",
    "run_process",
    "wait_for_go",
]

GO: Final = "go\n"
"""What the parent writes to let a process go on."""


def run_process(main: Callable[[], None]) -> None:
    """Run a process of the demo; an error is one line, the parent says the rest."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except S3SessionsError as error:
        sys.exit(f"process {os.getpid()}: {error}")


def report(**fields: Any) -> None:
    """Tell the parent something, now."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def report_requests(requests: RequestCounts) -> None:
    """Tell the parent what the requests were."""
    report(requests=dict(requests.by_verb))


def wait_for_go() -> bool:
    """Wait until the parent lets this process go on; False once it has nothing more to say."""
    return sys.stdin.readline() == GO


def place_parser(description: str) -> ArgumentParser:
    """Make a parser of the arguments that every process takes."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--url", required=True)
    parser.add_argument("--under", required=True)
    parser.add_argument("--session", required=True)
    return parser


def open_place(url: str, under: str) -> Sessions:
    """Open the sessions that the demo works on."""
    return Sessions(url).under(under)
