"""What the environment of tests and of benchmarks says of whoever runs them: nothing."""

from __future__ import annotations

from collections.abc import MutableMapping

from tests.servers.s3_server import ACCESS_KEY, REGION, SECRET_KEY


def be_nobody(environ: MutableMapping[str, str], home: str) -> None:
    """Leave the tests no account, no settings and no home of whoever runs them."""
    for name in list(environ):
        if name.startswith(("AWS_", "S3SESSIONS_", "XDG_")):
            del environ[name]
    environ.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=f"{home}/no-such-file",
        AWS_SHARED_CREDENTIALS_FILE=f"{home}/no-such-file",
        HOME=home,
        # A proxy for the world outside does not find the servers on loopback.
        no_proxy="127.0.0.1,localhost",
        # With obstore installed or not, tests run on the same store unless they name another.
        S3SESSIONS_TRANSPORT="boto3",
    )
