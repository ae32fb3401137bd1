"""The functions that are started, each from the same artefact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.servers.lambda_runtime import LambdaFunction
from tests.servers.s3_stub import Stub

LAYER: Final = Path(__file__).with_name("layer")

TIMEOUT: Final = 60


class Contender(NamedTuple):
    """One function.

    Attributes:
        name: what the table calls it.
        module: of its handler, in the layer.
        transport: of `s3sessions`; empty where it is not used.
    """

    name: str
    module: str
    transport: str = ""

    def function(self, code: Path, runtime: Path, stub: Stub, bucket: str) -> LambdaFunction:
        """Give the function, deployed from an unpacked artefact, over a bucket of its own."""
        return LambdaFunction(
            code,
            f"{self.module}.handler",
            runtime,
            layers=(LAYER,),
            variables=self._variables(stub.endpoint_url, bucket),
            timeout=TIMEOUT,
        )

    def _variables(self, endpoint_url: str, bucket: str) -> Mapping[str, str]:
        if not self.transport:
            return {"BUCKET": bucket, "ENDPOINT_URL": endpoint_url}
        return {
            "S3SESSIONS_URL": f"s3://{bucket}",
            "S3SESSIONS_ENDPOINT_URL": endpoint_url,
            "S3SESSIONS_TRANSPORT": self.transport,
        }


BARE: Final = Contender("nothing but Python", "bare")
PLAIN_FAST: Final = Contender("plain function, obstore", "plain", "object_store")
STRANDS_OWN: Final = Contender("Strands agent, its own `S3SessionManager`", "strands_own")

CONTENDERS: Final[Sequence[Contender]] = (
    BARE,
    PLAIN_FAST,
    Contender("plain function, boto3", "plain", "boto3"),
    Contender("Strands agent, obstore", "agents", "object_store"),
    Contender("Strands agent, boto3", "agents", "boto3"),
    STRANDS_OWN,
)
