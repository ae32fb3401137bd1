"""LangGraph's checkpoints by langgraph-checkpoint-objectstorage: all of the state at each step.

A thread of n steps has n checkpoints; here it has one, so that its list is as short as can be.
"""

from __future__ import annotations

from typing import Any

import s3fs
from langgraph.checkpoint.base import empty_checkpoint
from langgraph_checkpoint_objectstorage import ObjectStorageSaver

from tests.benchmarks.speed.peer import Act, Place, message


class LangGraphCheckpoints:
    """Puts a checkpoint with the whole conversation, and gets the newest one."""

    def __init__(self, place: Place) -> None:
        # A list that is remembered would be one that no other process has added to.
        files = s3fs.S3FileSystem(endpoint_url=place.endpoint_url, use_listings_cache=False)
        self._saver = ObjectStorageSaver(files, f"{place.bucket}/checkpoints")

    def fill(self, session: str, size: int) -> Act:
        messages = [message(number) for number in range(size)]
        return lambda: [self._put(session, messages)]

    def append(self, session: str, size: int) -> Act:
        messages = [message(number) for number in range(size)]

        def act() -> list[Any]:
            messages.append(message(len(messages)))
            return [self._put(f"{session}-appended", messages)]

        return act

    def restore(self, session: str) -> Act:
        def act() -> list[Any]:
            found = self._saver.get_tuple(_config(session))
            assert found is not None
            messages: list[Any] = found.checkpoint["channel_values"]["messages"]
            return messages

        return act

    def _put(self, session: str, messages: list[Any]) -> Any:
        checkpoint = empty_checkpoint()
        checkpoint["channel_values"] = {"messages": messages}
        return self._saver.put(_config(session), checkpoint, {}, {})


def _config(session: str) -> Any:
    return {"configurable": {"thread_id": session, "checkpoint_ns": ""}}
