"""infra/storage.yaml: what the bucket refuses, what stays, and what each role may do."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.permissions import Role, policy_document, trust_document
from tests.infra.stacks import ACCOUNT, REGION, Stack
from tests.infra.statements import in_lists, listed
from tests.infra.templates import STORAGE, load

TEMPLATE = load(STORAGE)
GIVEN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-1111-2222-3333-444444444444"
OWN_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/99999999-1111-2222-3333-444444444444"
CALLER = f"arn:aws:iam::{ACCOUNT}:role/app-AgentRole-*"
SCOPES = ["key of its own", "given key", "S3's keys", "deep prefix", "tenants", "exports", "China"]


def storage(*, partition: str = "aws", **parameters: Any) -> Stack:
    own_key = OWN_KEY.replace("arn:aws:", f"arn:{partition}:")
    attributes = {"Bucket": parameters.get("BucketName", "made-up"), "Key.Arn": own_key}
    return Stack(TEMPLATE, parameters, attributes=attributes, name="store", partition=partition)


def bucket(**parameters: Any) -> Any:
    return storage(**parameters).properties("Bucket")


def statement(stack: Stack, sid: str) -> Any:
    document = stack.properties("BucketPolicy")["PolicyDocument"]
    return {one["Sid"]: one for one in document["Statement"]}[sid]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        ({}, {"kms_key": OWN_KEY}),
        ({"KeyArn": GIVEN_KEY}, {"kms_key": GIVEN_KEY}),
        ({"Encryption": "S3"}, {}),
        ({"Prefix": "eu/prod", "Encryption": "S3"}, {"prefix": "eu/prod"}),
        ({"Tenants": "Yes"}, {"tenant_tag": "tenant", "kms_key": OWN_KEY}),
        (
            {"ExportBucket": "lake", "ExportPrefix": "raw/s3", "Tenants": "Yes"},
            {"destination": "s3://lake/raw/s3", "tenant_tag": "tenant", "kms_key": OWN_KEY},
        ),
        (
            {"partition": "aws-cn"},
            {"partition": "aws-cn", "kms_key": OWN_KEY.replace(":aws:", ":aws-cn:")},
        ),
    ],
    ids=SCOPES,
)
def test_a_role_may_do_what_s3sessions_policy_says_and_nothing_else(
    role: Role, parameters: dict[str, Any], asked: dict[str, Any]
) -> None:
    stack = storage(BucketName="talk", **parameters)
    document = stack.properties(f"{role.capitalize()}Policy")["PolicyDocument"]
    if role is not Role.EXPORTER:
        asked = {name: value for name, value in asked.items() if name != "destination"}
    expected = policy_document(role, "talk", **{"prefix": "sessions", **asked})
    assert in_lists(document) == in_lists(expected)


@pytest.mark.parametrize("role", list(Role))
def test_a_policy_is_no_longer_than_iam_takes(role: Role) -> None:
    longest = {
        name: "p" * TEMPLATE["Parameters"][name]["MaxLength"] for name in ("Prefix", "ExportPrefix")
    }
    names = {"BucketName": "b" * 63, "ExportBucket": "e" * 63}
    stack = storage(partition="aws-us-gov", Tenants="Yes", **longest, **names)
    document = stack.properties(f"{role.capitalize()}Policy")["PolicyDocument"]
    assert len(json.dumps(document, separators=(",", ":"))) <= 6144


def test_whoever_takes_the_tenants_role_on_says_one_tenant_that_is_one_segment() -> None:
    stack = storage(Tenants="Yes", TenantRoleCallers=CALLER)
    trust = stack.properties("TenantRole")["AssumeRolePolicyDocument"]
    expected = trust_document(f"arn:aws:iam::{ACCOUNT}:root")
    # Whoever in the account, were it not for the names of the callers.
    expected["Statement"][0]["Condition"]["ArnLike"] = {"aws:PrincipalArn": [CALLER]}
    assert in_lists(trust) == in_lists(expected)


@pytest.mark.parametrize(
    ("deletes", "policies"), [("No", ["WriterPolicy"]), ("Yes", ["WriterPolicy", "EraserPolicy"])]
)
def test_the_tenants_role_deletes_only_where_that_is_asked_for(
    deletes: str, policies: list[str]
) -> None:
    stack = storage(Tenants="Yes", TenantRoleCallers=CALLER, TenantRoleDeletes=deletes)
    assert stack.properties("TenantRole")["ManagedPolicyArns"] == policies


@pytest.mark.parametrize("parameters", [{}, {"Tenants": "Yes"}])
def test_there_is_no_tenants_role_without_tenants_and_callers(parameters: dict[str, str]) -> None:
    stack = storage(**parameters)
    assert "TenantRole" not in stack.resources
    assert "TenantRoleArn" not in stack.outputs


def test_nothing_of_the_bucket_can_be_public_and_no_acl_counts() -> None:
    assert set(bucket()["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket()["PublicAccessBlockConfiguration"]) == 4
    rules = bucket()["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize(
    ("sid", "condition"),
    [
        ("OnlyTls", {"Bool": {"aws:SecureTransport": "false"}}),
        ("OnlyTls12", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
    ],
)
def test_nobody_reaches_the_bucket_without_tls_1_2(sid: str, condition: dict[str, Any]) -> None:
    assert statement(storage(BucketName="talk"), sid) == {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::talk", "arn:aws:s3:::talk/*"],
        "Condition": condition,
    }


def test_writes_of_messages_without_a_condition_are_denied_where_that_is_asked_for() -> None:
    stack = storage(BucketName="talk", Prefix="eu/prod", UnconditionalWrites="Denied")
    denied = statement(stack, "OnlyConditionalMessages")
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == (
        "Deny",
        "*",
        "s3:PutObject",
    )
    assert denied["Resource"] == "arn:aws:s3:::talk/eu/prod/*/messages/*"
    # Neither header is there; and the parts of an upload, which create nothing, are let through.
    assert denied["Condition"] == {
        "Null": {"s3:if-none-match": "true", "s3:if-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }


def test_by_default_no_write_is_denied_but_for_its_transport() -> None:
    policy = storage().properties("BucketPolicy")["PolicyDocument"]
    assert [one["Sid"] for one in policy["Statement"]] == ["OnlyTls", "OnlyTls12"]


@pytest.mark.parametrize(("parameters", "key"), [({}, OWN_KEY), ({"KeyArn": GIVEN_KEY}, GIVEN_KEY)])
def test_objects_are_encrypted_by_a_kms_key_that_is_asked_once_for_many(
    parameters: dict[str, str], key: str
) -> None:
    (rule,) = bucket(**parameters)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["ServerSideEncryptionByDefault"] == by_default
    assert rule["BucketKeyEnabled"] is True
    assert storage(**parameters).outputs["KeyArn"] == key
    assert ("Key" in storage(**parameters).resources) == (key == OWN_KEY)


def test_without_kms_s3_encrypts_with_keys_of_its_own() -> None:
    stack = storage(Encryption="S3")
    (rule,) = stack.properties("Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "BucketKeyEnabled" not in rule
    assert "Key" not in stack.resources
    assert "KeyArn" not in stack.outputs


def test_the_key_is_rotated_and_of_use_through_s3_alone() -> None:
    key = storage().properties("Key")
    assert key["EnableKeyRotation"] is True
    administers, uses = key["KeyPolicy"]["Statement"]
    root = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert administers["Principal"] == uses["Principal"] == root
    assert uses["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    via_s3 = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}}
    assert uses["Condition"] == via_s3
    assert set(administers["Action"]).isdisjoint(uses["Action"])
    # Without it nobody could ever change the policy again.
    assert "kms:PutKeyPolicy" in administers["Action"]


def test_old_versions_are_kept_unless_they_are_not_wanted() -> None:
    assert bucket()["VersioningConfiguration"] == {"Status": "Enabled"}
    # Not "Suspended": that would make markers in a bucket that never had versions.
    assert "VersioningConfiguration" not in bucket(Versioning="Off")


def test_left_overs_go_by_themselves_and_no_current_object_ever_does() -> None:
    stack = storage(OldVersionDays=12, UnfinishedUploadDays=3)
    rules = stack.properties("Bucket")["LifecycleConfiguration"]["Rules"]
    does = [
        {key: value for key, value in rule.items() if key not in {"Id", "Status"}} for rule in rules
    ]
    assert does == [
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 12}},
        {"ExpiredObjectDeleteMarker": True},
    ]
    assert {rule["Status"] for rule in rules} == {"Enabled"}


@pytest.mark.parametrize("name", ["Bucket", "BucketPolicy", "Key"])
def test_what_sessions_hang_on_outlives_the_stack(name: str) -> None:
    resource = storage().resources[name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_access_logs_are_written_where_a_bucket_is_named_for_them() -> None:
    assert "LoggingConfiguration" not in bucket()
    logging = bucket(AccessLogBucket="logs")["LoggingConfiguration"]
    assert logging == {"DestinationBucketName": "logs", "LogFilePrefix": "store/"}


def test_a_key_that_would_be_ignored_is_refused() -> None:
    (refusal,) = storage(KeyArn=GIVEN_KEY, Encryption="S3").refusals
    assert refusal.startswith("KeyArn")
    assert storage(KeyArn=GIVEN_KEY).refusals == storage(Encryption="S3").refusals == []


def test_every_value_is_exported_under_the_name_of_the_stack() -> None:
    stack = storage(BucketName="talk", Prefix="prod")
    assert stack.exports == {f"store-{name}": value for name, value in stack.outputs.items()}
    assert stack.exports["store-Url"] == "s3://talk/prod"
    policies = [listed(stack.exports[f"store-{role.capitalize()}PolicyArn"]) for role in Role]
    assert policies == [[f"{role.capitalize()}Policy"] for role in Role]


@pytest.mark.parametrize(
    "prefix", ["..", ".", "a/../b", "a/.", "session_x", "a/session_x", "a//b", "/a", "a/", "a*", ""]
)
def test_a_prefix_under_which_no_session_can_stand_is_refused(prefix: str) -> None:
    assert not re.search(TEMPLATE["Parameters"]["Prefix"]["AllowedPattern"], prefix)


@pytest.mark.parametrize("prefix", ["sessions", "eu/prod", ".hidden", "a..b/v1.2", "my-session_x"])
def test_any_other_prefix_is_taken_and_sessions_can_stand_there(prefix: str) -> None:
    assert re.search(TEMPLATE["Parameters"]["Prefix"]["AllowedPattern"], prefix)
    Sessions(f"s3://bucket/{prefix}")
