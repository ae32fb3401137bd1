"""What stands in the documents, for every kind of place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions.errors import InvalidSettings
from s3sessions.permissions import Role, assume_document, policy_document, trust_document
from tests.permissions.evaluating import allows, permissions_of

KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
MESSAGE = "session_s/agents/agent_default/messages/message_0.json"
MOST_CHARACTERS = 6144
"""Of a managed policy, without white space."""


def statement_of(document: dict[str, Any], sid: str) -> dict[str, Any]:
    (statement,) = [each for each in document["Statement"] if each["Sid"] == sid]
    found: dict[str, Any] = statement
    return found


def may_read(document: dict[str, Any], arn: str, **tags: str) -> bool:
    context = {f"aws:PrincipalTag/{tag}": value for tag, value in tags.items()}
    return allows(document, "s3:GetObject", arn, context)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("tenant_tag", [None, "tenant"])
def test_a_document_has_no_wildcard_action_and_fits_a_managed_policy(
    role: Role, tenant_tag: str | None
) -> None:
    document = policy_document(role, "b" * 63, "p" * 100, tenant_tag=tenant_tag, kms_key=KEY)
    assert list(permissions_of(document))
    assert len(json.dumps(document, separators=(",", ":"))) <= MOST_CHARACTERS
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert all(sid.isalnum() for sid in sids)
    assert len(set(sids)) == len(sids)


@pytest.mark.parametrize("role", Role)
def test_no_resource_and_no_list_is_wider_than_the_sessions_prefix(role: Role) -> None:
    document = policy_document(role, "bucket", "prod")
    for action, resource, conditions in permissions_of(document):
        if resource == "arn:aws:s3:::bucket":
            # S3 knows no condition on the prefix for this one.
            narrow = action == "s3:ListBucketMultipartUploads" or bool(conditions)
            assert narrow, action
            assert all(value.startswith("prod/s") for _, _, value in conditions)
        else:
            assert resource.startswith("arn:aws:s3:::bucket/prod/s")


def test_a_writer_may_delete_documents_that_it_may_overwrite_and_no_message() -> None:
    document = policy_document("writer", "bucket", "prod")
    deletes = [each for each in permissions_of(document) if "Delete" in each.action]
    assert {each.action for each in deletes} == {"s3:DeleteObject"}
    below = "arn:aws:s3:::bucket/prod/session_*/"
    assert sorted(each.resource.removeprefix(below) for each in deletes) == [
        "agents/agent_*/agent.json",
        "agents/agent_*/history.json",
        "agents/agent_*/lease.json",
        "children/*",
        "multi_agents/multi_agent_*/multi_agent.json",
    ]
    for kept in (
        MESSAGE,
        "session_s/session.json",
        "session_s/agents/agent_a/archive/segment_0-99.jsonl",
    ):
        assert not allows(document, "s3:DeleteObject", f"arn:aws:s3:::bucket/prod/{kept}")


def test_an_exporter_without_a_destination_may_do_what_a_reader_may() -> None:
    assert policy_document("exporter", "bucket") == policy_document("reader", "bucket")


def test_an_export_goes_to_its_destination_and_nowhere_else() -> None:
    document = policy_document("exporter", "bucket", "prod", destination="s3://lake/exports/")
    puts = [each.resource for each in permissions_of(document) if each.action == "s3:PutObject"]
    assert puts == ["arn:aws:s3:::lake/exports/session_*"]


def test_what_iam_takes_for_a_wildcard_stands_for_itself_in_a_prefix() -> None:
    document = policy_document("reader", "bucket", "a*b?c$d")
    bucket = "arn:aws:s3:::bucket"
    assert statement_of(document, "ReadSessions")["Resource"] == (
        "arn:aws:s3:::bucket/a${*}b${?}c${$}d/session_*"
    )
    assert may_read(document, f"{bucket}/a*b?c$d/{MESSAGE}")
    assert not may_read(document, f"{bucket}/aXb?c$d/{MESSAGE}")
    assert not may_read(document, f"{bucket}/a*bXc$d/{MESSAGE}")
    listed = {"s3:prefix": "a*b?c$d/session_"}
    assert allows(document, "s3:ListBucket", bucket, listed)
    assert not allows(document, "s3:ListBucket", bucket, {"s3:prefix": "aXb?c$d/session_"})


def test_a_prefix_that_looks_like_a_variable_is_none() -> None:
    document = policy_document("reader", "bucket", "${aws:username}")
    bucket = "arn:aws:s3:::bucket"
    assert may_read(document, f"{bucket}/${{aws:username}}/{MESSAGE}")
    assert not may_read(document, f"{bucket}/anna/{MESSAGE}")


def test_a_list_names_the_prefix_or_is_refused() -> None:
    document = policy_document("reader", "bucket")
    bucket = "arn:aws:s3:::bucket"
    assert allows(document, "s3:ListBucket", bucket, {"s3:prefix": "session_"})
    assert not allows(document, "s3:ListBucket", bucket, {"s3:prefix": ""})
    assert not allows(document, "s3:ListBucket", bucket)


def test_a_tenant_is_the_principal_s_own_tag() -> None:
    document = policy_document("writer", "bucket", "prod", tenant_tag="tenant")
    theirs = f"arn:aws:s3:::bucket/prod/acme/{MESSAGE}"
    assert may_read(document, theirs, tenant="acme")
    assert not may_read(document, theirs, tenant="other")
    assert not may_read(document, theirs, tenant="acme2")
    assert not may_read(document, theirs)
    assert not may_read(document, f"arn:aws:s3:::bucket/prod/{MESSAGE}", tenant="acme")


@pytest.mark.parametrize(
    ("bucket", "partition", "resource"),
    [
        ("bucket", "aws-cn", "arn:aws-cn:s3:::bucket/p/session_*"),
        ("bucket", "aws-us-gov", "arn:aws-us-gov:s3:::bucket/p/session_*"),
        (
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/mine",
            "aws",
            "arn:aws:s3:eu-west-1:111122223333:accesspoint/mine/object/p/session_*",
        ),
        (
            "arn:aws:s3::111122223333:accesspoint/abc.mrap",
            "aws",
            "arn:aws:s3::111122223333:accesspoint/abc.mrap/object/p/session_*",
        ),
    ],
)
def test_buckets_of_every_partition_and_access_points_are_named_as_iam_does(
    bucket: str, partition: str, resource: str
) -> None:
    document = policy_document("reader", bucket, "p", partition=partition)
    assert statement_of(document, "ReadSessions")["Resource"] == resource
    listed = statement_of(document, "ListSessions")["Resource"]
    assert resource.startswith(listed)
    assert listed in (bucket, f"arn:{partition}:s3:::{bucket}")


def test_who_writes_makes_data_keys_and_who_reads_does_not() -> None:
    reader = statement_of(policy_document("reader", "bucket", "p", kms_key=KEY), "UseKey")
    assert reader == {
        "Sid": "UseKey",
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": KEY,
        "Condition": {
            "StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"},
            "StringLike": {
                "kms:EncryptionContext:aws:s3:arn": [
                    "arn:aws:s3:::bucket",
                    "arn:aws:s3:::bucket/p/session_*",
                ]
            },
        },
    }
    for role in ("writer", "eraser"):
        document = policy_document(role, "bucket", "p", kms_key=KEY)
        actions = statement_of(document, "UseKey")["Action"]
        assert actions == ["kms:Decrypt", "kms:GenerateDataKey"]


def test_an_exporter_makes_data_keys_for_its_destination() -> None:
    document = policy_document("exporter", "bucket", destination="s3://lake", kms_key=KEY)
    used = statement_of(document, "UseKey")
    assert used["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert (
        "arn:aws:s3:::lake/session_*"
        in used["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
    )


def test_a_key_is_used_in_its_own_partition_and_behind_an_access_point_for_any_bucket() -> None:
    key = "arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-12"
    point = "arn:aws-cn:s3:cn-north-1:111122223333:accesspoint/mine"
    used = statement_of(policy_document("reader", point, kms_key=key), "UseKey")
    assert used["Condition"] == {
        "StringEquals": {"kms:ViaService": "s3.cn-north-1.amazonaws.com.cn"}
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"role": "owner"}, "role 'owner' is none of writer, reader, exporter, eraser"),
        ({"bucket": ""}, "neither the name of a bucket nor the ARN"),
        ({"bucket": "a/b"}, "neither the name of a bucket nor the ARN"),
        ({"bucket": "*"}, "neither the name of a bucket nor the ARN"),
        ({"bucket": "mine-abc-s3alias"}, "give the access point's ARN"),
        ({"bucket": "mine--use1-az4--x-s3"}, "s3express:CreateSession"),
        ({"prefix": "session_a"}, "looks like a session"),
        ({"prefix": "a//b"}, "empty"),
        ({"partition": "aws-mars"}, "partition 'aws-mars' is not known"),
        ({"tenant_tag": "a}/*"}, "cannot name a tenant"),
        ({"kms_key": "alias/mine"}, "permissions for an alias do not count"),
        (
            {"kms_key": "arn:aws:kms:eu-west-1:111122223333:alias/mine"},
            "permissions for an alias do not count",
        ),
        ({"destination": "s3://lake"}, "a writer has no destination"),
        ({"role": "exporter", "destination": "file:///lake"}, "is not s3://"),
    ],
)
def test_what_iam_cannot_say_is_refused(arguments: dict[str, str], told: str) -> None:
    given: dict[str, Any] = {"role": "writer", "bucket": "bucket", **arguments}
    with pytest.raises(InvalidSettings) as caught:
        policy_document(**given)
    assert told in str(caught.value)


def test_a_tenant_role_is_taken_on_for_one_tenant_and_never_without() -> None:
    role = "arn:aws:iam::111122223333:role/tenant-writer"
    function = "arn:aws:iam::111122223333:role/function"
    (taken,) = assume_document(role)["Statement"]
    (trusted,) = trust_document(function)["Statement"]
    assert taken["Resource"] == role
    assert trusted["Principal"] == {"AWS": function}
    assert taken["Action"] == trusted["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert taken["Condition"] == trusted["Condition"]
    assert taken["Condition"] == {
        "StringLike": {"aws:RequestTag/tenant": "?*"},
        "StringNotLike": {"aws:RequestTag/tenant": ["*/*", "session_*"]},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["tenant"]},
    }


@pytest.mark.parametrize("arn", ["", "*", "arn:aws:iam::111122223333:user/anna", "role"])
def test_what_is_no_role_cannot_be_taken_on(arn: str) -> None:
    with pytest.raises(InvalidSettings, match="is no role's ARN"):
        assume_document(arn)


def test_not_everybody_is_trusted() -> None:
    with pytest.raises(InvalidSettings, match="is no ARN of a role, a user or an account"):
        trust_document("*")


def test_a_key_of_another_partition_than_the_bucket_is_refused() -> None:
    key = "arn:aws:kms:eu-central-1:123456789012:key/1234"
    with pytest.raises(InvalidSettings, match="in partition aws and the bucket in aws-cn"):
        policy_document("writer", "my-bucket", "prod", kms_key=key, partition="aws-cn")
