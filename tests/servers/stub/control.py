"""How the stub is steered: by requests that it neither holds back nor counts."""

from __future__ import annotations

import json
from typing import Any, Final, Protocol

from tests.servers.stub.answers import answer, as_json, error
from tests.servers.stub.counts import Counts
from tests.servers.stub.objects import Bucket, StoredObject
from tests.servers.stub.service import Service

PATH: Final = "/_stub/"
"""What their paths begin with; no bucket's name does."""


class Connected(Protocol):
    """A connection of a client."""

    def hang_up(self) -> None:
        """Close it in good order."""

    def forget(self) -> None:
        """Answer whatever comes with a reset."""


class Control:
    """One verb a path, its arguments a JSON object: stats, reset, set, bucket, seed, end.

    Attributes:
        connections: those that are open.
    """

    def __init__(self, service: Service, counts: Counts) -> None:
        self._service = service
        self._counts = counts
        self.connections: set[Connected] = set()

    def handle(self, verb: str, body: bytes, asking: Connected) -> bytes:
        """Do what is asked for."""
        arguments: dict[str, Any] = json.loads(body) if body else {}
        match verb:
            case "stats":
                return as_json(vars(self._counts))
            case "reset":
                self._counts.reset()
            case "set":
                self._set(arguments)
            case "bucket":
                self._service.buckets[arguments["name"]] = Bucket()
            case "seed":
                self._seed(**arguments)
            case "end":
                self._end(self.connections - {asking}, **arguments)
            case _:
                return error(404, "NoSuchControl", verb)
        return answer(200)

    def _set(self, arguments: dict[str, Any]) -> None:
        for name, value in arguments.items():
            setattr(self._service.pace, name, value)

    def _end(self, connections: set[Connected], unheard: bool) -> None:
        for connection in connections:
            (connection.forget if unheard else connection.hang_up)()

    def _seed(
        self, bucket: str, key: str, body: str, start: int, count: int, age: float = 0
    ) -> None:
        """Put objects whose key and body hold their number at each `{n}`, so many seconds old."""
        held = self._service.buckets[bucket]
        headers = b"content-type: application/json\r\n"
        for number in range(start, start + count):
            data = body.replace("{n}", str(number)).encode()
            held.put(key.replace("{n}", str(number)), StoredObject(data, headers, age))
        held.order()
