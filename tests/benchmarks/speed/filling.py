"""Sessions of any length, put into the stub at once: copies of one message that the peer wrote."""

from __future__ import annotations

import re
import urllib.request
from typing import Final
from urllib.parse import quote

from tests.benchmarks.speed.crew import Crew
from tests.benchmarks.speed.peer import key_of
from tests.servers.s3_stub import Stub

TEMPLATE: Final = "template"
NUMBER: Final = re.compile(r'("message_id": ?)0\b')
WRITE_ID: Final = re.compile(r'("write_id":"[^"]+)"')


class Filling:
    """Fills buckets, past the latency and the counts."""

    def __init__(self, stub: Stub, crew: Crew) -> None:
        self._stub = stub
        self._crew = crew
        self._templates: dict[str, dict[str, str]] = {}

    def fill(self, peer: str, session: str, size: int) -> None:
        """Put a session of so many messages, as the peer would have written them one by one."""
        bucket = self._crew.bucket(peer)
        first = key_of(TEMPLATE, 0)
        for key, body in self._objects(peer, bucket).items():
            renamed = key.replace(f"session_{TEMPLATE}/", f"session_{session}/")
            content = body.replace(f'"{TEMPLATE}"', f'"{session}"')
            if key == first:
                content = NUMBER.sub(r"\g<1>{n}", content).replace("0: What", "{n}: What")
                content = WRITE_ID.sub(r'\g<1>-{n}"', content)
                self._stub.seed(bucket, key_of(session, "{n}"), content, size)
            else:
                self._stub.seed(bucket, renamed, content, 1)

    def _objects(self, peer: str, bucket: str) -> dict[str, str]:
        """Give what a session of one message consists of, by key; `peer` writes it once."""
        if bucket not in self._templates:
            self._crew.perform(peer, "begin", TEMPLATE)
            self._templates[bucket] = {
                key: self._body(bucket, key) for key in self._keys(bucket, f"session_{TEMPLATE}/")
            }
        return self._templates[bucket]

    def _keys(self, bucket: str, prefix: str) -> list[str]:
        asked = f"list-type=2&prefix={quote(prefix)}"
        return re.findall("<Key>(.*?)</Key>", self._get(f"{bucket}?{asked}"))

    def _body(self, bucket: str, key: str) -> str:
        return self._get(f"{bucket}/{quote(key)}")

    def _get(self, target: str) -> str:
        url = f"{self._stub.endpoint_url}/{target}"
        with urllib.request.urlopen(url, timeout=60) as response:
            body: bytes = response.read()
        return body.decode()
