"""infra/app.yaml: the agent, what it may do, and its door."""

from __future__ import annotations

import pytest

from s3sessions.permissions import assume_document
from tests.infra.app_stack import TEMPLATE, app, policies, statements, variables
from tests.infra.stacks import ACCOUNT, REGION, is_allowed
from tests.infra.statements import in_lists

TENANT_ROLE = f"arn:aws:iam::{ACCOUNT}:role/tenants"
MODEL = "arn:aws:bedrock:*::foundation-model/anthropic.claude-sonnet-4-6"
PROFILE = f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/global.anthropic.claude-sonnet-4-6"


def test_the_functions_run_the_artefacts_on_arm_and_find_the_sessions_of_the_storage_stack() -> (
    None
):
    functions = app().of_type("AWS::Serverless::Function")
    ran = {name: (made["CodeUri"], made["Handler"]) for name, made in functions.items()}
    assert ran == {
        "AgentFunction": ("../dist/lambda/agent-arm64.zip", "handler.handler"),
        "RetentionFunction": (
            "../dist/lambda/retention-arm64.zip",
            "s3sessions.awslambda.retention.handler",
        ),
    }
    for name, made in functions.items():
        assert (made["Runtime"], made["Architectures"]) == ("python3.13", ["arm64"])
        assert variables(name)["S3SESSIONS_URL"] == "s3://talk/sessions"


def test_the_agent_has_the_time_memory_and_concurrency_that_it_is_given() -> None:
    given = {"Timeout": 29, "MemorySize": 2048}
    agent = app(**given, ReservedConcurrency=7).properties("AgentFunction")
    assert given.items() <= agent.items()
    assert agent["ReservedConcurrentExecutions"] == 7


def test_a_reservation_of_nothing_is_none_and_not_a_stop() -> None:
    agent = app(ReservedConcurrency=0).properties("AgentFunction")
    assert "ReservedConcurrentExecutions" not in agent


def test_the_agent_writes_and_deletes_by_the_policies_of_the_storage_stack() -> None:
    assert policies("AgentRole") == ["WriterPolicy", "EraserPolicy"]
    assert policies("AgentRole", Deletion="Denied") == ["WriterPolicy"]


def test_with_a_tenants_role_the_agent_itself_reaches_no_session() -> None:
    parameters = {"TenantRoleArn": TENANT_ROLE, "Retention": "Off"}
    assert policies("AgentRole", **parameters) == []
    assert variables("AgentFunction", **parameters)["S3SESSIONS_TENANT_ROLE"] == TENANT_ROLE
    may = statements("AgentRole", **parameters)["TakeOnForOneTenant"]
    (expected,) = assume_document(TENANT_ROLE)["Statement"]
    assert in_lists(may.written) == in_lists(expected)
    assert "TakeOnForOneTenant" not in statements("AgentRole")
    assert "S3SESSIONS_TENANT_ROLE" not in variables("AgentFunction")


def test_no_sweep_is_begun_that_could_reach_no_tenant() -> None:
    (refusal,) = app(TenantRoleArn=TENANT_ROLE).refusals
    assert "Retention=Off" in refusal
    assert app(TenantRoleArn=TENANT_ROLE, Retention="Off").refusals == []
    assert app().refusals == []


def test_the_agent_invokes_its_model_through_the_profile_and_no_other() -> None:
    may = statements("AgentRole")
    for sid, resource in (("InvokeProfile", PROFILE), ("InvokeModelOfProfile", MODEL)):
        assert may[sid].resources == [resource]
        invoke = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
        assert may[sid].actions == invoke
    condition = {"StringEquals": {"bedrock:InferenceProfileArn": PROFILE}}
    assert may["InvokeModelOfProfile"].written["Condition"] == condition
    chosen = "global.anthropic.claude-sonnet-4-6"
    assert variables("AgentFunction")["BEDROCK_MODEL_ID"] == chosen


def test_without_a_profile_it_is_the_model_of_this_region() -> None:
    parameters = {"BedrockProfile": "", "BedrockModelId": "amazon.nova-pro-v1:0"}
    may = statements("AgentRole", **parameters)
    assert [sid for sid in may if sid.startswith("Invoke")] == ["InvokeModel"]
    model = f"arn:aws:bedrock:{REGION}::foundation-model/amazon.nova-pro-v1:0"
    assert may["InvokeModel"].resources == [model]
    assert variables("AgentFunction", **parameters)["BEDROCK_MODEL_ID"] == "amazon.nova-pro-v1:0"


@pytest.mark.parametrize("model", ["stand-in", "my_models:claude"])
def test_without_bedrock_the_agent_may_invoke_no_model(model: str) -> None:
    assert variables("AgentFunction", Model=model)["MODEL"] == model
    assert not [sid for sid in statements("AgentRole", Model=model) if sid.startswith("Invoke")]


def test_the_url_wants_signed_requests_and_the_callers_policy_permits_them() -> None:
    stack = app()
    assert stack.properties("AgentUrl")["AuthType"] == "AWS_IAM"
    assert stack.outputs["Url"] == "<AgentUrl.FunctionUrl>"
    assert not [name for name in stack.resources if name.startswith("Api")]
    may = statements("CallerPolicy")
    assert {sid: one.actions for sid, one in may.items()} == {
        "CallUrl": ["lambda:InvokeFunctionUrl"],
        "CallByUrl": ["lambda:InvokeFunction"],
    }
    assert {tuple(one.resources) for one in may.values()} == {("<AgentFunction.Arn>",)}
    by_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    assert may["CallByUrl"].written["Condition"] == by_url


def test_the_api_wants_signed_requests_and_the_callers_policy_permits_them() -> None:
    stack = app(Door="HttpApi")
    assert stack.properties("ApiRoute")["AuthorizationType"] == "AWS_IAM"
    assert stack.properties("ApiRoute")["RouteKey"] == "$default"
    assert stack.properties("ApiIntegration")["PayloadFormatVersion"] == "2.0"
    assert stack.outputs["Url"] == f"https://Api.execute-api.{REGION}.amazonaws.com/"
    assert "AgentUrl" not in stack.resources
    (call,) = statements("CallerPolicy", Door="HttpApi").values()
    assert call.actions == ["execute-api:Invoke"]
    assert call.resources == [f"arn:aws:execute-api:{REGION}:{ACCOUNT}:Api/$default/*/*"]
    permission = stack.properties("ApiInvokesAgent")
    assert permission["SourceArn"] == f"arn:aws:execute-api:{REGION}:{ACCOUNT}:Api/*"


@pytest.mark.parametrize(
    ("function", "role", "logs"),
    [
        ("AgentFunction", "AgentRole", "AgentLogs"),
        ("RetentionFunction", "RetentionRole", "RetentionLogs"),
    ],
)
def test_a_function_logs_to_its_own_group_which_forgets(
    function: str, role: str, logs: str
) -> None:
    stack = app(LogDays=7)
    assert stack.properties(logs)["RetentionInDays"] == 7
    assert stack.properties(function)["LoggingConfig"] == {"LogGroup": logs}
    assert stack.properties(function)["Role"] == f"<{role}.Arn>"
    assert statements(role)["Log"].resources == [f"<{logs}.Arn>"]


@pytest.mark.parametrize("role", ["AgentRole", "RetentionRole"])
def test_a_function_may_trace_only_where_it_does(role: str) -> None:
    assert "Trace" in statements(role)
    assert "Trace" not in statements(role, Tracing="PassThrough")


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("Model", "my_models.claude"),
        ("BedrockModelId", "global/claude"),
        ("BedrockModelId", "*"),
        ("BedrockProfile", "*"),
        ("RetentionOlderThan", "0d"),
        ("RetentionOlderThan", "90"),
        ("TenantRoleArn", "arn:aws:iam::111122223333:role/*"),
        ("StorageStack", "a/b"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(name: str, refused: str) -> None:
    assert not is_allowed(TEMPLATE["Parameters"][name], refused)
