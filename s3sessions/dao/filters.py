"""Which sessions are meant, by what their session.json says of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from s3sessions.dao.documents import Document
from s3sessions.errors import InvalidSettings


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """What a session must say of itself; all that is given must hold.

    Attributes:
        user: exactly.
        source: exactly.
        model: exactly.
        tag: one of its tags, exactly.
        title: a part of its title, upper and lower case alike.
        parent: id of the session that it is a fork of.
        ended: True for those that were ended, False for the others, None for both.

    Raises:
        InvalidSettings: a value of another type, or an empty text, which no session would match.
    """

    user: str | None = None
    source: str | None = None
    model: str | None = None
    tag: str | None = None
    title: str | None = None
    parent: str | None = None
    ended: bool | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and not isinstance(value, bool if field.name == "ended" else str):
                raise InvalidSettings(f"{field.name}={value!r} is a {type(value).__name__}")
            if value == "":
                raise InvalidSettings(f"{field.name} is empty: leave it out, or give a text")

    @property
    def is_asked(self) -> bool:
        """Whether anything is asked, so that session.json has to be read."""
        return any(getattr(self, field.name) is not None for field in fields(self))

    def matches(self, document: Document | None) -> bool:
        """Tell whether a session.json says all of it; one that cannot be read says nothing.

        A session without one was not ended and has no other property.
        """
        if not self.is_asked:
            return True
        if document is not None and document.corrupt is not None:
            return False
        exact = {name: getattr(self, name) for name in ("user", "source", "model", "parent")}
        said = document or Document({}, "")
        return (
            all(said.text(name) == value for name, value in exact.items() if value is not None)
            and (self.tag is None or self.tag in tags_of(said))
            and (
                self.title is None or self.title.casefold() in (said.text("title") or "").casefold()
            )
            and (self.ended is None or self.ended == is_ended(document))
        )


def is_ended(document: Document | None) -> bool:
    """Tell whether a session was ended; one without a session.json was not."""
    return document is not None and document.text("ended_at") is not None


def tags_of(document: Document) -> tuple[str, ...]:
    """Give a session's tags; what is no text among them is passed over."""
    tags = document.stamp.get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()
