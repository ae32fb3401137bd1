"""infra/app.yaml: retention, and the alarms of it and of the agent."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3sessions.durations import parse_duration
from tests.awslambda.contexts import LambdaContext
from tests.infra.app_stack import TEMPLATE, app, policies, statements, variables
from tests.infra.stacks import ACCOUNT, REGION

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"


@pytest.mark.parametrize(
    ("retention", "dry_run", "purge"),
    [("Report", "true", "false"), ("Delete", "false", "false"), ("Purge", "false", "true")],
)
def test_retention_does_what_it_is_told(retention: str, dry_run: str, purge: str) -> None:
    told = variables("RetentionFunction", Retention=retention, RetentionOlderThan="36h")
    assert told == {
        "S3SESSIONS_URL": "s3://talk/sessions",
        "S3SESSIONS_RETENTION_OLDER_THAN": "36h",
        "S3SESSIONS_RETENTION_EVERY": "23h",
        "S3SESSIONS_RETENTION_DRY_RUN": dry_run,
        "S3SESSIONS_RETENTION_PURGE": purge,
    }


def test_nothing_is_deleted_unless_that_is_asked_for() -> None:
    assert variables("RetentionFunction")["S3SESSIONS_RETENTION_DRY_RUN"] == "true"


def test_without_retention_nothing_of_it_is_made() -> None:
    made = app(Retention="Off").resources
    assert not [name for name in made if name.startswith("Retention")]


def test_the_sweep_is_scheduled_with_the_rights_of_an_eraser_and_what_fails_is_kept() -> None:
    stack = app()
    assert policies("RetentionRole") == ["EraserPolicy"]
    sweep = stack.properties("RetentionSweep")
    # An event cannot say what is deleted; this one does not try.
    assert sweep["Target"]["Input"] == "{}"
    assert sweep["Target"]["Arn"] == "<RetentionFunction.Arn>"
    assert sweep["Target"]["RoleArn"] == "<RetentionSchedulerRole.Arn>"
    assert sweep["Target"]["DeadLetterConfig"] == {"Arn": "<RetentionDeadLetters.Arn>"}
    failing = stack.properties("RetentionFunction")["EventInvokeConfig"]
    on_failure = {"Type": "SQS", "Destination": "<RetentionDeadLetters.Arn>"}
    assert failing["DestinationConfig"] == {"OnFailure": on_failure}
    assert stack.properties("RetentionDeadLetters")["SqsManagedSseEnabled"] is True
    for role in ("RetentionRole", "RetentionSchedulerRole"):
        tell = statements(role)["TellOfFailure"]
        assert tell.actions == ["sqs:SendMessage"]
        assert tell.resources == ["<RetentionDeadLetters.Arn>"]
    may = statements("RetentionSchedulerRole")
    assert may["Invoke"].resources == ["<RetentionFunction.Arn>"]
    # A schedule of somebody else's account is not to act as this role.
    of_this_account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert may["SchedulerOfThisAccount"].written["Condition"] == of_this_account


def test_a_report_begins_anew_each_day_and_a_deletion_is_gone_on_with_each_hour() -> None:
    def schedule(retention: str) -> str:
        properties = app(Retention=retention).properties("RetentionSweep")
        return str(properties["ScheduleExpression"])

    assert {what: schedule(what) for what in ("Report", "Delete", "Purge")} == {
        "Report": "rate(1 day)",
        "Delete": "rate(1 hour)",
        "Purge": "rate(1 hour)",
    }


def test_the_ages_that_are_let_through_are_those_that_the_retention_reads() -> None:
    pattern = TEMPLATE["Parameters"]["RetentionOlderThan"]["AllowedPattern"]
    for age in ("36h", "90d", "52w", "99999h"):
        assert re.search(pattern, age)
        assert parse_duration(age)


ALARMS = {
    "AgentErrors": ("AWS/Lambda", "Errors", {"FunctionName": "AgentFunction"}),
    "AgentThrottles": ("AWS/Lambda", "Throttles", {"FunctionName": "AgentFunction"}),
    "AgentUrlFailures": ("AWS/Lambda", "Url5xxCount", {"FunctionName": "AgentFunction"}),
    "RetentionErrors": ("AWS/Lambda", "Errors", {"FunctionName": "RetentionFunction"}),
    "RetentionFailedSessions": (
        "s3sessions",
        "SessionsFailed",
        {"FunctionName": "RetentionFunction"},
    ),
    "RetentionIncomplete": ("s3sessions", "SweepComplete", {"FunctionName": "RetentionFunction"}),
    "RetentionUndelivered": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "<RetentionDeadLetters.QueueName>"},
    ),
}


def test_alarms_watch_what_the_functions_tell() -> None:
    alarms = app().of_type("AWS::CloudWatch::Alarm")
    near_timeout = alarms.pop("AgentNearTimeout")
    watched = {
        name: (
            alarm["Namespace"],
            alarm["MetricName"],
            {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]},
        )
        for name, alarm in alarms.items()
    }
    assert watched == ALARMS
    expressions = [metric.get("Expression") for metric in near_timeout["Metrics"]]
    assert expressions == ["100 * longest / (1000 * 120)", None]


@pytest.fixture(params=["Report", "Delete", "Purge"])
def retention(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., dict[str, Any]]]:
    """The handler of the retention function, made by the variables of the template."""
    told = variables("RetentionFunction", Retention=request.param)
    told = {**told, "S3SESSIONS_URL": tmp_path.as_uri()}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    module, name = app().properties("RetentionFunction")["Handler"].rsplit(".", 1)
    loaded = importlib.import_module(module)
    vars(loaded).pop(name, None)
    yield getattr(loaded, name)
    vars(loaded).pop(name, None)


def test_the_retention_function_understands_its_variables_and_tells_what_alarms_watch(
    retention: Callable[..., dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    stack = app()
    scheduled = json.loads(stack.properties("RetentionSweep")["Target"]["Input"])
    seconds = stack.properties("RetentionFunction")["Timeout"]
    name = "RetentionFunction"
    report = retention(scheduled, LambdaContext(function_name=name, milliseconds=seconds * 1000))
    assert report["is_complete"] is True
    told = json.loads(capsys.readouterr().out)
    (directive,) = told["_aws"]["CloudWatchMetrics"]
    assert directive["Dimensions"] == [["FunctionName"]]
    metrics = {metric["Name"] for metric in directive["Metrics"]}
    for namespace, metric, dimensions in ALARMS.values():
        if namespace == directive["Namespace"]:
            assert metric in metrics
            assert told.items() >= dimensions.items()
    assert told["SweepComplete"] == 1


def test_failures_of_an_api_are_watched_at_the_api() -> None:
    stack = app(Door="HttpApi")
    alarm = stack.properties("AgentApiFailures")
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5xx")
    assert alarm["Dimensions"] == [{"Name": "ApiId", "Value": "Api"}]
    assert "AgentUrlFailures" not in stack.resources


def test_an_alarm_sounds_at_the_first_failure_or_after_two_days_without_a_sweep() -> None:
    alarms = app().of_type("AWS::CloudWatch::Alarm")
    incomplete = alarms.pop("RetentionIncomplete")
    assert incomplete["ComparisonOperator"] == "LessThanThreshold"
    assert (incomplete["Period"], incomplete["EvaluationPeriods"]) == (86400, 2)
    # A sweep that never begins tells nothing at all.
    assert incomplete["TreatMissingData"] == "breaching"
    assert {alarm["TreatMissingData"] for alarm in alarms.values()} == {"notBreaching"}
    del alarms["AgentNearTimeout"]
    assert {(alarm["Threshold"], alarm["ComparisonOperator"]) for alarm in alarms.values()} == {
        (1, "GreaterThanOrEqualToThreshold")
    }


def test_every_alarm_goes_to_the_topic_where_there_is_one() -> None:
    for alarm in app(AlarmTopicArn=TOPIC).of_type("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [TOPIC]
    for alarm in app().of_type("AWS::CloudWatch::Alarm").values():
        assert "AlarmActions" not in alarm
