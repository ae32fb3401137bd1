"""An append that is cancelled at each of its requests where they run in threads: on local disk."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AsyncSessions
from s3sessions.stores.local import LocalStore
from s3sessions.stores.threaded import ThreadedStore
from tests.interposed import Interposed

REQUESTS_OF_A_FIRST_APPEND = 5


class Canceller:
    """Cancels a task at one of the requests that its store is asked: before it or after it."""

    def __init__(self, at: int, *, before: bool) -> None:
        self._left = at
        self._before = before
        self._cancel: Any = None

    def watch(self, task: asyncio.Task[Any]) -> None:
        loop = asyncio.get_running_loop()
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)

    def __call__(self, verb: str, key: str, call: Any) -> Any:
        is_due = self._cancel is not None and self._left == 0
        self._left -= 1
        if is_due and self._before:
            self._cancel()
        answer = call()
        if is_due and not self._before:
            self._cancel()
        return answer


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("at", range(REQUESTS_OF_A_FIRST_APPEND))
def test_an_append_cancelled_at_any_request_is_whole_or_absent_and_can_be_repeated(
    tmp_path: Path, at: int, before: bool
) -> None:
    canceller = Canceller(at, before=before)
    store = ThreadedStore(Interposed(LocalStore(tmp_path / "sessions"), canceller))

    async def run() -> None:
        async with AsyncSessions(store=store) as sessions:
            chat = sessions.open("s")
            append = asyncio.create_task(chat.append({"n": 0}, write_id="once"))
            canceller.watch(append)
            await asyncio.wait([append])
            assert append.cancelled() or append.result().index == 0
            # Its threads end what they have begun.
            await store.close()
            assert (await sessions.open("s").restore()).payloads in ([], [{"n": 0}])
            assert (await chat.append({"n": 0}, write_id="once")).index == 0
            history = await sessions.open("s").restore()
            assert history.payloads == [{"n": 0}]
            assert (history.corrupt, history.missing) == ((), ())

    asyncio.run(run())
