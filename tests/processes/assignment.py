"""What a writer process is told, and what it says: one line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

SESSION = "s"
"""The session that all writers share."""

Manner = Literal["share", "share in batches", "extend"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """What one writer is to do.

    Attributes:
        url: of the place.
        options: settings of `Sessions`.
        manner: `share` appends wherever there is room, `share in batches` one to three messages
            at a time, `extend` only to an end that the writer has seen.
        writer: its number.
        count: appends to make: number 0 to `count - 1`.
        first: where to go on: those below are acknowledged.
        stamps: whether each append has a write id of the writer's own, to be repeated after a
            crash.
        fatal: chance that a writer dies right after a put took effect, before anybody is told.
        launch: how often the writer was started before.
    """

    url: str
    options: Mapping[str, Any]
    manner: Manner
    writer: int
    count: int
    first: int = 0
    stamps: bool = False
    fatal: float = 0.0
    launch: int = 0

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, text: str) -> Assignment:
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """An append that has returned: its number, and the index of each of its messages."""

    n: int
    indexes: list[int]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the work of a writer came to.

    Attributes:
        requests: by verb.
        refused: requests that another writer was faster than, or that met its own success.
        conflicts: appends that raised AppendConflict.
        unavailable: appends that raised StoreUnavailable.
    """

    requests: Mapping[str, int] = field(default_factory=dict)
    refused: int = 0
    conflicts: int = 0
    unavailable: int = 0
