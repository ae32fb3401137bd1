"""Which keys obstore can spell, and which part of a bucket it is asked to list.

obstore takes keys for paths: it refuses empty, `.` and `..` segments and control characters, takes
slashes off both ends, and lists whole segments only. Whatever is spelled here is spelled the same
in the store.
"""

from __future__ import annotations

__all__ = ["is_folder", "is_plain", "span_of"]

_MAX_KEY_BYTES = 1024
_FOLDED = ("", ".", "..")


def is_plain(key: str) -> bool:
    """Tell whether obstore sends the key as it is, and shows it in a list as it is."""
    if (
        key.isascii()
        and key.isprintable()
        and "//" not in key
        and "/." not in key
        and key[:1] not in ("", "/", ".")
        and key[-1] != "/"
        and len(key) <= _MAX_KEY_BYTES
    ):
        return True
    return _is_plain(key)


def is_folder(prefix: str) -> bool:
    """Tell whether a prefix is made of whole segments; empty for the whole bucket."""
    return not prefix or prefix.endswith("/")


def span_of(prefix: str, start_after: str | None = None) -> tuple[str | None, str | None] | None:
    """Give the folder to list, and a key behind which everything that begins with `prefix` lies.

    Both may be None: the whole bucket, and from its beginning. What else begins there has to be
    left out afterwards. None in place of both where obstore cannot spell them.
    """
    folder, slash, name = prefix.rpartition("/")
    if slash and not is_plain(folder):
        return None
    if not _is_unicode(name):
        return None
    offset = _before(name)
    if offset is not None:
        offset = folder + slash + offset
    if start_after is not None and (offset is None or offset < start_after):
        offset = start_after
    if offset is not None and not is_plain(offset):
        return None
    return folder or None, offset


def _is_plain(key: str) -> bool:
    if any(segment in _FOLDED for segment in key.split("/")):
        return False
    if any(character < " " or character == "\x7f" for character in key):
        return False
    return _is_unicode(key) and len(key.encode()) <= _MAX_KEY_BYTES


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _before(name: str) -> str | None:
    """Give a text right before all that begin with `name`; None where the beginning will do."""
    if not name:
        return None
    last = ord(name[-1]) - 1
    # No text holds a lone surrogate, and no key obstore takes a control character.
    last = 0xD7FF if last == 0xDFFF else last
    if last < ord(" ") or last == 0x7F:
        return name[:-1] or None
    return f"{name[:-1]}{chr(last)}~"
