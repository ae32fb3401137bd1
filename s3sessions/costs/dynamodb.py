"""What DynamoDB takes for the same, on demand: a message is an item, a history one partition.

The message's bytes are taken for the whole item, its key and attribute names included, and the
documents of a session for nothing: both is in favour of DynamoDB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DynamoPrices", "Query", "fits"]

_GB: Final = 2**30
_MILLION: Final = 1_000_000
_WRITE_UNIT: Final = 1024
_READ_UNIT: Final = 4096
_PAGE: Final = 2**20
_LARGEST_ITEM: Final = 400 * 1024
_BILLED_BESIDE_AN_ITEM: Final = 100  # Bytes of its index, in the price of storage alone.


def fits(message_bytes: int) -> bool:
    """Tell whether an item can hold so many bytes."""
    return message_bytes <= _LARGEST_ITEM


@dataclass(frozen=True, slots=True)
class Query:
    """One Query of so many items of so many bytes, in pages of 1 MB."""

    items: int
    item_bytes: int

    @property
    def pages(self) -> int:
        """How many requests it takes, one after the other."""
        return -(-self.items // self._items_of_a_page)

    @property
    def units(self) -> int:
        """Read units of a strongly consistent query: 4 KB each, rounded up for every page."""
        full, rest = divmod(self.items, self._items_of_a_page)
        return full * self._units_of(self._items_of_a_page) + self._units_of(rest)

    @property
    def _items_of_a_page(self) -> int:
        return max(1, _PAGE // self.item_bytes)

    def _units_of(self, items: int) -> int:
        return -(-items * self.item_bytes // _READ_UNIT)


@dataclass(frozen=True, slots=True)
class DynamoPrices:
    """Prices in dollars, of us-east-1 since November 2024 if no others are given.

    Attributes:
        write: of a million write units.
        read: of a million read units.
        storage: of a GB for a month.
    """

    write: float = 0.625
    read: float = 0.125
    storage: float = 0.25

    def of_writes(self, items: int, item_bytes: int) -> float:
        """Give the dollars of so many items written one by one."""
        return items * -(-item_bytes // _WRITE_UNIT) * self.write / _MILLION

    def of_query(self, query: Query) -> float:
        """Give the dollars of a strongly consistent query; of an eventual one it is half of it."""
        return query.units * self.read / _MILLION

    def of_month(self, items: int, item_bytes: int) -> float:
        """Give the dollars that so many items cost while they are kept for a month."""
        return items * (item_bytes + _BILLED_BESIDE_AN_ITEM) * self.storage / _GB
