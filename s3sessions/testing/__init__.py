"""What a store or an agent of one's own is tested with: shipped, so that third parties use it too.

`StoreContract` says what a store must do, `FaultyStore` fails on purpose, and
`s3sessions.testing.simulate` runs the product's own code while everything goes wrong at once.
"""

from __future__ import annotations

from s3sessions.testing.contract import StoreContract
from s3sessions.testing.faults import Crash, Fault
from s3sessions.testing.faulty import AsyncFaultyStore, FaultyStore
from s3sessions.testing.rules import Rule

__all__ = ["AsyncFaultyStore", "Crash", "Fault", "FaultyStore", "Rule", "StoreContract"]
