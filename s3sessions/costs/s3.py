"""What S3 takes for requests and for what is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from s3sessions.costs.requests import Requests

__all__ = ["EXPRESS", "STANDARD", "S3Prices"]

_GB: Final = 2**30  # AWS bills these as GB.


@dataclass(frozen=True, slots=True)
class S3Prices:
    """Prices in dollars; deletions are free.

    Attributes:
        put: of 1,000 PUT or LIST requests.
        get: of 1,000 GET requests.
        storage: of a GB for a month.
        upload: of a GB that is written.
        retrieval: of a GB that is read.
    """

    put: float
    get: float
    storage: float
    upload: float = 0.0
    retrieval: float = 0.0

    def of(self, requests: Requests, message_bytes: int) -> float:
        """Give the dollars that requests cost, with messages of so many bytes."""
        return (
            (requests.puts + requests.lists) * self.put / 1000
            + requests.gets * self.get / 1000
            + requests.messages_sent * message_bytes * self.upload / _GB
            + requests.messages_received * message_bytes * self.retrieval / _GB
        )

    def of_month(self, messages: int, message_bytes: int) -> float:
        """Give the dollars that so many messages cost while they are kept for a month."""
        return messages * message_bytes * self.storage / _GB


STANDARD: Final = S3Prices(put=0.005, get=0.0004, storage=0.023)
"""S3 Standard in us-east-1."""

EXPRESS: Final = S3Prices(put=0.00113, get=0.00003, storage=0.11, upload=0.0032, retrieval=0.0006)
"""S3 Express One Zone in us-east-1, since April 2025."""
