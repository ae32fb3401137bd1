"""A boto3 client made of a caller's own session and configuration, tuned where he says nothing."""

from __future__ import annotations

from typing import Any, Protocol

from s3sessions.stores.s3_client import ClientOptions, prepare_session, settings_errors

__all__ = ["configured_client"]


class Reach(Protocol):
    """What a client is told of the way to S3; `s3sessions.Settings` has it."""

    @property
    def endpoint_url(self) -> str | None: ...
    @property
    def region(self) -> str | None: ...
    @property
    def profile(self) -> str | None: ...
    @property
    def width(self) -> int: ...
    @property
    def connect_timeout(self) -> float: ...
    @property
    def read_timeout(self) -> float: ...


def configured_client(
    boto_session: Any, boto_client_config: Any, reach: Reach, *, user_agent: str
) -> Any:
    """Make a client. Requests: none.

    Args:
        boto_session: a `boto3.Session`; it is used as it is. None for one of the AWS configuration.
        boto_client_config: a botocore `Config`, which wins over what `reach` says.
        reach: endpoint, region, profile, connections and times; what is None is the session's.
        user_agent: stands in the user agent of each request, behind what the configuration names.

    Raises:
        InvalidSettings: the SDK finds a value unfit.
    """
    import boto3.session
    from botocore.config import Config

    options = ClientOptions(
        reach.endpoint_url,
        reach.region,
        reach.profile,
        reach.width,
        reach.connect_timeout,
        reach.read_timeout,
    )
    arguments = options.config_arguments()
    extra = getattr(boto_client_config, "user_agent_extra", None)
    agents = " ".join(filter(None, [extra, user_agent, arguments.pop("user_agent_extra")]))
    config = Config(**arguments)
    if boto_client_config is not None:
        config = config.merge(boto_client_config)
    with settings_errors():
        session = boto_session
        if session is None:
            session = boto3.session.Session(profile_name=reach.profile)
            prepare_session(session._session)
        config = config.merge(Config(user_agent_extra=agents))
        return session.client("s3", **options.client_arguments(), config=config)
