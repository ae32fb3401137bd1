"""Where sessions are: the three forms of a URL."""

from __future__ import annotations

import re
from typing import Final, Literal

from s3sessions.errors import InvalidSettings
from s3sessions.keys import Root
from s3sessions.record import Record
from s3sessions.settings import ENVIRONMENT_PREFIX

__all__ = ["Location"]

# An access point stands wherever a bucket does; its ARN has a slash of its own.
_S3 = re.compile(r"s3://(arn:[^/]+:accesspoint/[^/]+|[^/]+)(?:/(.*))?", re.DOTALL)
_CLOUDS: Final[tuple[Literal["gs", "az"], ...]] = ("gs", "az")


class Location(Record):
    """A URL, read.

    Attributes:
        scheme: which store.
        place: the bucket (or the access point's ARN), the container, the folder, or nothing.
        root: the prefix inside it.
    """

    scheme: Literal["s3", "gs", "az", "file", "memory"]
    place: str
    root: Root

    @classmethod
    def parse(cls, url: str | None) -> Location:
        """Read `s3://bucket/prefix`, `file:///folder` or `memory://`.

        `gs://bucket/prefix` and `az://container/prefix` too, which only obstore can ask.

        Raises:
            InvalidSettings: it is none of these, or names no bucket or folder.
        """
        if not url:
            raise InvalidSettings(
                f"no url: give one, or set {ENVIRONMENT_PREFIX}URL, "
                "such as s3://bucket/prefix or file:///var/sessions"
            )
        if match := _S3.fullmatch(url):
            return cls("s3", match[1], Root.of(match[2] or ""))
        for scheme in _CLOUDS:
            place, _, prefix = url.removeprefix(f"{scheme}://").partition("/")
            if url.startswith(f"{scheme}://") and place:
                return cls(scheme, place, Root.of(prefix))
        if url.startswith("file:"):
            return cls("file", _folder(url), Root.of(""))
        if url.rstrip("/") == "memory:":
            return cls("memory", "", Root.of(""))
        raise InvalidSettings(
            f"url {url!r} is none of s3://bucket/prefix, file:///folder and memory://, nor of "
            "gs://bucket/prefix and az://container/prefix"
        )


def _folder(url: str) -> str:
    # Imported here: it costs a cold start as much as this package's own modules do.
    from urllib.parse import unquote

    host, slash, path = url.removeprefix("file:").removeprefix("//").partition("/")
    if not url.startswith("file://") or host not in ("", "localhost") or not slash:
        raise InvalidSettings(
            f"url {url!r} names no absolute folder: it takes three slashes, file:///folder"
        )
    return slash + unquote(path)
