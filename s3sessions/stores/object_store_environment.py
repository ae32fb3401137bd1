"""What the environment and the AWS configuration files say, as far as that takes no SDK."""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

__all__ = ["AwsEnvironment", "CredentialSource"]

CredentialSource: TypeAlias = Literal["environment", "role", "sdk", "nowhere"]
"""Keys in the environment; a role that obstore asks itself; what only boto3 reads; none."""

_FILES: Final = (
    ("AWS_CONFIG_FILE", "~/.aws/config"),
    ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
)
_CREDENTIALS: Final = frozenset(
    {
        "aws_access_key_id",
        "credential_process",
        "login_session",
        "role_arn",
        "sso_account_id",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
    }
)
# What changes where requests go, or how; obstore knows none of it.
_BEYOND_OBSTORE: Final = frozenset(
    {
        "endpoint_url",
        "s3",
        "services",
        "use_dualstack_endpoint",
        "use_fips_endpoint",
    }
)
# To trust these alone; obstore would trust them too.
_AUTHORITIES: Final = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_OTHER_ENDPOINTS: Final = ("AWS_USE_DUALSTACK_ENDPOINT", "AWS_USE_FIPS_ENDPOINT")
# obstore takes these for settings of its own, boto3 does not look at them.
_VARIABLES_OF_OBSTORE: Final = (
    "AWS_SERVER_SIDE_ENCRYPTION",
    "AWS_SSE_BUCKET_KEY_ENABLED",
    "AWS_SSE_CUSTOMER_KEY_BASE64",
    "AWS_SSE_KMS_KEY_ID",
)


class AwsEnvironment:
    """The places in which boto3 looks, in its order.

    Args:
        profile: the one that is named in the settings.
        environ: variables; those of this process, if not given.
    """

    def __init__(self, profile: str | None, environ: Mapping[str, str] = os.environ) -> None:
        self._profile = profile
        self._environ = environ

    @property
    def endpoint_url(self) -> str | None:
        """Of S3; None for that of AWS."""
        if self._is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            return None
        return self._get("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

    @property
    def region(self) -> str | None:
        """The region that needs no file to know; None where there is none or a file has it."""
        region = self._get("AWS_DEFAULT_REGION")
        if region is None and not self.has_region_in_file:
            region = self._get("AWS_REGION")
        return region

    @property
    def has_region_in_file(self) -> bool:
        """Whether a file names a region and no variable comes before it."""
        return "region" in self._names and self._get("AWS_DEFAULT_REGION") is None

    @property
    def credentials(self) -> CredentialSource:
        """Where the credentials come from."""
        if self._get("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") and self._profile is None:
            whole = self._get("AWS_ACCESS_KEY_ID") and self._get("AWS_SECRET_ACCESS_KEY")
            expires = self._get("AWS_CREDENTIAL_EXPIRATION")
            return "environment" if whole and not expires else "sdk"
        if self._profile or self._get("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
            return "sdk"
        if self._names & _CREDENTIALS:
            return "sdk"
        return self._role()

    @property
    def static_keys(self) -> dict[str, str]:
        """The keys of the environment, as obstore names them."""
        keys = {
            "access_key_id": self._environ.get("AWS_ACCESS_KEY_ID", ""),
            "secret_access_key": self._environ.get("AWS_SECRET_ACCESS_KEY", ""),
        }
        token = self._get("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
        return keys if token is None else {**keys, "session_token": token}

    @property
    def metadata_endpoint(self) -> str | None:
        """Where an instance asks for its role; None for the usual place."""
        return self._get("AWS_EC2_METADATA_SERVICE_ENDPOINT")

    @property
    def beyond_obstore(self) -> str | None:
        """What is set and would not be done by obstore as boto3 does it; None for nothing."""
        for variable in (*_OTHER_ENDPOINTS, *_VARIABLES_OF_OBSTORE):
            if self._get(variable) and self._environ[variable].lower() != "false":
                return variable
        name = min(self._names & _BEYOND_OBSTORE, default=None)
        return None if name is None else _in_a_file(name)

    @property
    def authorities(self) -> str | None:
        """What names the only certificate authorities to trust; None for those of the system."""
        if "ca_bundle" in self._names:
            return _in_a_file("ca_bundle")
        return next((variable for variable in _AUTHORITIES if self._get(variable)), None)

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        """The names of all settings in the files, of every profile."""
        texts = [_read(self._environ.get(name) or usual) for name, usual in _FILES]
        lines = "\n".join(texts).splitlines()
        return frozenset(line.partition("=")[0].strip().lower() for line in lines if "=" in line)

    def _role(self) -> CredentialSource:
        if self._get("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN"):
            whole = self._get("AWS_WEB_IDENTITY_TOKEN_FILE") and self._get("AWS_ROLE_ARN")
            return "role" if whole else "sdk"
        if self._get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
            return "role"
        if self._get("AWS_CONTAINER_CREDENTIALS_FULL_URI"):
            return "role" if self._get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") else "sdk"
        if self._is_true("AWS_EC2_METADATA_DISABLED"):
            return "nowhere"
        return "sdk" if self._get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE") else "role"

    def _get(self, *names: str) -> str | None:
        return next((self._environ[name] for name in names if self._environ.get(name)), None)

    def _is_true(self, name: str) -> bool:
        return self._environ.get(name, "").lower() == "true"


def _in_a_file(name: str) -> str:
    return f"{name} in the AWS configuration"


def _read(path: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
