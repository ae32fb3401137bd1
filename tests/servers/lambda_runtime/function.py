"""A function as it is configured: its code, its handler, its variables, its limits."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.servers.s3_server import ACCESS_KEY, REGION, SECRET_KEY

if TYPE_CHECKING:
    from tests.servers.lambda_runtime.environment import LambdaEnvironment

PYTHON: Final = str(Path(sys.executable).resolve())
"""This Python, without the virtual environment whose packages an artefact must not see."""

ACCOUNT: Final = "123456789012"


class InitType(StrEnum):
    """How environments of a function begin."""

    ON_DEMAND = "on-demand"
    SNAP_START = "snap-start"


@dataclass(frozen=True)
class LambdaFunction:
    """A function of which environments can be started.

    Attributes:
        code: folder with the unpacked artefact; see `unpacked`.
        handler: `module.function`.
        runtime: folder with awslambdaric and what else the runtime brings; see
            `link_distributions`.
        layers: folders that stand between the code and the runtime.
        variables: those of the function.
        timeout: seconds for each event.
        max_concurrency: workers of a managed instance, each with an event at once; None for the
            other kind, which has one event at a time and is frozen between them.
    """

    code: Path
    handler: str
    runtime: Path
    layers: Sequence[Path] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    timeout: float = 10.0
    memory_mb: int = 512
    name: str = "agent"
    init_type: InitType = InitType.ON_DEMAND
    max_concurrency: int | None = None
    python: str = PYTHON

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"

    @property
    def command(self) -> list[str]:
        """What starts its runtime: no site-packages but those that are given."""
        return [self.python, "-S", "-s", "-m", "awslambdaric", self.handler]

    def start(self) -> LambdaEnvironment:
        """Start an environment: a cold start, up to the moment that it asks for an event.

        Raises:
            ServerFailed: the handler cannot be loaded, or takes too long; the text ends with what
                was printed last.
        """
        from tests.servers.lambda_runtime.environment import LambdaEnvironment

        return LambdaEnvironment(self)

    def environ(self, api_address: str, temporary: Path) -> dict[str, str]:
        """Give all variables of an environment."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "HOME": str(temporary),
            "TMPDIR": str(temporary),
            "PYTHONPATH": os.pathsep.join(map(str, (self.code, *self.layers, self.runtime))),
            "_HANDLER": self.handler,
            "LAMBDA_TASK_ROOT": str(self.code),
            "LAMBDA_RUNTIME_DIR": str(self.runtime),
            **self._aws_variables(api_address),
            **self.variables,
        }

    def _aws_variables(self, api_address: str) -> dict[str, str]:
        variables = {
            "AWS_LAMBDA_RUNTIME_API": api_address,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": self.init_type.value,
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "local",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info[:2]),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.max_concurrency is not None:
            variables["AWS_LAMBDA_MAX_CONCURRENCY"] = str(self.max_concurrency)
        return variables
