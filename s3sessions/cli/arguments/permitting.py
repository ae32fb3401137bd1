"""Options of the command that prints permissions: policy."""

from __future__ import annotations

import argparse
from typing import Any

from s3sessions.cli.arguments.options import add_command
from s3sessions.cli.lessons.permitting import POLICY_EPILOG
from s3sessions.permissions import PARTITIONS, Role

__all__ = ["add_policy", "what_policy_cannot_do"]


def add_policy(commands: Any) -> None:
    """Add policy."""
    parser = add_command(commands, "policy", "print what IAM is to permit", POLICY_EPILOG)
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--role", choices=list(Role), help="what its holder does with sessions")
    wanted.add_argument("--trust", metavar="ARN", help="who may take on the role of a tenant")
    wanted.add_argument("--assume", metavar="ARN", help="for who takes on that role")
    parser.add_argument("--bucket", help="its name, or an access point's ARN; else that of --url")
    parser.add_argument("--prefix", metavar="P", help="under which the sessions are")
    parser.add_argument(
        "--tenants", action="store_true", help="one prefix deeper, by the principal's tag tenant"
    )
    parser.add_argument("--destination", metavar="URL", help="s3://… that an exporter writes to")
    parser.add_argument("--kms-key", metavar="ARN", help="of the key that encrypts the buckets")
    parser.add_argument("--partition", choices=PARTITIONS, default="aws", help="of AWS (aws)")


def what_policy_cannot_do(arguments: argparse.Namespace) -> str | None:
    """Say what is wrong with options that do not go together; None for nothing."""
    of_a_role = ("bucket", "prefix", "tenants", "destination", "kms_key")
    given = [name for name in of_a_role if getattr(arguments, name)]
    if arguments.role is None and given:
        return f"--{given[0].replace('_', '-')} goes with --role"
    if arguments.bucket and arguments.url:
        return "--bucket and --url both say where the sessions are: give one"
    if arguments.prefix and not arguments.bucket:
        return "--prefix goes with --bucket"
    return None
