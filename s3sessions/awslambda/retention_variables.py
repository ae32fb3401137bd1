"""The variables of the retention function that is ready.

All begin with `S3SESSIONS_RETENTION_`; one that is empty is as good as none:

- `OLDER_THAN`: the age, such as `90d`, `36h` or `2w`; the only one that is needed.
- `EVERY`: how long after the beginning of one sweep the next may begin, such as `23h`.
- `NAME`: of the sweep.
- `ENDED`: `true` for sessions that were ended, `false` for the others.
- `EMPTY`: `true` for those without a message, too.
- `USER`, `SOURCE`, `MODEL`, `TAG`, `TITLE`: of these only.
- `PURGE`: `true` to erase old versions, too.
- `DRY_RUN`: `true` to delete nothing.
- `METRICS`: namespace of the metrics; `none` for no metrics.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from s3sessions.durations import parse_duration
from s3sessions.errors import InvalidSettings

__all__ = ["PREFIX", "read_variables"]

PREFIX: Final = "S3SESSIONS_RETENTION_"
_NEEDED: Final = PREFIX + "OLDER_THAN"


def read_variables(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read the variables as arguments of a `RetentionFunction`.

    Raises:
        InvalidSettings: the age is missing, a value cannot be read, or there is no such variable:
            one that is misspelt would delete what it was to keep.
    """
    found = os.environ if environ is None else environ
    own = {name: text.strip() for name, text in found.items() if name.startswith(PREFIX)}
    arguments = {_argument(name): _read(name, text) for name, text in own.items() if text}
    if "older_than" not in arguments:
        raise InvalidSettings(f"{_NEEDED} is missing: say how old sessions may become, as in 90d")
    return arguments


def _argument(variable: str) -> str:
    name = variable.removeprefix(PREFIX).lower()
    if name not in _READERS or variable != PREFIX + name.upper():
        known = ", ".join(each.upper() for each in _READERS)
        raise InvalidSettings(f"{variable} is unknown: behind {PREFIX} known are {known}")
    return name


def _read(variable: str, text: str) -> Any:
    try:
        return _READERS[_argument(variable)](text)
    except ValueError as error:
        if isinstance(error, InvalidSettings):
            raise
        raise InvalidSettings(f"{variable}={text!r} cannot be read", cause=error) from error


def _age(text: str) -> timedelta:
    age = parse_duration(text)
    if not age:
        raise ValueError("an age is more than 0")
    return age


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("give true or false")
    return text.lower() == "true"


def _namespace(text: str) -> str | None:
    return None if text.lower() == "none" else text


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "older_than": _age,
    "every": parse_duration,
    "name": str,
    "ended": _truth,
    "empty": _truth,
    "user": str,
    "source": str,
    "model": str,
    "tag": str,
    "title": str,
    "purge": _truth,
    "dry_run": _truth,
    "metrics": _namespace,
}
