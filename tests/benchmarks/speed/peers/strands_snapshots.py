"""Strands' SnapshotSessionManager on its S3Storage, which keeps all of an agent as one object."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from strands import Agent
from strands.session.snapshot_session_manager import SnapshotSessionManager
from strands.storage.s3_storage import S3Storage

from tests.benchmarks.managers.model import OfflineModel
from tests.benchmarks.speed.peer import Act, Place, message


class StrandsSnapshots:
    """Saves and restores the latest snapshot."""

    def __init__(self, place: Place) -> None:
        os.environ["AWS_ENDPOINT_URL_S3"] = place.endpoint_url
        self._storage = S3Storage(place.bucket)
        self._runner = asyncio.Runner()

    def fill(self, session: str, size: int) -> Act:
        agent = self._agent(size)
        manager = self._manager(session)
        return lambda: [self._runner.run(manager.save_snapshot(agent, is_latest=True))]

    def append(self, session: str, size: int) -> Act:
        agent = self._agent(size)
        manager = self._manager(session)

        def act() -> list[Any]:
            agent.messages.append(_message(len(agent.messages)))
            return [self._runner.run(manager.save_snapshot(agent, is_latest=True))]

        return act

    def restore(self, session: str) -> Act:
        manager = self._manager(session)
        agent = self._agent(0)

        def act() -> list[Any]:
            self._runner.run(manager.restore_snapshot(agent))
            return agent.messages

        return act

    def _manager(self, session: str) -> SnapshotSessionManager:
        return SnapshotSessionManager(session, storage=self._storage, save_latest_on="trigger")

    def _agent(self, size: int) -> Agent:
        agent = Agent(OfflineModel(), callback_handler=None)
        agent.messages += [_message(number) for number in range(size)]
        return agent


def _message(number: int) -> Any:
    return message(number)
