"""Policy documents: what a role may do, in IAM's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from s3sessions.errors import InvalidSettings
from s3sessions.permissions.places import EncryptionKey, Place
from s3sessions.permissions.roles import DESTINATION, Grant, Role, grants_of
from s3sessions.permissions.tenants import check_tag

__all__ = ["VERSION", "policy_document"]

VERSION: Final = "2012-10-17"
"""Of IAM's language; the older one knows no variables, which escapes are."""

_READING: Final = "s3:GetObject"
_WRITING: Final = "s3:PutObject"


def policy_document(
    role: Role | str,
    bucket: str,
    prefix: str = "",
    *,
    tenant_tag: str | None = None,
    destination: str | None = None,
    kms_key: str | None = None,
    partition: str = "aws",
) -> dict[str, Any]:
    """Give the least that a role needs, for `aws iam create-policy`. Requests: none.

    Args:
        role: `writer`, `reader`, `exporter` or `eraser`.
        bucket: its name, or the ARN of an access point.
        prefix: under which the sessions are.
        tenant_tag: the tag of a principal that names its tenant: only what is one prefix deeper, in
            that tenant's, is permitted.
        destination: of an exporter's exports to S3, `s3://bucket/prefix`; without one it may do
            what a reader may.
        kms_key: ARN of the key that encrypts the bucket's objects, and the destination's.
        partition: `aws`, `aws-cn` or `aws-us-gov`; an access point's ARN names it itself.

    Raises:
        InvalidSettings: no such role, or a place that IAM cannot name or sessions cannot stand in.
    """
    role = _role(role)
    place = Place.of(bucket, prefix, partition=partition, tenant_tag=check_tag(tenant_tag))
    granted = [(place, grant) for grant in grants_of(role)]
    if destination is not None:
        if role is not Role.EXPORTER:
            raise InvalidSettings(f"a {role} has no destination: leave it out, or ask for exporter")
        target = Place.at(destination, partition=partition, tenant_tag=tenant_tag)
        granted += [(target, grant) for grant in DESTINATION]
    statements = [_statement(place, grant) for place, grant in granted]
    if kms_key is not None:
        statements.append(_encryption(EncryptionKey.of(kms_key, place), granted))
    return {"Version": VERSION, "Statement": statements}


def _role(role: Role | str) -> Role:
    try:
        return Role(role)
    except ValueError:
        raise InvalidSettings(f"role {role!r} is none of {', '.join(Role)}") from None


def _statement(place: Place, grant: Grant) -> dict[str, Any]:
    if not grant.is_on_bucket:
        return _allow(grant.sid, grant.actions, [place.objects(key) for key in grant.keys])
    statement = _allow(grant.sid, grant.actions, [place.arn])
    if grant.keys:
        prefixes = [place.prefix + key for key in grant.keys]
        statement["Condition"] = {"StringLike": {"s3:prefix": _one_or_many(prefixes)}}
    return statement


def _encryption(key: EncryptionKey, granted: Sequence[tuple[Place, Grant]]) -> dict[str, Any]:
    """Permit the key through S3 alone and, where that can be said, for these objects alone."""
    writes = any(_WRITING in grant.actions for _, grant in granted)
    actions = ["kms:Decrypt", "kms:GenerateDataKey"] if writes else ["kms:Decrypt"]
    statement = _allow("UseKey", actions, [key.arn])
    statement["Condition"] = {"StringEquals": {"kms:ViaService": key.service}}
    # S3 names the bucket to KMS, of which an access point does not tell.
    if all(place.is_bucket for place, _ in granted):
        encrypted = _one_or_many(_encrypted(granted))
        statement["Condition"]["StringLike"] = {"kms:EncryptionContext:aws:s3:arn": encrypted}
    return statement


def _encrypted(granted: Sequence[tuple[Place, Grant]]) -> list[str]:
    """Give what S3 names to KMS: the object, or the bucket where that has a bucket key."""
    read = [(place, grant) for place, grant in granted if _READING in grant.actions]
    arns = [place.arn for place, _ in read]
    arns += [place.objects(key) for place, grant in read for key in grant.keys]
    return list(dict.fromkeys(arns))


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": _one_or_many(actions),
        "Resource": _one_or_many(resources),
    }


def _one_or_many(values: Sequence[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
