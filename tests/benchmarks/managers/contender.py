"""A session manager that takes part: any class with the constructor of Strands' own."""

from __future__ import annotations

import gc
import importlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from strands import Agent

from tests.benchmarks.managers.model import OfflineModel, clock
from tests.benchmarks.managers.server import Place
from tests.servers.s3_server import REGION


def package_of(path: str) -> str:
    """Name the package that a class is from, given as `module:Class`."""
    return path.partition(":")[0].partition(".")[0]


class Contender:
    """A class of managers, named `module:Class`.

    Attributes:
        path: its name.
        package: that it is from.
        place: that they speak to.
    """

    def __init__(self, path: str, place: Place) -> None:
        module, _, class_name = path.partition(":")
        self.path = path
        self.package = package_of(path)
        self._class = getattr(importlib.import_module(module), class_name)
        self.place = place
        self._managers: list[Any] = []

    def agent(self, session_id: str | None = None, model: OfflineModel | None = None) -> Agent:
        """Build a manager and an agent on it; of a new session, if none is named."""
        manager = self._class(
            session_id or uuid.uuid4().hex,
            self.place.bucket,
            region_name=REGION,
            endpoint_url=self.place.url,
        )
        self._managers.append(manager)
        return Agent(
            model=model or OfflineModel(),
            tools=[clock],
            session_manager=manager,
            callback_handler=None,
        )

    @contextmanager
    def taking_part(self) -> Iterator[Contender]:
        """Let go of all managers at the end, before anybody else is measured."""
        try:
            yield self
        finally:
            for manager in self._managers:
                close = getattr(manager, "close", None)
                if callable(close):
                    close()
            self._managers.clear()
            gc.collect()
