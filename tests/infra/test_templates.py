"""Both templates: sound to CloudFormation, narrow in what they permit, and told of in full."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.infra.sam import translate
from tests.infra.stacks import ACCOUNT, REGION, Stack, is_allowed
from tests.infra.statements import Statement, statements_of
from tests.infra.templates import APP, STORAGE, load

TEMPLATES = {path.stem: load(path) for path in (STORAGE, APP)}
BOTH = pytest.mark.parametrize("name", sorted(TEMPLATES))

OTHERWISE: dict[str, dict[str, Any]] = {
    "storage": {
        "Encryption": "S3",
        "KeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0",
        "Versioning": "Off",
        "UnconditionalWrites": "Denied",
        "AccessLogBucket": "logs",
        "Tenants": "Yes",
        "TenantRoleCallers": f"arn:aws:iam::{ACCOUNT}:role/app-*",
        "ExportBucket": "lake",
    },
    "app": {
        "TenantRoleArn": f"arn:aws:iam::{ACCOUNT}:role/tenants",
        "Deletion": "Denied",
        "Model": "stand-in",
        "BedrockProfile": "",
        "Door": "HttpApi",
        "Tracing": "PassThrough",
        "Retention": "Off",
        "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:pager",
    },
}
"""The parameters that change what is made, each with another value than its default."""

WITHOUT_RESOURCES = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
"""Actions that know no resource but `*`."""


@cache
def translated(name: str) -> dict[str, Any]:
    """A template without SAM."""
    return translate(TEMPLATES[name]) if name == "app" else TEMPLATES[name]


@cache
def stacks(name: str) -> list[Stack]:
    """What a template can become where up to three parameters are not left as they are."""
    exports = Stack(TEMPLATES["storage"], name="s3sessions-storage").exports
    chosen = [
        Stack(translated(name), dict(others), imports=exports)
        for changed in range(4)
        for others in combinations(OTHERWISE[name].items(), changed)
    ]
    return [stack for stack in chosen if not stack.refusals]


@cache
def statements(name: str) -> list[Statement]:
    """Every statement that any of the stacks has, once."""
    found = [one for stack in stacks(name) for one in statements_of(stack.resources)]
    return list({json.dumps([one.of, one.written], sort_keys=True): one for one in found}.values())


def linted(template: str) -> list[str]:
    # Slow to load, and for this alone.
    from cfnlint.api import ManualArgs, lint

    return [str(match) for match in lint(template, config=ManualArgs(regions=[REGION]))]


@pytest.mark.parametrize("path", [STORAGE, APP], ids=lambda path: path.stem)
def test_cfn_lint_finds_nothing(path: Path) -> None:
    assert linted(path.read_text(encoding="utf-8")) == []


def test_cfn_lint_finds_nothing_in_what_sam_makes_of_the_app() -> None:
    assert translated("app") != TEMPLATES["app"]
    assert linted(json.dumps(translated("app"))) == []


@BOTH
def test_whatever_is_chosen_nothing_refers_to_what_is_not_there(name: str) -> None:
    for stack in stacks(name):
        assert stack.resources
        for output in stack.outputs.values():
            assert output
        for resource in stack.resources.values():
            assert resource.get("DependsOn", next(iter(stack.resources))) in stack.resources


@BOTH
def test_no_action_that_is_allowed_has_a_wildcard(name: str) -> None:
    allowed = [one for one in statements(name) if one.is_allowing]
    assert allowed
    for one in allowed:
        assert "NotAction" not in one.written
        for action in one.actions:
            assert re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action), one


@BOTH
def test_no_resource_that_is_allowed_is_wider_than_it_must_be(name: str) -> None:
    for one in statements(name):
        assert "NotResource" not in one.written
        if one.is_allowing:
            for resource in one.resources:
                assert is_narrow(one, resource), one


def is_narrow(one: Statement, resource: str) -> bool:
    if resource == "*":
        # A key's own policy cannot name the key; and some actions know no resources.
        return one.of == "Key" or set(one.actions) <= WITHOUT_RESOURCES
    if resource.startswith("arn:aws:s3:::"):
        # A bucket, or what begins with the prefix and with a name that sessions give.
        return (
            re.search(
                r":::[\w.-]+(/(sessions|exports)/(\$\{aws:PrincipalTag/tenant\}/)?"
                r"(session_|s3sessions_check_|sweep_)\*.*)?$",
                resource,
            )
            is not None
        )
    if ":execute-api:" in resource:
        return resource.endswith(":Api/$default/*/*")
    # The region of a model that a profile invokes; nothing else.
    return "*" not in resource.replace("arn:aws:bedrock:*::foundation-model/", "")


@BOTH
def test_who_may_take_a_role_on_is_a_service_or_is_named(name: str) -> None:
    for one in statements(name):
        if one.is_allowing and "sts:AssumeRole" in one.actions and "Principal" in one.written:
            ((kind, who),) = one.written["Principal"].items()
            assert kind in {"Service", "AWS"}
            assert "*" not in who
            if kind == "AWS":
                assert "aws:PrincipalArn" in one.written["Condition"]["ArnLike"]


@BOTH
def test_only_denials_are_for_everybody(name: str) -> None:
    for one in statements(name):
        assert "NotPrincipal" not in one.written
        assert not (one.is_allowing and one.written.get("Principal") in ("*", {"AWS": "*"}))


@BOTH
def test_no_role_has_a_policy_that_aws_wrote(name: str) -> None:
    for stack in stacks(name):
        for role in stack.of_type("AWS::IAM::Role").values():
            assert not [arn for arn in role.get("ManagedPolicyArns", []) if ":aws:policy/" in arn]


@BOTH
def test_iam_makes_up_the_names_of_all_that_it_keeps(name: str) -> None:
    for stack in stacks(name):
        for kind in ("Role", "ManagedPolicy"):
            for made in stack.of_type(f"AWS::IAM::{kind}").values():
                assert not {"RoleName", "ManagedPolicyName"} & made.keys()


@BOTH
def test_every_parameter_is_described_limited_and_in_one_group(name: str) -> None:
    template = TEMPLATES[name]
    for parameter, about in template["Parameters"].items():
        assert len(about["Description"]) > 20, parameter
        if about["Type"] == "Number":
            assert {"MinValue", "MaxValue"} <= about.keys() or "AllowedValues" in about, parameter
        elif about["Type"] == "String":
            assert "AllowedValues" in about or "ConstraintDescription" in about, parameter
            assert is_allowed(about, about["Default"])
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [parameter for group in groups for parameter in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


@BOTH
@pytest.mark.parametrize("text", ["a*", "a\nb", "a b", "a${b}", "a?", '"', "ü", "../a/"])
def test_no_parameter_lets_a_wildcard_a_variable_or_white_space_through(
    name: str, text: str
) -> None:
    for parameter, about in TEMPLATES[name]["Parameters"].items():
        if about["Type"] == "String":
            assert not is_allowed(about, text), parameter


# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html
# Rules know fewer functions than conditions do, and cfn-lint does not look.
@BOTH
def test_rules_use_the_functions_that_rules_know(name: str) -> None:
    rules = json.dumps(TEMPLATES[name]["Rules"])
    used = set(re.findall(r'"(Fn::\w+|Ref|Condition)":', rules))
    assert used <= {"Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", "Ref"}


@BOTH
def test_everything_that_a_linter_skips_says_why(name: str) -> None:
    for resource in TEMPLATES[name]["Resources"].values():
        for skipped in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            assert re.fullmatch(r"CKV\w+_\d+", skipped["id"])
            assert len(skipped["comment"]) > 40


@pytest.mark.parametrize("path", [STORAGE, APP], ids=lambda path: path.stem)
def test_a_template_is_small_enough_to_be_given_without_a_bucket(path: Path) -> None:
    assert len(path.read_bytes()) <= 51_200
