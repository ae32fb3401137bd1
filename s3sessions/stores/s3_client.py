"""How the S3 stores set up the client of their SDK, boto3 or aioboto3.

What is made here is handed to them; nothing here makes a request.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from s3sessions import __version__
from s3sessions.deadline import seconds_left
from s3sessions.errors import InvalidSettings
from s3sessions.stores.s3_failures import without_secrets

__all__ = [
    "ClientOptions",
    "parse_timestamp",
    "prepare_client",
    "prepare_session",
    "settings_errors",
]

_ATTEMPTS: Final = 5
"""Most times that the SDK sends one request: the first and four retries, with growing pauses."""

# Of all partitions, dual-stack ones included.
_AWS_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".api.aws.ic.gov",
    ".sc2s.sgov.gov",
    ".api.aws.scloud",
    ".cloud.adc-e.uk",
    ".api.cloud-aws.adc-e.uk",
    ".csp.hci.ic.gov",
    ".api.aws.hci.ic.gov",
)
# Servers of other makers have no buckets as host names unless somebody sets up the DNS, and many
# refuse the checksums that the SDKs add of their own accord. For AWS the SDK itself knows the
# signature: SigV4 or, where that would be refused, the forms of directory buckets and of
# multi-region access points, which naming one would switch off.
_NOT_AWS: Final = {
    "signature_version": "s3v4",
    "s3": {"addressing_style": "path"},
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """What a client is made of; the names are those of `s3sessions.Settings`.

    Raises:
        InvalidSettings: a width below 1.
    """

    endpoint_url: str | None
    region: str | None
    profile: str | None
    width: int
    connect_timeout: float
    read_timeout: float

    def __post_init__(self) -> None:
        if self.width < 1:
            raise InvalidSettings(f"width={self.width!r}: must be at least 1")

    def client_arguments(self) -> dict[str, Any]:
        return {"region_name": self.region, "endpoint_url": self.endpoint_url}

    def config_arguments(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {
            "max_pool_connections": self.width,
            "connect_timeout": self.connect_timeout,
            "read_timeout": self.read_timeout,
            "retries": {"mode": "standard", "total_max_attempts": _ATTEMPTS},
            "user_agent_extra": f"s3sessions/{__version__}",
        }
        return arguments if _is_aws(self.endpoint_url) else {**arguments, **_NOT_AWS}

    def relocated(self, client: Any) -> ClientOptions | None:
        """Give the options of the client to use instead, where the AWS configuration moved it.

        `AWS_ENDPOINT_URL_S3` and its kin are read by the SDK alone, when it makes a client.
        """
        url: str = client.meta.endpoint_url
        if self.endpoint_url is not None or _is_aws(url):
            return None
        return replace(self, endpoint_url=url)


def prepare_session(session: Any) -> None:
    """Make a core session of ours cheap: its parser of timestamps and its service models.

    The SDK's own parser takes two thirds of the time of a LIST, and reading the models most of
    the time of making a client; an async store makes one for each event loop.
    """
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=parse_timestamp)
    session.register_component("data_loader", _loader(session.get_config_variable("data_path")))


@functools.cache
def _loader(data_path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(data_path)


@contextmanager
def settings_errors() -> Iterator[None]:
    """Raise InvalidSettings where an SDK finds a value unfit while it makes a client."""
    try:
        yield
    except ValueError as error:
        raise InvalidSettings(
            "no S3 client can be made of the settings: correct them",
            cause=without_secrets(str(error)),
        ) from error


def prepare_client(client: Any) -> None:
    """Register our two hooks on a client; doing it again changes nothing."""
    events = client.meta.events
    events.register("before-sign.s3.PutObject", _drop_expect, unique_id="s3sessions-no-expect")
    events.register("needs-retry.s3", _end_retries, unique_id="s3sessions-deadline")


def _drop_expect(request: Any, **_: Any) -> None:
    # With it, a PUT waits for a "100 Continue" before it sends its few bytes: one more round trip.
    if "Expect" in request.headers:
        del request.headers["Expect"]


def parse_timestamp(value: Any) -> datetime:
    """Parse the two forms that S3 sends; any other is left to the SDK's own parser."""
    try:
        if value[4:5] == "-" and value.endswith("Z"):
            return datetime.fromisoformat(value)
        if value.endswith(" GMT"):
            from email.utils import parsedate_to_datetime

            return parsedate_to_datetime(value)
    except (AttributeError, TypeError, ValueError):
        pass
    from botocore.utils import parse_timestamp as parse_any

    moment: datetime = parse_any(value)
    return moment


def _is_aws(url: str | None) -> bool:
    host = "" if url is None else urlsplit(url).hostname or ""
    return url is None or host.endswith(_AWS_DOMAINS)


class RetriesEnded(OSError):
    """The caller's time is over before the SDK got an answer that it would not ask for again."""


def _end_retries(response: Any, caught_exception: Any = None, **_: Any) -> None:
    left = seconds_left()
    if left is None or left > 0:
        return
    if caught_exception is not None:
        raise caught_exception
    status = response[0].status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise RetriesEnded(f"answer {status} at the end of the time given")
