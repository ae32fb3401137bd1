"""Which sessions have an open handle: known without keeping a handle alive."""

from __future__ import annotations

from weakref import WeakValueDictionary


class OpenHandles:
    """The handles of one `Sessions` object and of what is `under` it, as long as they live.

    It holds them weakly: what nobody uses any more is gone from it, so that one object serves any
    number of sessions one after the other. May be used from any thread.
    """

    def __init__(self) -> None:
        self._handles: WeakValueDictionary[tuple[str, int], object] = WeakValueDictionary()

    def add(self, prefix: str, handle: object) -> None:
        """Note a handle on the session with this prefix of keys."""
        self._handles[prefix, id(handle)] = handle

    def prefixes(self) -> frozenset[str]:
        """Give the prefixes of the sessions that have a handle."""
        # A copy made at once: iterating would raise where another thread opens a session.
        return frozenset(ref.key[0] for ref in self._handles.valuerefs() if ref() is not None)

    def __len__(self) -> int:
        return len(self._handles)
