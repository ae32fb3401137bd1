"""The same work on S3, loose and packed, and in DynamoDB."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Final

from s3sessions.costs.dynamodb import DynamoPrices, Query, fits
from s3sessions.costs.history import History, append
from s3sessions.costs.requests import Requests
from s3sessions.costs.s3 import S3Prices

__all__ = ["Comparison", "Cost", "DynamoCost", "Operation", "Row"]

_A_MILLION: Final = 1_000_000
_A_THOUSAND: Final = 1000
_LENGTHS: Final = (100, 1000, 10_000)
_LAST: Final = 50


class Operation(enum.StrEnum):
    """What is done."""

    APPEND = "append"
    PACK = "pack"
    KEEP = "keep"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a row costs on S3, in dollars, and the requests of doing it once."""

    dollars: float
    requests: Requests | None = None


@dataclass(frozen=True, slots=True)
class DynamoCost:
    """What a row costs in DynamoDB, in dollars.

    Attributes:
        strong: as S3 answers: with all that was written before.
        eventual: with what was written a while before; None where nothing is read.
        query: the reading of doing it once; None where nothing is read.
    """

    strong: float
    eventual: float | None = None
    query: Query | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One operation, so many times.

    Attributes:
        messages: of the history; of an append, and of a message that is kept for a month, 1.
        last: how many of them are read; None for all.
        times: how often it is done.
        loose, packed: None where there is nothing to do.
        dynamodb: None where there is nothing to do, or no item can hold such a message.
    """

    operation: Operation
    messages: int
    last: int | None
    times: int
    loose: Cost | None
    packed: Cost | None
    dynamodb: DynamoCost | None

    @property
    def s3(self) -> float:
        """Dollars on S3, loose or packed, whichever is less."""
        return min(cost.dollars for cost in (self.loose, self.packed) if cost is not None)

    @property
    def is_dynamodb_cheaper(self) -> bool:
        """Whether DynamoDB takes less, read consistently, as S3 always is."""
        return self.dynamodb is not None and self.dynamodb.strong < self.s3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What messages of so many bytes cost on S3 and in DynamoDB, at these prices."""

    message_bytes: int
    s3: S3Prices
    dynamodb: DynamoPrices

    def rows(self) -> list[Row]:
        """A million appends, packing and a month of them; a thousand restores by length."""
        restores = [self._restore(length) for length in _LENGTHS]
        windows = [self._restore(length, _LAST) for length in _LENGTHS]
        return [self._append(), self._pack(), self._keep(), *restores, *windows]

    def restores_that_pay(self, messages: int) -> int | None:
        """Give after how many restores of all messages packing has paid for itself; None: never."""
        history = History(messages)
        loose, packed = self._of(history.restore()), self._of(history.packed().restore())
        if not loose > packed:
            return None
        return math.ceil(self._of(history.packing()) / (loose - packed))

    @property
    def fits_dynamodb(self) -> bool:
        """Whether an item of DynamoDB can hold such a message."""
        return fits(self.message_bytes)

    def _append(self) -> Row:
        cost = self._cost(append(), _A_MILLION)
        item = DynamoCost(self.dynamodb.of_writes(_A_MILLION, self.message_bytes))
        return Row(Operation.APPEND, 1, None, _A_MILLION, cost, cost, self._if_it_fits(item))

    def _pack(self) -> Row:
        messages = _LENGTHS[-1]
        times = _A_MILLION // messages
        cost = self._cost(History(messages).packing(), times)
        return Row(Operation.PACK, messages, None, times, None, cost, None)

    def _keep(self) -> Row:
        cost = Cost(self.s3.of_month(_A_MILLION, self.message_bytes))
        item = DynamoCost(self.dynamodb.of_month(_A_MILLION, self.message_bytes))
        return Row(Operation.KEEP, 1, None, _A_MILLION, cost, cost, self._if_it_fits(item))

    def _restore(self, messages: int, last: int | None = None) -> Row:
        history, query = History(messages), Query(last or messages, self.message_bytes)
        loose = self._cost(history.restore(last), _A_THOUSAND)
        packed = self._cost(history.packed().restore(last), _A_THOUSAND)
        strong = self.dynamodb.of_query(query) * _A_THOUSAND
        table = self._if_it_fits(DynamoCost(strong, strong / 2, query))
        return Row(Operation.RESTORE, messages, last, _A_THOUSAND, loose, packed, table)

    def _of(self, requests: Requests) -> float:
        return self.s3.of(requests, self.message_bytes)

    def _cost(self, requests: Requests, times: int) -> Cost:
        return Cost(self._of(requests) * times, requests)

    def _if_it_fits(self, cost: DynamoCost) -> DynamoCost | None:
        return cost if self.fits_dynamodb else None
