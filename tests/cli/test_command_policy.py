from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3sessions.permissions import Role, assume_document, policy_document, trust_document
from tests.cli.commands import Run

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c"
ROLE = "arn:aws:iam::111122223333:role/tenant-writer"


def printed(run: Run, *options: str) -> Any:
    ended = run("policy", *options)
    assert (ended.code, ended.err) == (0, "")
    return json.loads(ended.out)


@pytest.mark.parametrize("role", Role)
def test_the_document_of_a_role_is_printed_for_aws_iam(run: Run, role: Role) -> None:
    document = printed(run, "--role", role, "--bucket", "b-1", "--prefix", "prod")
    assert document == policy_document(role, "b-1", "prod")


def test_a_url_names_bucket_and_prefix_and_under_goes_deeper(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = policy_document("reader", "b-1", "prod/acme")
    place = ("--url", "s3://b-1/prod", "--under", "acme")
    assert printed(run, "--role", "reader", *place) == wanted
    monkeypatch.setenv("S3SESSIONS_URL", "s3://b-1/prod")
    assert printed(run, "--role", "reader", "--under", "acme") == wanted
    named = ("--bucket", "b-1", "--prefix", "prod", "--under", "acme")
    assert printed(run, "--role", "reader", *named) == wanted


def test_every_option_reaches_the_document(run: Run) -> None:
    options = ("--tenants", "--kms-key", KEY, "--destination", "s3://lake/out")
    assert printed(run, "--role", "exporter", "--bucket", "b-1", *options) == policy_document(
        "exporter", "b-1", tenant_tag="tenant", kms_key=KEY, destination="s3://lake/out"
    )
    chinese = printed(run, "--role", "writer", "--bucket", "b-1", "--partition", "aws-cn")
    assert chinese == policy_document("writer", "b-1", partition="aws-cn")


def test_the_two_documents_of_a_tenant_role_are_printed_too(run: Run) -> None:
    assert printed(run, "--trust", ROLE) == trust_document(ROLE)
    assert printed(run, "--assume", ROLE) == assume_document(ROLE)


def test_a_prefix_in_any_script_is_printed_in_ascii(run: Run) -> None:
    ended = run("policy", "--role", "reader", "--bucket", "b-1", "--prefix", "caf\u00e9\u202e")
    assert ended.out.isascii()
    assert json.loads(ended.out) == policy_document("reader", "b-1", "caf\u00e9\u202e")


def test_it_asks_nothing_of_any_store_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    printed(run, "--role", "eraser", "--url", "s3://nowhere/at-all")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ((), "one of the arguments --role --trust --assume is required"),
        (("--role", "owner", "--bucket", "b-1"), "invalid choice: 'owner'"),
        (("--role", "writer"), "which bucket?"),
        (("--role", "writer", "--prefix", "p"), "--prefix goes with --bucket"),
        (("--role", "writer", "--bucket", "b-1", "--url", "s3://b-2"), "give one"),
        (("--role", "writer", "--bucket", "b/1"), "neither the name of a bucket"),
        (("--role", "writer", "--bucket", "b-1", "--prefix", "session_a"), "looks like a session"),
        (("--role", "writer", "--bucket", "b-1", "--kms-key", "alias/a"), "an alias do not count"),
        (("--role", "writer", "--bucket", "b-1", "--destination", "s3://b-2"), "no destination"),
        (("--trust", ROLE, "--tenants"), "--tenants goes with --role"),
        (("--assume", "me"), "is no role's ARN"),
    ],
)
def test_wrong_use_ends_with_code_2_and_says_why(
    run: Run, options: tuple[str, ...], told: str
) -> None:
    ended = run("policy", *options)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
