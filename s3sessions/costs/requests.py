"""Requests that are counted, by the verb that is billed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Requests"]


@dataclass(frozen=True, slots=True)
class Requests:
    """What one operation asks of S3.

    Attributes:
        lists: LIST requests, one for each 1,000 keys.
        gets: GET requests.
        puts: PUT requests.
        deletes: DELETE and DeleteObjects requests, which are free.
        messages_sent: how many messages the PUTs carry.
        messages_received: how many messages the GETs bring.
    """

    lists: int = 0
    gets: int = 0
    puts: int = 0
    deletes: int = 0
    messages_sent: int = 0
    messages_received: int = 0

    @property
    def by_verb(self) -> dict[str, int]:
        """Requests by verb, as `Sessions.requests` counts them; those that are none left out."""
        counts = {
            "list": self.lists,
            "get": self.gets,
            "put": self.puts,
            "delete_many": self.deletes,
        }
        return {verb: count for verb, count in counts.items() if count}
