"""A bucket of S3, or of a server that speaks its language, as obstore is to ask it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from s3sessions.errors import AccessDenied, InvalidSettings, S3SessionsError
from s3sessions.ports import ABSENT, Condition, Observer, SyncStore
from s3sessions.stores.object_store_client import SharedClient, make_client, shared_arguments
from s3sessions.stores.object_store_environment import AwsEnvironment
from s3sessions.stores.object_store_support import obstacle_to
from s3sessions.stores.s3_hosts import address_of

if TYPE_CHECKING:
    from s3sessions.stores.object_store_errors import Refusal
    from s3sessions.stores.s3 import S3Store

__all__ = ["S3Bucket"]

_DEFAULT_REGION: Final = "us-east-1"
# obstore ends what has taken as long as one read may, and a long body takes long to send.
_LARGE: Final = 8 * 1024 * 1024
_WIDTH_BESIDE: Final = 32

_ATTRIBUTES: Final = {
    "CacheControl": "Cache-Control",
    "ContentDisposition": "Content-Disposition",
    "ContentEncoding": "Content-Encoding",
    "ContentLanguage": "Content-Language",
    "StorageClass": "Storage-Class",
}
_ENCRYPTION: Final = {
    "ServerSideEncryption": "server_side_encryption",
    "SSEKMSKeyId": "sse_kms_key_id",
    "BucketKeyEnabled": "sse_bucket_key_enabled",
}
# What obstore would take from variables that mean nothing to other SDKs.
_FIXED: Final = {
    "conditional_put": "etag",
    "disable_bulk_delete": True,
    "disable_tagging": False,
    "request_payer": False,
    "s3_express": False,
    "skip_signature": False,
    "unsigned_payload": False,
}


class S3Bucket:
    """A bucket as a `Place`. Making one makes no request.

    What obstore cannot do goes through boto3, with the same settings: conditional deletes, many
    deletes at once, lists with a delimiter or by a part of a name, copies, versions, keys with
    empty, `.` or `..` segments, and bodies of more than 8 MiB.

    Args:
        bucket: its name.
        endpoint_url: of an S3-compatible server; None for what the AWS configuration says.
        region: None for what the AWS configuration says.
        profile: of the AWS configuration; None for its default.
        put_args: arguments for every PutObject.
        connect_timeout: seconds.
        read_timeout: seconds.

    Raises:
        InvalidSettings: no bucket, an unknown argument in `put_args`, or a setting that obstore
            cannot follow.
    """

    lists_in_parts = True
    lists_names = False

    def __init__(
        self,
        bucket: str,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        profile: str | None = None,
        put_args: Mapping[str, Any] | None = None,
        connect_timeout: float = 10,
        read_timeout: float = 60,
    ) -> None:
        _check(bucket, put_args or {})
        obstacle = obstacle_to(
            bucket,
            endpoint_url=endpoint_url,
            region=region,
            profile=profile,
            put_args=put_args or {},
        )
        if obstacle is not None:
            raise InvalidSettings(f"obstore cannot be used, as {obstacle}: use boto3")
        self.name = bucket
        self._put_args = put_args or {}
        self._profile = profile
        self._environment = AwsEnvironment(profile)
        self._region = region or self._environment.region
        self._endpoint_url = endpoint_url
        self._timeouts = {"connect_timeout": connect_timeout, "read_timeout": read_timeout}
        self._put = _put_arguments(self._put_args)
        self._beside: S3Store | None = None
        self._lock = threading.Lock()
        self.client = SharedClient(self._make_client)
        self.url: str | None = None

    def _make_client(self) -> Any:
        provider, keys = self._credentials()
        config: dict[str, Any] = {**_FIXED, **keys, **self._encryption()}
        config |= {"region": self._region or _DEFAULT_REGION, **self._endpoint()}
        self.url = config["aws_endpoint_url_s3"]
        arguments = shared_arguments(
            **self._timeouts,
            content_type=self._put_args.get("ContentType", "application/json"),
            allow_http=self.url.lower().startswith("http://"),
        )
        arguments["config"] = config
        if provider is not None:
            arguments["credential_provider"] = provider
        return make_client("S3Store", self.name, arguments)

    def put_arguments(self, data: bytes, only_if: Condition) -> Mapping[str, Any] | None:
        if len(data) > _LARGE:
            return None
        if only_if is ABSENT:
            return {**self._put, "mode": "create"}
        if only_if is None:
            return {**self._put, "mode": "overwrite"}
        return {**self._put, "mode": {"e_tag": only_if.strip('"')}}

    def beside(self, observers: Sequence[Observer]) -> SyncStore:
        from s3sessions.stores.s3 import S3Store

        with self._lock:
            if self._beside is None:
                self._beside = S3Store(
                    self.name,
                    endpoint_url=self._endpoint_url,
                    region=self._region,
                    profile=self._profile,
                    put_args=self._put_args,
                    width=_WIDTH_BESIDE,
                    **self._timeouts,
                )
            store = self._beside
        for observer in observers:
            store = store.observed(observer)
        return store

    def explained(
        self, verb: str, key: str, only_if: Condition, refusal: Refusal
    ) -> S3SessionsError:
        from s3sessions.stores.s3_protocol import Call

        return refusal.told(Call(verb, self.name, key, {}, only_if))

    def close(self) -> None:
        with self._lock:
            beside, self._beside = self._beside, None
        if beside is not None:
            beside.close()
        self.client.close()

    def _credentials(self) -> tuple[Any, dict[str, str]]:
        source = self._environment.credentials
        if source == "nowhere":
            raise AccessDenied(
                "no usable credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "a profile or a role"
            )
        if source == "sdk" or (self._region is None and self._environment.has_region_in_file):
            from s3sessions.stores.s3_configuration import SdkConfiguration

            sdk = SdkConfiguration(self.name, self._profile)
            self._region = self._region or sdk.region
            if source == "sdk":
                return sdk.credentials(), {}
        if source == "environment":
            return None, self._environment.static_keys
        metadata = self._environment.metadata_endpoint
        return None, {} if metadata is None else {"metadata_endpoint": metadata}

    def _encryption(self) -> dict[str, Any]:
        return {
            theirs: self._put_args[ours]
            for ours, theirs in _ENCRYPTION.items()
            if ours in self._put_args
        }

    def _endpoint(self) -> dict[str, Any]:
        url = self._endpoint_url or self._environment.endpoint_url
        if url is not None:
            if address_of(url) is None:
                raise InvalidSettings(
                    "no S3 client can be made of the settings: correct them",
                    cause="the endpoint is no http:// or https:// URL",
                )
            return {"aws_endpoint_url_s3": url.rstrip("/"), "virtual_hosted_style_request": False}
        hosted = _can_be_host(self.name)
        host = f"s3.{self._region or _DEFAULT_REGION}.amazonaws.com"
        return {
            "aws_endpoint_url_s3": f"https://{self.name}.{host}" if hosted else f"https://{host}",
            "virtual_hosted_style_request": hosted,
            # Without any, a bucket that locks its objects by default refuses every put.
            "checksum_algorithm": "SHA256",
        }


def _check(bucket: str, put_args: Mapping[str, Any]) -> None:
    if put_args or not bucket:
        from s3sessions.stores.s3_protocol import S3Protocol

        S3Protocol(bucket, put_args)


def _can_be_host(bucket: str) -> bool:
    # A dot would make a host that the certificate of S3 does not cover.
    return all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in bucket)


def _put_arguments(put_args: Mapping[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {"use_multipart": False}
    attributes = {
        theirs: put_args[ours] for ours, theirs in _ATTRIBUTES.items() if ours in put_args
    }
    attributes |= put_args.get("Metadata", {})
    if attributes:
        # obstore leaves its default out once there are any.
        arguments["attributes"] = {"Content-Type": put_args.get("ContentType", "application/json")}
        arguments["attributes"] |= attributes
    if "Tagging" in put_args:
        from urllib.parse import parse_qsl

        arguments["tags"] = dict(parse_qsl(put_args["Tagging"], keep_blank_values=True))
    return arguments
