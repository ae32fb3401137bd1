"""A function deployed on this machine: its artefact, and the bucket that it speaks to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from s3sessions import Sessions
from tests.servers.lambda_runtime import LambdaFunction
from tests.servers.s3_server import S3Server


@dataclass(frozen=True)
class Deployment:
    """One artefact over one prefix of a bucket.

    Attributes:
        code: the unpacked artefact.
        runtime: folder with awslambdaric.
        url: `s3://bucket/prefix`.
        endpoint_url: of the S3 server, without a wire.
        layers: folders with more handlers.
        variables: those of each function, besides the ones that say where the sessions are.
    """

    code: Path
    runtime: Path
    url: str
    endpoint_url: str
    layers: Sequence[Path] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def function(
        self, handler: str, *, via: str | None = None, timeout: float = 10, **variables: str
    ) -> LambdaFunction:
        """Give the function with a handler of the artefact or of a layer.

        Args:
            via: endpoint of a wire before the S3 server.
            variables: of this function alone.
        """
        places = {
            "S3SESSIONS_URL": self.url,
            "S3SESSIONS_ENDPOINT_URL": via or self.endpoint_url,
        }
        return LambdaFunction(
            self.code,
            handler,
            self.runtime,
            layers=self.layers,
            variables={**places, **self.variables, **variables},
            timeout=timeout,
        )

    def sessions(self) -> Sessions:
        """Open what the function has stored, without the function; close it afterwards."""
        return Sessions(self.url, endpoint_url=self.endpoint_url)

    def keys(self, under: str = "") -> list[str]:
        """List the keys in the bucket, of all tenants, from the end of the prefix on."""
        bucket, _, prefix = self.url.removeprefix("s3://").partition("/")
        with S3Server().client(self.endpoint_url) as s3:
            page = s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/{under}")
        return [entry["Key"].removeprefix(f"{prefix}/") for entry in page.get("Contents", [])]

    def payloads(self, session: str, *, tenant: str | None = None) -> list[Mapping[str, Any]]:
        """Read the messages of a session from the bucket."""
        with self.sessions() as sessions:
            theirs = sessions if tenant is None else sessions.under(tenant)
            return list(theirs.open(session).restore().payloads)

    def transcript(self, session: str, *, tenant: str | None = None) -> list[str]:
        """Read what was said in a session, line by line."""
        return [str(payload["content"]) for payload in self.payloads(session, tenant=tenant)]
