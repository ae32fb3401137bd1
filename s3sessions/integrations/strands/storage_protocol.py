"""What Strands' storage module gives to build on."""

from __future__ import annotations

from typing import Final

from strands.storage import storage as _module
from strands.storage.search import KeywordSearchStrategy, SearchStrategy
from strands.storage.storage import Storage, StorageSearchResult
from strands.types.exceptions import StorageError

__all__ = [
    "EPHEMERAL",
    "NAMESPACED",
    "KeywordSearchStrategy",
    "SearchStrategy",
    "Storage",
    "StorageError",
    "StorageSearchResult",
]

# Strands tells a storage with these properties by private marks on it. Without them it works on:
# it puts a prefix of its own before a view's keys, or takes what is in memory for durable.
NAMESPACED: Final[object] = getattr(_module, "_NAMESPACED", None)
"""The mark of a storage whose caller has chosen the prefix of its keys."""

EPHEMERAL: Final[object] = getattr(_module, "_EPHEMERAL", None)
"""The mark of a storage whose objects end with the process."""
