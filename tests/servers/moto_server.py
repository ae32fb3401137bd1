"""moto's S3 on loopback: quick and complete, and no proof of races, credentials or checksums."""

from __future__ import annotations

import logging
from types import TracebackType

from tests.servers.s3_server import S3Server


class MotoServer(S3Server):
    """moto's S3 in a thread of this process; all of these in one process share their buckets."""

    def __init__(self) -> None:
        # Half a second of imports, which most test runs of one file can do without.
        from moto.moto_server.threaded_moto_server import ThreadedMotoServer

        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)

    @property
    def endpoint_url(self) -> str:
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    def __enter__(self) -> MotoServer:
        # A line for each request would bury what a failed test has to say.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
