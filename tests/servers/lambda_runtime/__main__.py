"""Run an artefact here: `python -m tests.servers.lambda_runtime agent.zip handler.handler`.

Prints a line of JSON for each event, and at the end, on standard error, what the function printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.servers.lambda_runtime.environment import LambdaEnvironment
from tests.servers.lambda_runtime.folders import RUNTIME, SDK, link_distributions, unpacked
from tests.servers.lambda_runtime.function import LambdaFunction


def main(argv: Sequence[str] | None = None) -> int:
    """Run the events and give the exit code: 1 where one failed."""
    arguments = _parser().parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        brought = RUNTIME if arguments.no_sdk else (*RUNTIME, *SDK)
        function = LambdaFunction(
            unpacked(arguments.artefact.resolve()),
            arguments.handler,
            link_distributions(Path(folder) / "runtime", *brought),
            variables=dict(arguments.env),
            timeout=arguments.timeout,
        )
        with function.start() as environment:
            told = [_invoke(environment, arguments.event) for _ in range(arguments.repeat)]
            print(environment.log, end="", file=sys.stderr)
    return 0 if all(told) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.servers.lambda_runtime")
    parser.add_argument("artefact", type=Path, help="zip, for this Python and machine")
    parser.add_argument("handler", help="module.function")
    parser.add_argument("--event", type=json.loads, default={}, help="JSON; default {}")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="give it N times")
    parser.add_argument("--timeout", type=float, default=10, metavar="SECONDS")
    parser.add_argument("--env", type=_variable, action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--no-sdk", action="store_true", help="the artefact brings its own boto3")
    return parser


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _invoke(environment: LambdaEnvironment, event: Mapping[str, Any]) -> bool:
    outcome = environment.invoke(event)
    told = {
        "payload": outcome.payload,
        "error": outcome.error,
        "milliseconds": round(outcome.seconds * 1000, 1),
        "init_milliseconds": round(environment.init_seconds * 1000, 1),
        "cpu_seconds": environment.cpu_seconds,
        "peak_mb": round(environment.peak_bytes / 1e6, 1),
    }
    print(json.dumps(told), flush=True)
    return outcome.ok


if __name__ == "__main__":
    sys.exit(main())
