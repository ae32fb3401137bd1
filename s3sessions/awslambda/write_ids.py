"""What the messages of a turn are called, so that a delivery that comes again finds them."""

from __future__ import annotations

from typing import Final

from s3sessions.errors import InvalidId

__all__ = ["WriteIds"]

_LONGEST: Final = 256


class WriteIds:
    """The write ids of one turn: `<stem>/0`, `/1` … in the order of its appends, `<stem>/answer`.

    Attributes:
        stem: the name of the delivery, without a slash, so that no turn's ids begin as another's.

    Raises:
        InvalidId: no name, or one too long.
    """

    def __init__(self, name: str) -> None:
        if not 0 < len(name) <= _LONGEST:
            raise InvalidId(f"write_id is {repr(name)[:60]}: give 1 to {_LONGEST} characters")
        self.stem = name.replace("%", "%25").replace("/", "%2F")
        self._given = 0

    @property
    def answer(self) -> str:
        """Of the message that ends the turn."""
        return f"{self.stem}/answer"

    def next(self) -> str:
        """Of the next append."""
        self._given += 1
        return f"{self.stem}/{self._given - 1}"

    def is_ours(self, write_id: str | None) -> bool:
        """Tell whether a message with this write id was stored by this turn."""
        return write_id is not None and write_id.startswith(f"{self.stem}/")
