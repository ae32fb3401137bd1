"""Where scenes are played: a bucket on each of the servers that can play some of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from s3sessions import Sessions
from s3sessions.stores.s3_boto3 import make_client
from s3sessions.stores.s3_client import ClientOptions
from tests.permissions import scenes
from tests.permissions.recording import Noted, Recorded, asked_of
from tests.permissions.scenes import Export, Meanwhile, Scene, Stage
from tests.rig import fresh_name
from tests.servers.s3_server import S3Server
from tests.servers.wire import WireProxy


class House:
    """A bucket, a wire to its server, and clients that serve all scenes."""

    def __init__(self, server: S3Server, bucket: str) -> None:
        self._server = server
        self._bucket = bucket
        self._wire = WireProxy(server.endpoint_url)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._wire)
        self._client = make_client(
            ClientOptions(self._wire.url, self._server.region, None, 32, 10, 60)
        )
        self._stack.callback(self._client.close)
        # Not on the wire.
        self._others = self._stack.enter_context(
            Sessions(f"s3://{self._bucket}", endpoint_url=self._server.endpoint_url)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def play(self, scene: Scene, transport: str, folder: Path) -> Recorded:
        """Play a scene under a prefix of its own, and give what went over the wire."""
        prefix, target, verbs = fresh_name(), fresh_name(), set[str]()
        meanwhile = Meanwhile()
        self._wire.settle()
        self._wire.reset()
        with self._sessions(f"s3://{self._bucket}/{prefix}", transport, meanwhile) as sessions:
            scene(
                Stage(
                    server=self._server,
                    bucket=self._bucket,
                    prefix=f"{prefix}/",
                    sessions=Noted(sessions, verbs),
                    others=self._others.under(prefix),
                    meanwhile=meanwhile,
                    export=Export(f"s3://{self._bucket}/{target}", self._wire.url, folder),
                )
            )
            self._wire.settle()
            return Recorded(
                bucket=self._bucket,
                prefix=f"{prefix}/",
                destination=f"{target}/",
                asked=asked_of(self._wire),
                verbs=frozenset(verbs),
                sent=self._wire.sent,
            )

    @contextmanager
    def _sessions(self, url: str, transport: str, meanwhile: Meanwhile) -> Iterator[Sessions]:
        if transport == "boto3":
            sessions = Sessions(url, client=self._client, on_request=meanwhile)
        else:
            sessions = Sessions(
                url,
                endpoint_url=self._wire.url,
                transport="object_store",
                on_request=meanwhile,
            )
        with sessions:
            yield sessions


@dataclass(frozen=True)
class Theatre:
    """The houses: one that is quick, one that can make objects old, one that holds versions."""

    plain: House
    ageing: House
    locked: House

    def of(self, scene: Scene) -> House:
        """Give the quickest house that can play a scene."""
        aged = (scenes.prune, scenes.purge_by_age, scenes.sweep, scenes.purge, scenes.check)
        if scene in aged:
            return self.ageing
        return self.locked if scene is scenes.purge_what_is_held else self.plain
