"""What is said of a session and an agent before there is a document to say it in.

Checked when it is said, so that nothing is refused with the first message that could have been
refused before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from s3sessions.dao.documents import check_time
from s3sessions.dao.titles import clean_title
from s3sessions.errors import InvalidSettings
from s3sessions.record import Record, field
from s3sessions.values import dump, encode_value

TEXTS: Final = ("title", "user", "model", "source", "parent")
"""The fields of session.json that hold a text of the caller's."""

_MOST_TAGS: Final = 50
_LONGEST_TAG: Final = 100


class Details(Record):
    """What a session.json and an agent.json say at their creation; held until then.

    Raises:
        InvalidSettings: a detail of another type, a title or a tag that is too long, or a time
            without a zone.
        InvalidMessage: metadata that JSON cannot hold.
    """

    title: str | None = None
    user: str | None = None
    model: str | None = None
    source: str | None = None
    parent: str | None = None
    tags: Sequence[str] = ()
    created_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    agent_metadata: Mapping[str, Any] = field(default_factory=dict)
    agent_fields: Callable[[], Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        for name in TEXTS:
            check_text(name, getattr(self, name))
        # Frozen: the only way to hold the title and the tags as they are to be stored.
        object.__setattr__(self, "title", clean_title(self.title))
        object.__setattr__(self, "tags", checked_tags(self.tags))
        check_time("created_at", self.created_at)
        for name in ("metadata", "agent_metadata"):
            dump(encode_value(dict(getattr(self, name)), what=name))
        _check_function("agent_fields", self.agent_fields)


def check_text(name: str, value: object) -> None:
    """Raise InvalidSettings for what is given and cannot be stored as text."""
    if value is None:
        return
    if not isinstance(value, str):
        raise InvalidSettings(f"{name} must be a string, not {type(value).__name__}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidSettings(f"{name} has a lone surrogate: not valid Unicode") from error


def checked_tags(tags: object) -> tuple[str, ...]:
    """Give tags in their order, each once; None is no tag.

    Raises:
        InvalidSettings: they are no sequence of strings, or are too many; one is blank or too long.
    """
    if tags is None:
        return ()
    if isinstance(tags, str) or not isinstance(tags, Sequence):
        raise InvalidSettings(f"tags must be a list of strings, not {type(tags).__name__}")
    for tag in tags:
        check_text("a tag", "" if tag is None else tag)
        if not tag or not tag.strip() or len(tag) > _LONGEST_TAG:
            raise InvalidSettings(f"a tag has 1 to {_LONGEST_TAG} characters and is not blank")
    found = tuple(dict.fromkeys(tags))
    if len(found) > _MOST_TAGS:
        raise InvalidSettings(f"{len(found)} tags: give at most {_MOST_TAGS}")
    return found


def _check_function(name: str, value: object) -> None:
    if value is not None and not callable(value):
        raise InvalidSettings(f"{name} must be a function, not {type(value).__name__}")
