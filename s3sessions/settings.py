"""The tunables, from arguments or from `S3SESSIONS_*` variables; an argument wins."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypedDict

from s3sessions.errors import InvalidSettings
from s3sessions.record import Record, field, replace

__all__ = ["DEFAULT_WIDTH", "ENVIRONMENT_PREFIX", "Options", "Settings"]

ENVIRONMENT_PREFIX: Final = "S3SESSIONS_"

DEFAULT_WIDTH: Final = 32
"""Requests at once where nothing is said: boto3 cannot keep more of them under way."""

_TRANSPORTS: Final = ("auto", "boto3", "object_store")


class Options(TypedDict, total=False):
    """The settings as keyword arguments; see `Settings` for what each means."""

    endpoint_url: str | None
    region: str | None
    profile: str | None
    put_args: Mapping[str, Any]
    transport: Literal["auto", "boto3", "object_store"]
    width: int | None
    trust: float
    attempts: int
    max_message_bytes: int
    pack_at: int | None
    connect_timeout: float
    read_timeout: float


class Settings(Record):
    """Everything that can be tuned.

    Each has an environment variable: `S3SESSIONS_` and its name in capitals.

    Attributes:
        url: `s3://bucket/prefix`, `file:///folder` or `memory://`.
        endpoint_url: of an S3-compatible server; None for AWS.
        region: AWS region; None for what the AWS configuration says.
        profile: profile of the AWS configuration; None for its default.
        put_args: arguments for every S3 PutObject (`ServerSideEncryption`, `StorageClass`,
            `Tagging`, `ExpectedBucketOwner` …); as a variable, a JSON object.
        transport: what S3 is asked through. `auto` takes obstore where it is installed and can
            follow all other settings, else boto3 (aioboto3); the others take that one.
        width: most requests under way at once in one fan-out; None for what suits the transport,
            128 for object_store and 32 for all others.
        trust: seconds for which a handle believes what it knows of the end of its history.
        attempts: most tries of one append (conflicts, refused races, unknown outcomes).
        max_message_bytes: largest message object that is written.
        pack_at: how many messages that can be packed make a restore pack them; None for never.
        connect_timeout: seconds, S3 only.
        read_timeout: seconds, S3 only.
    """

    url: str | None = None
    endpoint_url: str | None = None
    region: str | None = None
    profile: str | None = None
    put_args: Mapping[str, Any] = field(default_factory=dict)
    transport: Literal["auto", "boto3", "object_store"] = "auto"
    width: int | None = None
    trust: float = 3600.0
    attempts: int = 30
    max_message_bytes: int = 100 * 1024 * 1024
    pack_at: int | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0

    def __post_init__(self) -> None:
        for name in ("attempts", "max_message_bytes"):
            _check_number(name, getattr(self, name), int, least=1)
        for name in ("width", "pack_at"):
            if getattr(self, name) is not None:
                _check_number(name, getattr(self, name), int, least=1)
        for name in ("trust", "connect_timeout", "read_timeout"):
            _check_number(name, getattr(self, name), (int, float), least=0)
        if self.transport not in _TRANSPORTS:
            raise InvalidSettings(
                f"transport={self.transport!r}: must be one of {', '.join(_TRANSPORTS)}"
            )
        if not isinstance(self.put_args, Mapping):
            raise InvalidSettings(f"put_args must be a mapping, not {self.put_args!r}")

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Settings:
        """Read the variables, then put `given` over them.

        Raises:
            InvalidSettings: an unknown name, or a value that cannot be read.
        """
        known = cls.__match_args__
        if unknown := sorted(set(given) - set(known)):
            raise InvalidSettings(
                f"unknown setting {', '.join(unknown)}: known are {', '.join(sorted(known))}"
            )
        return replace(cls._from(os.environ if environ is None else environ), **given)

    @classmethod
    def _from(cls, environ: Mapping[str, str]) -> Settings:
        found = {}
        for name in cls.__match_args__:
            variable = ENVIRONMENT_PREFIX + name.upper()
            if text := environ.get(variable, "").strip():
                found[name] = _read(variable, name, text)
        return cls(**found)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "put_args": json.loads,
    "width": int,
    "attempts": int,
    "max_message_bytes": int,
    "pack_at": int,
    "trust": float,
    "connect_timeout": float,
    "read_timeout": float,
}


def _read(variable: str, name: str, text: str) -> Any:
    try:
        return _READERS.get(name, str)(text)
    except ValueError as error:
        raise InvalidSettings(f"{variable}={text!r} cannot be read", cause=error) from error


def _check_number(name: str, value: Any, kinds: type | tuple[type, ...], *, least: int) -> None:
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not (is_number and value >= least):
        raise InvalidSettings(f"{name}={value!r}: must be a number of at least {least}")
