"""Metrics: one line of JSON that CloudWatch Logs reads numbers out of."""

from __future__ import annotations

import json

import pytest

from s3sessions.awslambda.metrics import print_metrics


def test_a_line_has_what_the_embedded_metric_format_asks_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_metrics(
        "shop",
        {"FunctionName": "talk", "Stage": "prod"},
        {"Turns": (2, "Count"), "Wait": (1.5, "Milliseconds")},
        {"RequestId": "r-1"},
        clock=lambda: 1_800_000_000.25,
    )
    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert out.count("\n") == 1
    assert json.loads(out) == {
        "_aws": {
            "Timestamp": 1_800_000_000_250,
            "CloudWatchMetrics": [
                {
                    "Namespace": "shop",
                    "Dimensions": [["FunctionName", "Stage"]],
                    "Metrics": [
                        {"Name": "Turns", "Unit": "Count"},
                        {"Name": "Wait", "Unit": "Milliseconds"},
                    ],
                }
            ],
        },
        "FunctionName": "talk",
        "Stage": "prod",
        "Turns": 2,
        "Wait": 1.5,
        "RequestId": "r-1",
    }


def test_what_a_property_says_forges_no_line_and_no_metric(
    capsys: pytest.CaptureFixture[str],
) -> None:
    properties = {"id": 'a\n{"_aws": {}}\u2028', "Turns": 99, "FunctionName": "other", "_aws": {}}
    print_metrics("shop", {"FunctionName": "talk"}, {"Turns": (1, "Count")}, properties)
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    line = json.loads(out)
    assert (line["Turns"], line["FunctionName"]) == (1, "talk")
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "shop"


def test_without_a_metric_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    print_metrics("shop", {"FunctionName": "talk"}, {}, {"RequestId": "r-1"})
    assert capsys.readouterr().out == ""
