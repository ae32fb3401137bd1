"""The IAM documents of the roles that work with sessions, from one table of what each may do.

The tests record every request that the public verbs make, by action and key, and hold these
documents to it, both ways. The command `policy` prints them.
"""

from __future__ import annotations

from s3sessions.permissions.documents import policy_document
from s3sessions.permissions.places import PARTITIONS
from s3sessions.permissions.roles import Role
from s3sessions.permissions.tenants import TENANT_TAG, assume_document, trust_document

__all__ = [
    "PARTITIONS",
    "TENANT_TAG",
    "Role",
    "assume_document",
    "policy_document",
    "trust_document",
]
