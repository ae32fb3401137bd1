"""What every S3 server of the tests gives: where it is, a client, buckets."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

ACCESS_KEY: Final = "tests-access-key"
SECRET_KEY: Final = "tests-secret-key"
REGION: Final = "us-east-1"


class S3Server:
    """An S3 server on loopback.

    Its keys are the ones that `tests/conftest.py` puts into the environment, so a client that is
    given nothing but `endpoint_url` is let in.
    """

    access_key = ACCESS_KEY
    secret_key = SECRET_KEY
    region = REGION

    @property
    def endpoint_url(self) -> str:
        """Where the server listens."""
        raise NotImplementedError

    def make_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        with self.client() as s3:
            s3.create_bucket(Bucket=name)
        return name

    def is_listening(self) -> bool:
        """Tell whether anybody answers at the endpoint's port."""
        url = urlsplit(self.endpoint_url)
        try:
            socket.create_connection((url.hostname or "", url.port or 0), timeout=5).close()
        except OSError:
            return False
        return True

    def takes_objects(self) -> bool:
        """Put an object: what a server can do last after a start or a crash."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            with self.client(connect_timeout=5, read_timeout=5) as s3:
                if "ready" not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
                    s3.create_bucket(Bucket="ready")
                s3.put_object(Bucket="ready", Key="ready", Body=b"")
        except (BotoCoreError, ClientError):
            return False
        return True

    @contextmanager
    def client(self, endpoint_url: str | None = None, **config: Any) -> Iterator[Any]:
        """Give a boto3 client of this server, or of a wire to it, and close it afterwards."""
        import boto3
        from botocore.config import Config

        s3 = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url or self.endpoint_url,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(**config),
        )
        try:
            yield s3
        finally:
            s3.close()
