"""How the S3 stores set up the client of their SDK, boto3 or aioboto3.

What is made here is handed to them; nothing here makes a request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from s3sessions import __version__
from s3sessions.errors import InvalidSettings
from s3sessions.record import Record, replace
from s3sessions.stores.s3_failures import without_secrets
from s3sessions.stores.s3_hosts import is_aws

__all__ = [
    "ClientOptions",
    "parse_timestamp",
    "prepare_session",
    "settings_errors",
    "user_agent_of",
]

_ATTEMPTS: Final = 5
"""Most times that the SDK sends one request: the first and four retries, with growing pauses."""

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


class ClientOptions(Record):
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
            "tcp_keepalive": True,
            "user_agent_extra": f"s3sessions/{__version__}",
        }
        return arguments if is_aws(self.endpoint_url) else {**arguments, **_NOT_AWS}

    def relocated(self, client: Any) -> ClientOptions | None:
        """Give the options of the client to use instead, where the AWS configuration moved it.

        `AWS_ENDPOINT_URL_S3` and its kin are read by the SDK alone, when it makes a client.
        """
        url: str = client.meta.endpoint_url
        if self.endpoint_url is not None or is_aws(url):
            return None
        return replace(self, endpoint_url=url)


def prepare_session(session: Any, models: Callable[[str | None], Any]) -> None:
    """Make a core session of ours cheap: its parser of timestamps and its models.

    The SDK's own parser takes two thirds of the time of a LIST, and reading the models most of
    the time of making a client; an async store makes one for each event loop.
    """
    parsers = session.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=parse_timestamp)
    session.register_component("data_loader", models(session.get_config_variable("data_path")))


def user_agent_of(session: Any) -> str:
    """Say once who sends the requests of a core session; the SDK says it anew for each, twice."""
    agent: str = session.user_agent().removesuffix(f" {session.user_agent_extra}")
    app_id = session.get_config_variable("user_agent_appid")
    return f"{agent} app/{app_id}" if app_id else agent


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
