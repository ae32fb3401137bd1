"""Which sessions a command works on: the URL given, the environment's, or the user's own folder."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from s3sessions import Sessions
from s3sessions.ports import Observer
from s3sessions.settings import ENVIRONMENT_PREFIX, Options

__all__ = [
    "default_url",
    "names_of",
    "open_sessions",
    "options_of",
    "place_arguments",
    "place_in_words",
    "url_of",
]

_URL_VARIABLE = ENVIRONMENT_PREFIX + "URL"


def default_url(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """Give the URL of the folder that is used where nothing else is said."""
    if platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        named = Path(environ.get("XDG_DATA_HOME", ""))
        # The XDG specification says that a relative path is to be ignored.
        base = named if named.is_absolute() else Path.home() / ".local" / "share"
    return (base / "s3sessions").as_uri()


def options_of(arguments: Namespace) -> Options:
    """Give the store options of the command line that were set."""
    options = Options()
    if arguments.endpoint_url:
        options["endpoint_url"] = arguments.endpoint_url
    if arguments.region:
        options["region"] = arguments.region
    if arguments.profile:
        options["profile"] = arguments.profile
    return options


def url_of(arguments: Namespace) -> str:
    """Give the URL of the command line, the environment or the user's own folder."""
    named: str = arguments.url or os.environ.get(_URL_VARIABLE, "").strip()
    return named or default_url()


def names_of(arguments: Namespace) -> list[str]:
    """Give the names of `--under`, before the command and after it."""
    return [*arguments.under, *arguments.under_after]


def open_sessions(arguments: Namespace, on_request: Observer | None = None) -> Sessions:
    """Open what `--url` and `--under` name; makes no request.

    Raises:
        InvalidSettings: a URL or a setting that cannot work.
        InvalidId: a name for `--under` that cannot stand in a key.
    """
    sessions = Sessions(url_of(arguments), on_request=on_request, **options_of(arguments))
    for name in names_of(arguments):
        sessions = sessions.under(name)
    return sessions


def place_in_words(arguments: Namespace) -> str:
    """Say where the sessions are."""
    return ", under ".join([url_of(arguments), *names_of(arguments)])


def place_arguments(arguments: Namespace) -> list[str]:
    """Spell the options that name the same place, for a command line that goes on there."""
    given = {"url": arguments.url, **options_of(arguments)}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value]
    return words + [f"--under={name}" for name in names_of(arguments)]
