"""Durations on the command line: `30s`, `15m`, `36h`, `90d`, `2w`."""

from __future__ import annotations

import argparse
from datetime import timedelta

from s3sessions import durations

__all__ = ["parse_duration"]


def parse_duration(text: str) -> timedelta:
    """Read a duration; `0s` is none. For argparse."""
    try:
        return durations.parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
