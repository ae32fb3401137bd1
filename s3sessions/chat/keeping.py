"""Storing what was said as soon as it was said, whatever the store and other writers do."""

from __future__ import annotations

from typing import Final

from s3sessions import AppendConflict, InvalidMessage, S3SessionsError, StoreUnavailable
from s3sessions.chat.backoff import Backoff, Failure
from s3sessions.chat.conversation import Conversation, Unsaved
from s3sessions.chat.screen import Screen
from s3sessions.cli.text import counted

__all__ = ["Keeper"]

_MOST_CONFLICTS: Final = 10


class Keeper:
    """Stores messages in their order, and tells the user of whatever comes in between."""

    def __init__(self, conversation: Conversation, screen: Screen, backoff: Backoff) -> None:
        self._conversation = conversation
        self._screen = screen
        self._backoff = backoff

    def keep(self, message: Unsaved) -> bool:
        """Store a message, and those that wait before it; False where it could not be."""
        self._conversation.unsaved.append(message)
        return self.store()

    def store(self) -> bool:
        """Store whatever waits, with patience; False, once it is told why, where something is left.

        What can never be stored is told and dropped, which is False, too.
        """
        try:
            self._backoff.run(
                self._store_all,
                is_transient=lambda error: isinstance(error, StoreUnavailable),
                tell=self._tell_of_failure,
            )
        except S3SessionsError as error:
            self._tell_of_error(error)
            return False
        return True

    def store_once(self) -> bool:
        """Store whatever waits, without patience: the process is about to end."""
        try:
            self._store_all()
        except S3SessionsError as error:
            self._tell_of_error(error)
            return False
        return True

    def _store_all(self) -> None:
        conflicts = 0
        while self._conversation.unsaved:
            try:
                self._conversation.store_next()
            except AppendConflict:
                conflicts += 1
                if conflicts > _MOST_CONFLICTS:
                    raise
                self._hear_others()
            except InvalidMessage:
                del self._conversation.unsaved[0]
                raise

    def _hear_others(self) -> None:
        others = self._conversation.read_others()
        if others:
            self._screen.note(
                "meanwhile somebody else spoke in this session; your chat goes on after:"
            )
            self._screen.recall(others)

    def _tell_of_failure(self, failure: Failure) -> None:
        self._screen.note(
            f"the store does not answer, try {failure.attempt} of {failure.attempts}; "
            f"again in {failure.seconds:.1f} s"
        )

    def _tell_of_error(self, error: S3SessionsError) -> None:
        self._screen.error(str(error))
        waiting = len(self._conversation.unsaved)
        if waiting:
            self._screen.note(
                f"{counted(waiting, 'message')} not stored yet: the next line tries again, and so "
                "does /save"
            )
