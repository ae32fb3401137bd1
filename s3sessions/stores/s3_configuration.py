"""What boto3 would find in the AWS configuration, for a store that asks S3 without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from s3sessions.errors import S3SessionsError
from s3sessions.stores import s3_failures as failures
from s3sessions.stores.s3_errors import map_error
from s3sessions.stores.s3_failures import Failure
from s3sessions.stores.s3_protocol import Call

__all__ = ["Credentials", "SdkConfiguration"]

Credentials: TypeAlias = Mapping[str, Any]
"""`access_key_id`, `secret_access_key`, `token`, and `expires_at`: when to ask again, or None."""

# The SDK renews credentials ten minutes before they expire, and is asked in time for that.
_ASK_AGAIN: Final = timedelta(minutes=5)


class SdkConfiguration:
    """The AWS configuration of a profile, read by the SDK. Requests: none.

    Raises:
        InvalidSettings: there is no such profile, or a file cannot be read.
    """

    def __init__(self, bucket: str, profile: str | None) -> None:
        import botocore.session

        self._call = Call("get", bucket, "", {})
        self._session = botocore.session.Session(profile=profile)
        self.region: str | None = self._read(self._session.get_config_variable, "region")

    def credentials(self) -> Callable[[], Credentials]:
        """Give what gives the credentials, in any thread; it may ask a role or a sign-on for them.

        Raises:
            AccessDenied: there are none.
            InvalidSettings: they cannot be read.
        """
        found = self._read(self._session.get_credentials)
        if found is None:
            raise failures.no_credentials(Failure(self._call, "NoCredentialsError"))
        self._read(found.get_frozen_credentials)
        expires = hasattr(found, "refresh_needed")

        def give() -> Credentials:
            frozen = found.get_frozen_credentials()
            return {
                "access_key_id": frozen.access_key,
                "secret_access_key": frozen.secret_key,
                "token": frozen.token,
                "expires_at": datetime.now(UTC) + _ASK_AGAIN if expires else None,
            }

        return give

    def _read(self, read: Callable[..., Any], *arguments: str) -> Any:
        try:
            return read(*arguments)
        except S3SessionsError:
            raise
        except Exception as error:
            mapped = map_error(error, self._call)
            if mapped is None:
                raise
            raise mapped from error
