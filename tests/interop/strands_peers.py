"""Two session managers over one bucket: Strands' own, and ours in its place."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import boto3
from strands import Agent
from strands.session.s3_session_manager import S3SessionManager as TheirManager

from s3sessions import Sessions
from s3sessions.integrations.strands import S3SessionManager as OurManager
from tests.integrations.strands.agents import Step, agent_of

Side: TypeAlias = Literal["ours", "theirs"]

PAIRS: tuple[tuple[Side, Side], ...] = (
    ("ours", "theirs"),
    ("theirs", "ours"),
    ("ours", "ours"),
)
"""Who begins, and who goes on."""

ROUNDS: tuple[tuple[Side, ...], ...] = (
    ("theirs", "ours", "theirs"),
    ("ours", "theirs", "ours", "ours"),
)
"""Who has the session, one process after the other."""


# A session of its own for each client would read the SDK's model of S3 each time.
_SESSION = boto3.Session(region_name="us-east-1")


@dataclass(frozen=True)
class Peers:
    """A prefix of a bucket that both use; each manager is a new process's."""

    endpoint_url: str
    bucket: str
    prefix: str

    def manager(self, side: Side, session_id: str = "s", **options: Any) -> Any:
        kind: Any = OurManager if side == "ours" else TheirManager
        return kind(
            session_id,
            self.bucket,
            self.prefix,
            endpoint_url=self.endpoint_url,
            **{"boto_session": _SESSION, **options},
        )

    def agent(self, side: Side, *steps: Step, session_id: str = "s", **arguments: Any) -> Agent:
        return agent_of(self.manager(side, session_id), *steps, **arguments)

    def sessions(self) -> Sessions:
        return Sessions(
            f"s3://{self.bucket}/{self.prefix}", endpoint_url=self.endpoint_url, region="us-east-1"
        )

    def objects(self, session_id: str = "s") -> dict[str, bytes]:
        """All that is stored of a session, by key below it."""
        folder = f"{self.prefix}/session_{session_id}/"
        return {key.removeprefix(folder): self._body(key) for key in sorted(self._keys(folder))}

    def put_back(self, objects: dict[str, bytes], session_id: str = "s") -> None:
        """Make the session what it was: whoever has written since was killed before."""
        folder = f"{self.prefix}/session_{session_id}/"
        for key in list(self._keys(folder)):
            self._s3.delete_object(Bucket=self.bucket, Key=key)
        for name, body in objects.items():
            self._s3.put_object(Bucket=self.bucket, Key=folder + name, Body=body)

    def _keys(self, folder: str) -> Iterator[str]:
        for page in self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=folder
        ):
            yield from (entry["Key"] for entry in page.get("Contents", ()))

    def _body(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    @property
    def _s3(self) -> Any:
        return _SESSION.client("s3", endpoint_url=self.endpoint_url)


def remembered(agent: Agent) -> list[Any]:
    """The messages that an agent holds now, whole, whatever becomes of them."""
    return copy.deepcopy(agent.messages)


def without_tracking(messages: Iterable[Any]) -> list[dict[str, Any]]:
    """The messages without the ids by which Strands knows them again."""
    return [{k: v for k, v in message.items() if k != "tracking_id"} for message in messages]
