"""Whether obstore does for a bucket all that boto3 would do; where not, what it lacks."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final

from s3sessions.stores.object_store_environment import AwsEnvironment
from s3sessions.stores.s3_hosts import is_aws

__all__ = ["is_installed", "obstacle_to"]

_TEXTS: Final = frozenset(
    {
        "CacheControl",
        "ContentDisposition",
        "ContentEncoding",
        "ContentLanguage",
        "ContentType",
        "SSEKMSKeyId",
        "StorageClass",
    }
)
_ENCRYPTION: Final = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled")
_KMS: Final = ("aws:kms", "aws:kms:dsse")
# Of directory buckets, and of access points that are no buckets to everybody.
_SPECIAL_BUCKETS: Final = ("--x-s3", "--xa-s3", "--ol-s3", ".mrap")
# The regions whose hosts end in amazonaws.com.
_OTHER_PARTITIONS: Final = ("cn-", "us-iso", "eu-iso", "eusc-")


def is_installed() -> bool:
    """Tell whether obstore is installed, without importing it."""
    return find_spec("obstore") is not None


def obstacle_to(
    bucket: str,
    *,
    endpoint_url: str | None,
    region: str | None,
    profile: str | None,
    put_args: Mapping[str, Any],
) -> str | None:
    """Say what obstore would not do as boto3 does it; None for nothing. Requests: none."""
    if bucket.startswith("arn:") or bucket.endswith(_SPECIAL_BUCKETS):
        return "the bucket is an access point or a directory bucket"
    name = next((name for name in put_args if not _takes(name, put_args)), None)
    if name is not None:
        return f"put_args need boto3 ({name})"
    environment = AwsEnvironment(profile)
    if environment.beyond_obstore is not None:
        return f"{environment.beyond_obstore} needs boto3"
    url = endpoint_url or environment.endpoint_url
    if environment.authorities is not None and not (url or "").startswith("http://"):
        return f"{environment.authorities} needs boto3"
    if url is not None:
        return "an endpoint of AWS is given" if is_aws(url) else None
    region = region or environment.region
    if region is None and not environment.has_region_in_file:
        return "nothing says in which region the bucket is"
    if region is not None and region.startswith(_OTHER_PARTITIONS):
        return f"region {region!r} needs boto3"
    return None


def _takes(name: str, put_args: Mapping[str, Any]) -> bool:
    value = put_args[name]
    if name == "BucketKeyEnabled":
        return isinstance(value, bool) and _takes_encryption(put_args)
    if name == "Metadata":
        return isinstance(value, Mapping) and all(map(_is_metadata, value.items()))
    if name == "Tagging":
        return isinstance(value, str) and _are_tags(value)
    if not isinstance(value, str) or not value.isascii():
        return False
    if name in _ENCRYPTION:
        return _takes_encryption(put_args)
    return name in _TEXTS


def _takes_encryption(put_args: Mapping[str, Any]) -> bool:
    algorithm = put_args.get("ServerSideEncryption")
    if algorithm in _KMS:
        return True
    return algorithm == "AES256" and not {"SSEKMSKeyId", "BucketKeyEnabled"} & put_args.keys()


def _is_metadata(pair: tuple[Any, Any]) -> bool:
    name, value = pair
    # obstore knows names such as Content-Type, and would not send them as metadata.
    return (
        isinstance(name, str)
        and isinstance(value, str)
        and name.isascii()
        and value.isascii()
        and name.replace("_", "").isalnum()
        and value == value.strip()
    )


def _are_tags(text: str) -> bool:
    from urllib.parse import parse_qsl

    try:
        tags = parse_qsl(text, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError:
        return False
    return len(dict(tags)) == len(tags)
