"""An execution environment of AWS Lambda on this machine, without Docker and without AWS.

The real runtime client (`python -m awslambdaric module.handler`) runs in a process whose only code
is an unpacked deployment artefact, read-only, and the folders given as the runtime and its layers.
It asks a Runtime API on loopback for its events, as it does on Lambda, and meets what Lambda does
to it: it is frozen after each answer and thawed for the next event, killed at its time-out, given
an event twice, started 16 times over, and shut down with a warning or without one.
"""

from __future__ import annotations

from tests.servers.lambda_runtime.environment import LambdaEnvironment
from tests.servers.lambda_runtime.folders import link_distributions, unpacked
from tests.servers.lambda_runtime.function import InitType, LambdaFunction
from tests.servers.lambda_runtime.invocation import Invocation, Outcome

__all__ = [
    "InitType",
    "Invocation",
    "LambdaEnvironment",
    "LambdaFunction",
    "Outcome",
    "link_distributions",
    "unpacked",
]
