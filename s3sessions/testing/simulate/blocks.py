"""Small blocks: segments of a few messages, so that a short history can be packed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from s3sessions import blocks
from s3sessions.dao import packing, packing_plan

SIZES: Final = (3, 6)
"""How many messages a segment holds in a simulation."""

_NEWEST: Final = 2
_PATCHES: Final[tuple[tuple[Any, str, object], ...]] = (
    (blocks, "SEGMENT_SIZES", SIZES),
    (packing, "NEWEST", _NEWEST),
    (packing_plan, "NEWEST", _NEWEST),
)


@contextmanager
def small_blocks() -> Iterator[None]:
    """Let segments hold few messages; nothing else is different."""
    before = [(module, name, getattr(module, name)) for module, name, _ in _PATCHES]
    for module, name, value in _PATCHES:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
