"""The retention function: old sessions go when a schedule calls, and it says what it did."""

from __future__ import annotations

import gc
import json
import logging
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import snapshot_restore_py

from s3sessions import AccessDenied, InvalidId, InvalidSettings, Sessions
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.awslambda.retention import RetentionFunction
from s3sessions.awslambda.retention_variables import read_variables
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.awslambda.contexts import LambdaContext
from tests.behaviour.ageing import AGE, Ageing
from tests.interposed import Interposed

SCHEDULED = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "time": "2026-11-22T03:00:00Z",
    "resources": ["arn:aws:events:eu-central-1:123456789012:rule/retention"],
    "detail": {},
}
SECRET = "the lamp is under the stairs"


@pytest.fixture
def place() -> Ageing:
    return Ageing()


def function(place: Ageing, **asked: Any) -> RetentionFunction:
    def sessions() -> Sessions:
        made: Sessions = place.sessions(width=2)
        return made

    return RetentionFunction(**{"older_than": AGE, "sessions": sessions, **asked})


def metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The metrics of each line that was printed, by name; every line has to be one of them."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = []
    for line in lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Dimensions"] == [["FunctionName"]]
        found.append({each["Name"]: line[each["Name"]] for each in directive["Metrics"]})
    return found


def slow_down(place: Ageing, context: LambdaContext, seconds: float) -> None:
    """Let each deletion take its time, on Lambda's clock too."""

    def take_time(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_many":
            place.now += seconds
            context.pass_time(seconds)
        return call()

    place.rig.raw = Interposed(place.rig.raw, take_time)


def test_old_sessions_go_and_the_result_says_what_became_of_all(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    place.speak("old", "bad", title=SECRET)
    place.rig.plant("session_bad/session.json", b"{")
    place.wait(91)
    place.speak("young")
    report = function(place)(SCHEDULED, LambdaContext(function_name="sweeper"))
    size = report.pop("bytes")
    assert size > 0
    assert report == {
        "name": "retention",
        "dry_run": False,
        "outcome": "completed",
        "is_complete": True,
        "sessions": 3,
        "deleted": 1,
        "would_delete": 0,
        "kept": {"young": 1},
        "failed": 1,
        "failures": [{"id": "bad", "kind": "corrupt_object"}],
        "objects": 3,
        "next_after": None,
        "seconds": 0.0,
        "due_at": None,
    }
    assert metrics(capsys) == [
        {
            "SessionsDeleted": 1,
            "SessionsWouldDelete": 0,
            "SessionsKept": 1,
            "SessionsOpen": 0,
            "SessionsFailed": 1,
            "ObjectsDeleted": 3,
            "BytesDeleted": size,
            "SweepSeconds": 0.0,
            "SweepComplete": 1,
        }
    ]
    assert place.ids() == ["bad", "young"]


def test_the_line_of_the_metrics_says_which_invocation_of_which_function(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    context = LambdaContext(function_name="sweeper")
    function(place, metrics="shop")(SCHEDULED, context)
    line = json.loads(capsys.readouterr().out)
    assert (line["FunctionName"], line["RequestId"]) == ("sweeper", context.aws_request_id)
    assert line["outcome"] == "completed"
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "shop"
    function(place, metrics=None)({}, LambdaContext())
    assert capsys.readouterr().out == ""


def test_invocations_whose_time_is_over_go_on_where_the_last_one_ended(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    place.speak(*(f"s{n}" for n in range(8)))
    place.wait(91)
    context = LambdaContext()
    slow_down(place, context, 10)
    sweeper = function(place)
    reports = []
    for _ in range(9):
        context.milliseconds = 40_000
        reports.append(sweeper({}, context))
        assert context.milliseconds > 0, "Lambda would have ended it"
        if reports[-1]["is_complete"]:
            break
    assert len(reports) > 2
    assert [report["outcome"] for report in reports[:-1]] == ["unfinished"] * (len(reports) - 1)
    assert reports[0]["next_after"] == "s1"
    assert sum(report["deleted"] for report in reports) == 8
    assert place.ids() == []
    told = metrics(capsys)
    assert [each["SweepComplete"] for each in told] == [0] * (len(reports) - 1) + [1]


def test_what_schedules_and_lambda_deliver_twice_is_swept_once(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    sweeper = function(place)
    first, again, retried = LambdaContext(), LambdaContext(), LambdaContext()
    outcomes = [
        sweeper(SCHEDULED, first)["outcome"],
        sweeper(SCHEDULED, again)["outcome"],
        sweeper({}, retried)["outcome"],
        sweeper({}, retried)["outcome"],
        sweeper({**SCHEDULED, "id": "another"}, again)["outcome"],
    ]
    assert outcomes == ["completed", "repeated", "completed", "repeated", "completed"]
    assert [each.get("SweepSkipped") for each in metrics(capsys)] == [None, 1, None, 1, None]


def test_it_sweeps_no_more_often_than_it_is_told(place: Ageing) -> None:
    sweeper = function(place, every=timedelta(hours=23))
    assert sweeper({}, LambdaContext())["outcome"] == "completed"
    place.wait(0.5)
    report = sweeper({}, LambdaContext())
    assert (report["outcome"], report["sessions"]) == ("not_due", 0)
    assert report["due_at"] == "2027-01-16T07:00:00.000000+00:00"
    place.wait(0.5)
    assert sweeper({}, LambdaContext())["outcome"] == "completed"


def test_an_event_may_ask_for_a_dry_run_and_for_nothing_else(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    place.speak("old")
    place.wait(91)
    sweeper = function(place)
    report = sweeper({"dry_run": True}, LambdaContext())
    assert (report["dry_run"], report["would_delete"], report["deleted"]) == (True, 1, 0)
    told = metrics(capsys)[0]
    assert (told["SessionsWouldDelete"], told["SessionsDeleted"], told["BytesDeleted"]) == (1, 0, 0)
    assert not any(key.startswith("sweep_") for key in place.rig.keys())
    never = function(place, dry_run=True)
    for wrong in (
        {"dry_run": "true"},
        {"dry_run": 1},
        {"dryRun": True},
        {"older_than": "1s"},
        {**SCHEDULED, "dry_run": None},
        "dry run",
        ["dry_run"],
    ):
        for each in (sweeper, never):
            with pytest.raises(BadRequest):
                each(wrong, LambdaContext())
    assert place.ids() == ["old"]
    assert never({"dry_run": False}, LambdaContext())["would_delete"] == 1
    assert place.ids() == ["old"]
    assert sweeper(None, LambdaContext())["deleted"] == 1


def test_a_scheduled_event_may_ask_for_a_dry_run_too(place: Ageing) -> None:
    report = function(place)({**SCHEDULED, "dry_run": True}, LambdaContext())
    assert report["dry_run"]


def test_what_is_wrong_as_a_whole_is_raised_for_the_alarm_of_the_function(
    place: Ageing, capsys: pytest.CaptureFixture[str]
) -> None:
    place.rig.raw = FaultyStore(place.rig.raw, Rule(Fault.DENIED, verb="list", count=None))
    with pytest.raises(AccessDenied):
        function(place)(SCHEDULED, LambdaContext())
    assert capsys.readouterr().out == ""


def test_a_time_out_that_leaves_no_time_is_an_error(place: Ageing) -> None:
    with pytest.raises(InvalidSettings, match="longer time-out"):
        function(place)({}, LambdaContext(milliseconds=3000))
    assert function(place, reserve=1)({}, LambdaContext(milliseconds=3000))["is_complete"]


def test_of_each_session_that_went_its_id_is_logged_and_of_none_what_was_said(
    place: Ageing, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    place.speak("a", "b", title=SECRET)
    place.wait(91)
    caplog.set_level(logging.INFO, logger="s3sessions")
    report = function(place)(SCHEDULED, LambdaContext())
    events = [r.s3sessions for r in caplog.records]  # type: ignore[attr-defined]
    assert {e["session"] for e in events if e["event"] == "session_pruned"} == {"a", "b"}
    assert [e["outcome"] for e in events if e["event"] == "sweep_ended"] == ["completed"]
    for told in (caplog.text, capsys.readouterr().out, json.dumps(report)):
        assert "lamp" not in told
        assert "hello" not in told


def test_sessions_of_other_conditions_are_kept(place: Ageing) -> None:
    place.speak("cron", source="cron")
    place.speak("web", source="web")
    place.sessions().end("cron")
    place.wait(91)
    sweeper = function(place, source="cron", ended=True)
    gc.collect()
    assert sweeper({}, LambdaContext())["kept"] == {"filtered": 1}
    assert place.ids() == ["web"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"older_than": 0}, InvalidSettings),
        ({"older_than": "90d"}, InvalidSettings),
        ({"every": -1}, InvalidSettings),
        ({"name": ""}, InvalidId),
        ({"tag": ""}, InvalidSettings),
        ({"reserve": -1}, InvalidSettings),
        ({"url": "s3://bucket"}, InvalidSettings),
    ],
)
def test_what_cannot_be_meant_is_refused_in_init(
    place: Ageing, wrong: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        function(place, **wrong)


def test_what_is_restored_from_a_snapshot_has_a_client_of_its_own(
    place: Ageing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot_restore_py, "_after_restore_registry", [])
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")
    made: list[Any] = []

    def sessions() -> Sessions:
        made.append(place.sessions())
        return made[-1]  # type: ignore[no-any-return]

    sweeper = function(place, sessions=sessions)
    for hook, args, kwargs in snapshot_restore_py.get_after_restore():
        hook(*args, **kwargs)
    assert sweeper({}, LambdaContext())["is_complete"]
    assert [each.requests.total for each in made] == [0, 4]


# The variables


def variables(**given: str) -> dict[str, str]:
    return {f"S3SESSIONS_RETENTION_{name}": text for name, text in given.items()}


def test_every_variable_is_an_argument_of_the_function() -> None:
    given = variables(
        OLDER_THAN="90d",
        EVERY="23h",
        NAME="cron",
        ENDED="true",
        EMPTY="False",
        USER="ann",
        SOURCE="cron",
        MODEL="m",
        TAG="t",
        TITLE="lamp",
        PURGE="true",
        DRY_RUN=" TRUE ",
        METRICS="none",
    )
    read = read_variables({**given, "S3SESSIONS_URL": "s3://bucket", "PATH": "/bin"})
    assert read == {
        "older_than": timedelta(days=90),
        "every": timedelta(hours=23),
        "name": "cron",
        "ended": True,
        "empty": False,
        "user": "ann",
        "source": "cron",
        "model": "m",
        "tag": "t",
        "title": "lamp",
        "purge": True,
        "dry_run": True,
        "metrics": None,
    }
    RetentionFunction("memory://", **read)


def test_an_empty_variable_is_none() -> None:
    read = read_variables(variables(OLDER_THAN="36h", EVERY="", PURGE=" ", USER=""))
    assert read == {"older_than": timedelta(hours=36)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"OLDER_THAN": ""},
        {"OLDER_THAN": "90"},
        {"OLDER_THAN": "0d"},
        {"OLDER_THAN": "-1d"},
        {"EVERY": "daily"},
        {"DRY_RUN": "yes"},
        {"PURGE": "1"},
        {"ENDED": "maybe"},
        {"DRYRUN": "true"},
        {"dry_run": "true"},
        {"KEEP": "s1"},
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(wrong: dict[str, str]) -> None:
    (name,) = wrong
    with pytest.raises(InvalidSettings, match=f"^S3SESSIONS_RETENTION_{name}"):
        read_variables(variables(**{"OLDER_THAN": "90d", **wrong}))


def in_a_process(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"S3SESSIONS_URL": "memory://", **variables(**given)},
        capture_output=True,
        text=True,
        check=False,
    )


HANDLE = """
import sys
from s3sessions.awslambda import retention
assert "s3sessions.awslambda.retention_variables" not in sys.modules
handler = getattr(retention, "handler")
assert retention.handler is handler
class Context:
    function_name, aws_request_id = "f", "r"
    def get_remaining_time_in_millis(self): return 60_000
print(handler({}, Context())["outcome"])
"""


def test_the_handler_that_is_ready_is_made_by_the_variables_when_it_is_asked_for() -> None:
    ended = in_a_process(HANDLE, OLDER_THAN="90d", METRICS="none")
    assert (ended.stdout, ended.stderr) == ("completed\n", "")
    failed = in_a_process(HANDLE)
    assert "S3SESSIONS_RETENTION_OLDER_THAN is missing" in failed.stderr
