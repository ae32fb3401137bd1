"""What a store of one's own is tested with: shipped, so that third parties can use it too."""

from __future__ import annotations

from s3sessions.testing.contract import StoreContract

__all__ = ["StoreContract"]
