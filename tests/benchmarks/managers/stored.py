"""A session of many messages that Strands' own manager might have written, put there directly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from strands import Agent
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType

from tests.benchmarks.managers.model import ANSWER, OfflineModel
from tests.benchmarks.managers.server import Server

WRITERS = 8


class StoredSession:
    """A history in Strands' layout, which can be put back to how it was.

    Attributes:
        id: of the session.
        texts: of its messages, in order.
    """

    def __init__(self, server: Server, size: int) -> None:
        self.id = f"of-{size}"
        self.texts: list[str | None] = [f"{n}: {ANSWER}" for n in range(size)]
        self._server = server
        self._bucket = server.place.bucket
        self._bodies = dict(_bodies(self.id, self.texts))
        self._changing = {key for key in self._bodies if "/message_" not in key}
        self._write(self._bodies)

    def put_back(self) -> None:
        """Undo what was done in the session since, past the delay and without being counted."""
        with self._server.client() as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=f"session_{self.id}/"
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            for key in set(keys) - self._bodies.keys():
                s3.delete_object(Bucket=self._bucket, Key=key)
        self._write({key: self._bodies[key] for key in self._changing})

    def _write(self, bodies: dict[str, bytes]) -> None:
        with (
            self._server.client(max_pool_connections=WRITERS) as s3,
            ThreadPoolExecutor(WRITERS) as pool,
        ):

            def put(key: str) -> None:
                s3.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=bodies[key],
                    ContentType="application/json",
                )

            list(pool.map(put, bodies))


def _bodies(session_id: str, texts: Sequence[str | None]) -> list[tuple[str, bytes]]:
    """Give the objects by key: the fields and the form are those that Strands writes."""
    session = f"session_{session_id}/"
    agent = f"{session}agents/agent_default/"
    documents: list[tuple[str, dict[str, Any]]] = [
        (f"{session}session.json", Session(session_id, SessionType.AGENT).to_dict()),
        (f"{agent}agent.json", SessionAgent.from_agent(Agent(OfflineModel())).to_dict()),
    ]
    for n, text in enumerate(texts):
        content = {"role": ("user", "assistant")[n % 2], "content": [{"text": text}]}
        message = SessionMessage.from_message(content, n).to_dict()  # type: ignore[arg-type]
        documents.append((f"{agent}messages/message_{n}.json", message))
    return [
        (key, json.dumps(document, indent=2, ensure_ascii=False).encode())
        for key, document in documents
    ]
