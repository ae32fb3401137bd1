"""Metrics in CloudWatch's embedded metric format: a line of the log, and no request for it.

CloudWatch Logs reads the metrics out of the line; the line itself stays, with the properties, for
whoever looks for the invocation behind a number.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from types import MappingProxyType

from s3sessions.ports import Clock

__all__ = ["print_metrics"]


def print_metrics(
    namespace: str,
    dimensions: Mapping[str, str],
    values: Mapping[str, tuple[float, str]],
    properties: Mapping[str, object] = MappingProxyType({}),
    *,
    clock: Clock = time.time,
) -> None:
    """Print metrics as one line of JSON on the standard output.

    Args:
        namespace: that CloudWatch files them under.
        dimensions: name and value of each; all together tell one metric from another.
        values: by name, the number and its unit, as CloudWatch spells it: `Count`, `Seconds`,
            `Milliseconds`, `Bytes`, `None`. Without any nothing is printed.
        properties: what the line says beside; never a payload. What has the name of a metric or
            of a dimension is left out.
        clock: seconds since the epoch; for tests.
    """
    if not values:
        return
    directive = {
        "Namespace": namespace,
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in values.items()],
    }
    line = {
        **properties,
        **dimensions,
        **{name: value for name, (value, _) in values.items()},
        "_aws": {"Timestamp": int(clock() * 1000), "CloudWatchMetrics": [directive]},
    }
    # In one write: other threads and processes print into the same log.
    sys.stdout.write(json.dumps(line, default=str) + "\n")
    sys.stdout.flush()
