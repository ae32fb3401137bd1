"""What each role does, played once on a wire: what was asked of S3, and by which verbs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.permissions.recording import Recorded
from tests.permissions.scenes import Scene
from tests.permissions.theatre import House, Theatre
from tests.servers.moto_server import MotoServer
from tests.servers.s3_stub import Stub
from tests.servers.weed import Weed
from tests.stores.version_places import versioned_bucket

Recorder = Callable[[Scene, str], Recorded]


@pytest.fixture(scope="session")
def recorded(
    moto: MotoServer, stub: Stub, weed: Weed, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recorder]:
    """Plays a scene by a transport, the first time that it is asked for."""
    with ExitStack() as stack:
        theatre = Theatre(
            plain=stack.enter_context(House(stub, stub.make_bucket())),
            ageing=stack.enter_context(House(moto, versioned_bucket(moto))),
            locked=stack.enter_context(House(weed, versioned_bucket(weed, locked=True))),
        )

        @functools.cache
        def play(scene: Scene, transport: str) -> Recorded:
            return theatre.of(scene).play(scene, transport, tmp_path_factory.mktemp("scene"))

        yield play
