"""From arguments to a configuration: what both colours of the public face do alike."""

from __future__ import annotations

from typing import Any

from s3sessions.errors import InvalidSettings
from s3sessions.keys import Root
from s3sessions.location import Location
from s3sessions.record import Record
from s3sessions.settings import DEFAULT_WIDTH, Options, Settings

__all__ = ["Configuration"]


class Configuration(Record):
    """Settings, and where they point; no location where a store was given."""

    settings: Settings
    location: Location | None

    @classmethod
    def of(
        cls,
        url: str | None,
        settings: Settings | None,
        options: Options,
        *,
        client: object,
        store: object,
    ) -> Configuration:
        """Put together what was given. Raises InvalidSettings for what contradicts itself."""
        if settings is None:
            given: dict[str, Any] = {**options}
            settings = Settings.load(**(given if url is None else {**given, "url": url}))
        elif url is not None or options:
            raise InvalidSettings("settings are given: put the url and the options into them")
        if store is not None:
            if url is not None or client is not None:
                raise InvalidSettings("store is given: it goes with neither a url nor a client")
            return cls(settings, None)
        location = Location.parse(settings.url)
        if client is not None and location.scheme != "s3":
            raise InvalidSettings(f"client is given, but the url {settings.url!r} is not s3://")
        return cls(settings, location)

    @property
    def root(self) -> Root:
        return Root.of("") if self.location is None else self.location.root

    @property
    def width(self) -> int:
        """Most requests under way at once in one fan-out."""
        return self.settings.width or DEFAULT_WIDTH

    @property
    def s3_options(self) -> dict[str, Any]:
        """The settings that an S3 store takes."""
        names = ("endpoint_url", "region", "profile", "put_args")
        timeouts = ("connect_timeout", "read_timeout")
        options = {name: getattr(self.settings, name) for name in (*names, *timeouts)}
        return {**options, "width": self.width}
