"""The two documents that let a principal take on a role for one tenant, named by a session tag."""

from __future__ import annotations

import re
from typing import Any, Final

from s3sessions.errors import InvalidSettings

__all__ = ["TENANT_TAG", "assume_document", "check_role", "check_tag", "trust_document"]

TENANT_TAG: Final = "tenant"
"""The tag that names the tenant, of a principal or of the session of an assumed role."""

_VERSION: Final = "2012-10-17"
_TAG: Final = re.compile(r"[A-Za-z0-9_.:=+@-]{1,128}")
_ROLE: Final = re.compile(r"arn:[\w-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+", re.ASCII)
_PRINCIPAL: Final = re.compile(r"arn:[\w-]+:(?:iam|sts)::[0-9]{12}:(?:root|[\w+=,.@/-]+)", re.ASCII)


def trust_document(principal: str, *, tenant_tag: str = TENANT_TAG) -> dict[str, Any]:
    """Give the trust policy of a tenant role: who may take it on, always for one tenant.

    Args:
        principal: ARN of the role that takes it on, such as a function's.
        tenant_tag: the tag that names the tenant.

    Raises:
        InvalidSettings: that is no ARN of a principal, or no tag.
    """
    if not _PRINCIPAL.fullmatch(principal):
        raise InvalidSettings(f"principal {principal!r} is no ARN of a role, a user or an account")
    return _assume({"Principal": {"AWS": principal}}, tenant_tag)


def assume_document(role_arn: str, *, tenant_tag: str = TENANT_TAG) -> dict[str, Any]:
    """Give the policy of the principal that takes a tenant role on.

    Raises:
        InvalidSettings: that is no ARN of a role, or no tag.
    """
    return _assume({"Resource": check_role(role_arn)}, tenant_tag)


def check_role(arn: str) -> str:
    """Give the ARN. Raises InvalidSettings for what is no role's."""
    if not _ROLE.fullmatch(arn):
        raise InvalidSettings(f"role {arn!r} is no role's ARN: arn:aws:iam::ACCOUNT:role/NAME")
    return arn


def check_tag(tag: str | None) -> str | None:
    """Give the tag's name. Raises InvalidSettings for one that cannot stand in a policy."""
    if tag is not None and not _TAG.fullmatch(tag):
        raise InvalidSettings(f"tag {tag!r} cannot name a tenant: take letters, digits, '-', '_'")
    return tag


def _assume(who_or_what: dict[str, Any], tenant_tag: str) -> dict[str, Any]:
    check_tag(tenant_tag)
    named = f"aws:RequestTag/{tenant_tag}"
    statement = {
        "Sid": "TakeOnForOneTenant",
        "Effect": "Allow",
        **who_or_what,
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Condition": {
            "StringLike": {named: "?*"},
            # One tenant is one segment of a key, and never a session's own.
            "StringNotLike": {named: ["*/*", "session_*"]},
            "ForAllValues:StringEquals": {"aws:TagKeys": [tenant_tag]},
        },
    }
    return {"Version": _VERSION, "Statement": [statement]}
