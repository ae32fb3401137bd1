"""One HTTP request of a runtime to its Runtime API."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.servers.lambda_runtime.runtime_api import RuntimeApi

ROOT: Final = "/2018-06-01/runtime/"


class ApiRequest(BaseHTTPRequestHandler):
    """Reads it, asks the API, answers it."""

    protocol_version = "HTTP/1.1"
    # With it each warm event takes 40 ms more.
    disable_nagle_algorithm = True

    @property
    def _api(self) -> RuntimeApi:
        api: RuntimeApi = self.server.api  # type: ignore[attr-defined]
        return api

    def do_GET(self) -> None:
        match self._path():
            case ["restore", "next"]:
                self._api.await_restore()
                self._reply(200)
            case ["invocation", "next"]:
                self._give_event()
            case _:
                self._reply(404)

    def do_POST(self) -> None:
        body = self._body()
        match self._path():
            case ["invocation", request_id, "response" | "error" as kind]:
                self._reply(self._api.take_answer(request_id, kind, body))
            case ["init" | "restore", "error"]:
                self._api.note_init_error(body)
                self._reply(202)
            case _:
                self._reply(404)

    def _path(self) -> list[str]:
        return self.path.removeprefix(ROOT).split("/") if self.path.startswith(ROOT) else []

    def _give_event(self) -> None:
        given = self._api.next_event()
        if given is None:
            self.close_connection = True
            return
        invocation, headers = given
        self._reply(200, invocation.body, headers)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _reply(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
