"""A role that is taken on with a session tag, and boto3 clients with its credentials."""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import Any, Final

from s3sessions.errors import AccessDenied, InvalidSettings, S3SessionsError, StoreUnavailable
from s3sessions.stores.s3_boto3 import make_client
from s3sessions.stores.s3_client import ClientOptions, prepare_session, settings_errors
from s3sessions.stores.s3_errors import answer_of, map_error
from s3sessions.stores.s3_hooks import end_retries
from s3sessions.stores.s3_models import store_models
from s3sessions.stores.s3_protocol import Call
from s3sessions.stores.s3_timeouts import follow_deadlines

__all__ = ["TaggedRole"]

_UNFIT: Final = re.compile(r"[^\w+=,.@-]", re.ASCII)
_LONGEST_NAME: Final = 64


class TaggedRole:
    """One role, and the tag that says for whom it is taken on. Requests: none until a client's.

    Args:
        role_arn: of the role.
        tag: its name.
        options: of the clients; their profile also names who takes the role on.
    """

    def __init__(self, role_arn: str, tag: str, options: ClientOptions) -> None:
        self._role_arn = role_arn
        self._tag = tag
        self._options = options
        self._sts: Any = None
        self._lock = threading.Lock()

    def prepare(self) -> None:
        """Load what all clients need. Raises InvalidSettings."""
        self._security_tokens()
        self.client("s3sessions").close()

    def client(self, value: str) -> Any:
        """Make a client for S3 that takes the role on with this value of the tag.

        It asks for credentials when they are first needed, and again before they expire.

        Raises:
            InvalidSettings: the SDK finds a setting unfit.
        """
        import boto3.session
        from botocore.credentials import DeferredRefreshableCredentials

        with settings_errors():
            core = self._session()
            session = boto3.session.Session(botocore_session=core)
            prepare_session(core, store_models)
            credentials = DeferredRefreshableCredentials(
                refresh_using=partial(self._assume, value), method="assume-role"
            )
            core.register_component("credential_provider", _Given(credentials))
        return make_client(self._options, boto_session=session)

    def close(self) -> None:
        """Close the connections to the service that gives the credentials."""
        with self._lock:
            sts, self._sts = self._sts, None
        if sts is not None:
            sts.close()

    def _session(self) -> Any:
        import botocore.session

        return botocore.session.Session(profile=self._options.profile)

    def _security_tokens(self) -> Any:
        with self._lock:
            if self._sts is None:
                self._sts = self._make_security_tokens()
            return self._sts

    def _make_security_tokens(self) -> Any:
        from botocore.config import Config

        options = self._options
        config = Config(
            connect_timeout=options.connect_timeout,
            read_timeout=options.read_timeout,
            retries={"mode": "standard"},
        )
        with settings_errors():
            client = self._session().create_client("sts", region_name=options.region, config=config)
        end_retries(client, "sts")
        follow_deadlines(client)
        return client

    def _assume(self, value: str) -> dict[str, str]:
        """Take the role on. Requests: 1 AssumeRole."""
        try:
            answer = self._security_tokens().assume_role(
                RoleArn=self._role_arn,
                RoleSessionName=_session_name(value),
                Tags=[{"Key": self._tag, "Value": value}],
            )
        except Exception as error:
            told = self._told(error)
            if told is None:
                raise
            raise told from error
        given = answer["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    def _told(self, error: Exception) -> S3SessionsError | None:
        if isinstance(error, S3SessionsError):
            return error
        mapped = map_error(error, Call("get", "", "", {}))
        if mapped is None:
            return None
        if answer_of(error).get("Error", {}).get("Code") == "AccessDenied":
            return AccessDenied(
                f"role {self._role_arn} cannot be taken on with the tag {self._tag}: allow "
                "sts:AssumeRole and sts:TagSession to this caller, and in the role's trust policy",
                cause=mapped.cause,
                action="sts:AssumeRole",
            )
        if isinstance(mapped, StoreUnavailable):
            return StoreUnavailable(
                f"no credentials of role {self._role_arn} now: try again later", cause=mapped.cause
            )
        if isinstance(mapped, AccessDenied):
            return mapped
        return InvalidSettings(
            f"role {self._role_arn} cannot be taken on: correct the ARN or the region",
            cause=mapped.cause,
        )


class _Given:
    """What a session of the SDK asks for credentials, in place of the configuration."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _session_name(value: str) -> str:
    """Name the session of a role for the logs of AWS, which show it beside the role."""
    return _UNFIT.sub("-", f"s3sessions-{value}")[:_LONGEST_NAME]
