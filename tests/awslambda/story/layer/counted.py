"""The example's stand-in, with its calls counted: a line in the file that MODEL_CALLS names."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from strands.types.content import Messages

from stand_in import StandInModel

CALLS = Path(os.environ["MODEL_CALLS"])


class CountedModel(StandInModel):
    """Answers as the stand-in does, and notes that it was asked."""

    async def stream(self, messages: Messages, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        note_call()
        async for event in super().stream(messages, *args, **kwargs):
            yield event


def note_call() -> None:
    with CALLS.open("a") as calls:
        calls.write("call\n")


def model() -> CountedModel:
    """Make the model that MODEL names."""
    return CountedModel()
