"""Where permissions reach: how buckets, prefixes and keys of encryption are named to IAM."""

from __future__ import annotations

import re
from typing import Final

from s3sessions.errors import InvalidSettings
from s3sessions.keys import Root
from s3sessions.location import Location
from s3sessions.record import Record

__all__ = ["PARTITIONS", "EncryptionKey", "Place", "escape"]

_SERVICES: Final = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
}
"""By partition, the end of the names that services have."""

PARTITIONS: Final = tuple(_SERVICES)

_BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
_ACCESS_POINT: Final = re.compile(r"arn:([\w-]+):s3:[\w-]*:[0-9]{12}:accesspoint/[A-Za-z0-9.-]+")
_KEY: Final = re.compile(r"arn:([\w-]+):kms:([\w-]+):[0-9]{12}:key/[\w-]+", re.ASCII)
_ALIASES: Final = ("-s3alias", "--ol-s3")
_DIRECTORY_BUCKETS: Final = ("--x-s3", "--xa-s3")
_SPECIAL: Final = re.compile(r"[*?$]")


class Place(Record):
    """A prefix of a bucket, as IAM is to match it.

    Attributes:
        arn: of the bucket or the access point.
        prefix: in the language of IAM's patterns; empty, or ending in `/`.
    """

    arn: str
    prefix: str

    @classmethod
    def of(cls, bucket: str, prefix: str, *, partition: str, tenant_tag: str | None) -> Place:
        """Make a place of a bucket's name or an access point's ARN.

        Raises:
            InvalidSettings: IAM cannot name the bucket, or sessions cannot stand there.
        """
        matched = escape(Root.of(prefix).prefix)
        if tenant_tag is not None:
            matched += f"${{aws:PrincipalTag/{tenant_tag}}}/"
        return cls(_bucket_arn(bucket, partition), matched)

    @classmethod
    def at(cls, url: str, *, partition: str, tenant_tag: str | None) -> Place:
        """Make a place of `s3://bucket/prefix`. Raises InvalidSettings."""
        location = Location.parse(url)
        if location.scheme != "s3":
            raise InvalidSettings(f"url {url!r} is not s3://: there is nothing to permit")
        prefix = location.root.prefix
        return cls.of(location.place, prefix, partition=partition, tenant_tag=tenant_tag)

    @property
    def partition(self) -> str:
        """The part of AWS that it is in."""
        return self.arn.split(":")[1]

    @property
    def is_bucket(self) -> bool:
        """Whether it is a bucket itself, and no access point to one."""
        return ":accesspoint/" not in self.arn

    def objects(self, pattern: str) -> str:
        """Give the ARN of the objects whose keys below the prefix match."""
        return f"{self.arn}{'/' if self.is_bucket else '/object/'}{self.prefix}{pattern}"


class EncryptionKey(Record):
    """A KMS key that encrypts the objects of a bucket.

    Attributes:
        arn: of the key.
        service: the name under which S3 uses it for somebody.
    """

    arn: str
    service: str

    @classmethod
    def of(cls, arn: str, place: Place) -> EncryptionKey:
        """Make one of its ARN, for what is stored in a place.

        Raises:
            InvalidSettings: it is no ARN of a key (an alias is none to IAM), or of a key that is
                in another partition than the place.
        """
        match = _KEY.fullmatch(arn)
        if match is None:
            raise InvalidSettings(
                f"kms key {arn!r} is no key's ARN: give arn:aws:kms:REGION:ACCOUNT:key/ID, "
                "as permissions for an alias do not count"
            )
        if match[1] != place.partition:
            raise InvalidSettings(
                f"kms key {arn!r} is in partition {match[1]} and the bucket in {place.partition}: "
                "say which with partition, or give the bucket's own key"
            )
        return cls(arn, f"s3.{match[2]}.{_service_end(match[1])}")


def escape(text: str) -> str:
    """Write text so that IAM's patterns match it as it stands."""
    return _SPECIAL.sub(r"${\g<0>}", text)


def _bucket_arn(bucket: str, partition: str) -> str:
    if match := _ACCESS_POINT.fullmatch(bucket):
        _service_end(match[1])
        return bucket
    _service_end(partition)
    if not _BUCKET.fullmatch(bucket):
        raise InvalidSettings(
            f"bucket {bucket!r} is neither the name of a bucket nor the ARN of an access point"
        )
    if bucket.endswith(_ALIASES):
        raise InvalidSettings(
            f"bucket {bucket!r} is an alias, which IAM does not know: give the access point's ARN"
        )
    if bucket.endswith(_DIRECTORY_BUCKETS):
        raise InvalidSettings(
            f"bucket {bucket!r} is a directory bucket, whose permissions know no keys: "
            "allow s3express:CreateSession on it"
        )
    return f"arn:{partition}:s3:::{bucket}"


def _service_end(partition: str) -> str:
    try:
        return _SERVICES[partition]
    except KeyError:
        raise InvalidSettings(
            f"partition {partition!r} is not known: give one of {', '.join(PARTITIONS)}"
        ) from None
