"""Texts of one line that people read in lists: titles, and the beginnings of conversations."""

from __future__ import annotations

import re
from typing import Final

from s3sessions.errors import InvalidSettings

LONGEST_TITLE: Final = 100
"""In characters, after cleaning."""

# Controls but for white space, what has no width, what turns the reading direction around (it can
# make a text read as another), lone surrogates, and tags, which carry text that nobody sees.
_UNSEEN: Final = (
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffc\U000e0000-\U000e007f]"
)
# Joiners hold emoji together and tell Persian words apart; anywhere else they only hide.
_LOOSE_JOINER: Final = (
    "(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u200c\u200d])"
)


def one_line(text: str) -> str:
    """Take out what nobody sees, and fold each run of white space into one space."""
    return " ".join(re.sub(_LOOSE_JOINER, "", re.sub(_UNSEEN, "", text)).split())


def clean_title(title: str | None) -> str | None:
    """Clean a title; None where nothing is left of it.

    Raises:
        InvalidSettings: it has more than `LONGEST_TITLE` characters then.
    """
    cleaned = one_line(title) if title else ""
    if len(cleaned) > LONGEST_TITLE:
        raise InvalidSettings(f"title has {len(cleaned)} characters: give at most {LONGEST_TITLE}")
    return cleaned or None
