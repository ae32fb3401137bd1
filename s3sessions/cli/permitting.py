"""The command that prints what IAM is to permit: policy. It opens no store."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from s3sessions.cli.exits import CommandError, Exit
from s3sessions.cli.output import Output
from s3sessions.cli.place import names_of, url_of
from s3sessions.keys import Root
from s3sessions.location import Location
from s3sessions.permissions import (
    TENANT_TAG,
    assume_document,
    policy_document,
    trust_document,
)

__all__ = ["run_policy"]


def run_policy(arguments: Namespace, output: Output) -> Exit:
    """Print one policy document."""
    # ASCII, so that it is the same bytes in every locale.
    output.stream(json.dumps(_document(arguments), indent=2) + "\n")
    return Exit.DONE


def _document(arguments: Namespace) -> dict[str, Any]:
    if arguments.trust is not None:
        return trust_document(arguments.trust)
    if arguments.assume is not None:
        return assume_document(arguments.assume)
    bucket, root = _place(arguments)
    for name in names_of(arguments):
        root = root.under(name)
    return policy_document(
        arguments.role,
        bucket,
        root.prefix,
        tenant_tag=TENANT_TAG if arguments.tenants else None,
        destination=arguments.destination,
        kms_key=arguments.kms_key,
        partition=arguments.partition,
    )


def _place(arguments: Namespace) -> tuple[str, Root]:
    if arguments.bucket:
        return arguments.bucket, Root.of(arguments.prefix or "")
    location = Location.parse(url_of(arguments))
    if location.scheme != "s3":
        raise CommandError(
            "which bucket? give --bucket, or --url s3://bucket/prefix", code=Exit.USAGE
        )
    return location.place, location.root
