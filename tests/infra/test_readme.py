"""infra/README.md is true: its tables are the templates', its snippets run, its sums add up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import s3sessions
from s3sessions.costs import STANDARD, History
from s3sessions.costs.requests import Requests
from tests.awslambda.contexts import LambdaContext
from tests.infra.templates import APP, INFRA, STORAGE, load
from tests.servers.moto_server import MotoServer

README = (INFRA / "README.md").read_text(encoding="utf-8")
NOT_OURS = ("aws_cdk",)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


SNIPPETS = [text for text in blocks("python") if not any(name in text for name in NOT_OURS)]


def table_of(template: Path) -> str:
    """The table of a template's parameters, as the README has it."""
    lines = [f"| `{template.name}` | default | |", "| --- | --- | --- |"]
    for name, parameter in load(template)["Parameters"].items():
        default = f"`{parameter['Default']}`" if parameter["Default"] != "" else ""
        said = parameter["Description"].replace("|", "\\|")
        lines.append(f"| `{name}` | {default} | {said} |")
    return "\n".join(lines)


@pytest.mark.parametrize("template", [STORAGE, APP], ids=lambda path: path.name)
def test_every_parameter_is_in_the_table_as_the_template_says_it(template: Path) -> None:
    assert table_of(template) in README


@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_runs_as_it_stands(
    number: int, moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SESSIONS_ENDPOINT_URL", moto.endpoint_url)
    with moto.client() as s3:
        s3.create_bucket(Bucket="my-bucket")
    exec(compile(SNIPPETS[number], f"infra/README snippet {number}", "exec"), {})


def test_what_is_not_ours_is_python_all_the_same() -> None:
    foreign = set(blocks("python")) - set(SNIPPETS)
    assert len(foreign) == len(NOT_OURS)
    for snippet in foreign:
        compile(snippet, "infra/README", "exec")


def test_the_queue_of_the_snippet_asks_for_partial_responses() -> None:
    (snippet,) = (text for text in blocks("yaml") if "SQS" in text)
    event = yaml.safe_load(snippet.replace("!GetAtt ", ""))["Events"]["Work"]
    assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_consumer_of_the_snippet_answers_a_batch(
    moto: MotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SESSIONS_ENDPOINT_URL", moto.endpoint_url)
    with moto.client() as s3:
        s3.create_bucket(Bucket="my-bucket")
    (snippet,) = (text for text in SNIPPETS if "@function.sqs" in text)
    names: dict[str, Any] = {}
    exec(compile(snippet, "infra/README", "exec"), names)
    said = {"session_id": "from-a-queue", "message": "hello"}
    bodies = {"good": json.dumps(said), "bad": "no JSON"}
    records = [
        {"messageId": name, "body": body, "eventSource": "aws:sqs"} for name, body in bodies.items()
    ]
    assert names["handler"]({"Records": records}, LambdaContext()) == {
        "batchItemFailures": [{"itemIdentifier": "bad"}]
    }
    with s3sessions.Sessions("s3://my-bucket/prod") as sessions:
        history = sessions.open("from-a-queue").restore()
        assert [message["content"] for message in history.payloads] == ["hello", "1 so far"]


def test_what_a_turn_costs_is_what_its_requests_cost() -> None:
    claim = Requests(puts=1, deletes=1)
    restore = History(100).restore(last=50)
    said = Requests(puts=2, gets=1)
    costs = [1000 * STANDARD.of(part, 1024) for part in (claim, restore, said)]
    rows = re.findall(r"^\| (.+) \| .* \| (\d+\.\d{4}) \|$", README, re.MULTILINE)
    told = dict(rows[:3])
    assert list(told.values()) == [f"{cost:.4f}" for cost in costs]
    assert f"| {restore.lists} LIST, {restore.gets} GET |" in README
    assert f"| **a turn** | | **{sum(costs):.4f}** |" in README
