from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Run


def rows_of(run: Run, *options: str) -> dict[tuple[str, int, int | None], Any]:
    ended = run("cost", "--json", *options)
    assert ended.code == 0
    rows = json.loads(ended.out)["rows"]
    return {(row["operation"], row["messages"], row["last"]): row for row in rows}


def test_the_tables_tell_dollars_and_requests_and_where_dynamodb_is_cheaper(run: Run) -> None:
    ended = run("cost")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert re.fullmatch(
        r"1,000,000 appends +5\.00 +5\.00 +0\.625 +– +DynamoDB, 8\.0 times", lines[1]
    )
    assert any(re.match(r"1,000 restores of 10,000 .* S3, 3\.\d times", line) for line in lines)
    assert any(re.match(r"1,000 +2 LIST, 1,003 GET", line) for line in lines)
    (cheaper,) = [line for line in lines if line.startswith("DynamoDB is cheaper for: ")]
    assert "1,000,000 appends; 1,000 restores of 100;" in cheaper
    assert "kept for a month" not in cheaper
    assert "us-east-1" in lines[-1]


def test_it_asks_nothing_of_any_store_and_leaves_nothing(run: Run, tmp_path: Path) -> None:
    assert run("cost", "--url", "s3://nowhere/at-all").code == 0
    assert run("cost").code == 0
    assert list(tmp_path.iterdir()) == []


def test_json_holds_requests_and_dollars(run: Run) -> None:
    restore = rows_of(run)["restore", 1000, None]
    assert restore["loose"]["requests"] == {"list": 2, "get": 1003}
    assert restore["loose"]["dollars"] == pytest.approx(0.4112)
    assert restore["packed"]["dollars"] < restore["loose"]["dollars"] / 5
    assert restore["dynamodb"]["read_units"] == 250
    assert restore["dynamodb"]["eventual"] == pytest.approx(restore["dynamodb"]["strong"] / 2)
    assert restore["dynamodb_is_cheaper"] is True


def test_prices_that_are_given_count_and_the_others_stay(run: Run) -> None:
    given = rows_of(run, "--s3-put", "1", "--dynamodb-write", "2000")
    listed = rows_of(run)
    append = ("append", 1, None)
    assert given[append]["loose"]["dollars"] == pytest.approx(1000)
    assert given[append]["dynamodb"]["strong"] == pytest.approx(2000)
    assert not given[append]["dynamodb_is_cheaper"]
    assert given["keep", 1, None] == listed["keep", 1, None]
    express = rows_of(run, "--storage-class", "express", "--s3-get", "0")
    assert express[append]["loose"]["dollars"] == pytest.approx(1.13, rel=0.01)


def test_a_message_over_one_unit_takes_more_of_dynamodb_and_no_more_requests(run: Run) -> None:
    small, large = rows_of(run), rows_of(run, "--message-bytes", "1025")
    append = ("append", 1, None)
    assert large[append]["dynamodb"]["strong"] == 2 * small[append]["dynamodb"]["strong"]
    assert large[append]["loose"] == small[append]["loose"]


def test_what_no_item_can_hold_is_compared_with_nothing(run: Run) -> None:
    assert all(
        row["dynamodb"] is None for row in rows_of(run, "--message-bytes", "409601").values()
    )
    assert "DynamoDB cannot hold such messages" in run("cost", "--message-bytes", "409601").out


def test_what_is_free_is_cheaper(run: Run) -> None:
    free = ("--s3-put", "0", "--s3-get", "0", "--s3-storage", "0")
    ended = run("cost", *free)
    assert "DynamoDB is cheaper for none of this" in ended.out
    assert "packing 1,000 messages never pays for itself" in ended.out
    assert all(not row["dynamodb_is_cheaper"] for row in rows_of(run, *free).values())


@pytest.mark.parametrize(
    "arguments",
    [
        ("--s3-put", "-0.1"),
        ("--s3-get", "nan"),
        ("--s3-storage", "inf"),
        ("--dynamodb-read", "cheap"),
        ("--message-bytes", "0"),
        ("--message-bytes", "1.5"),
        ("--storage-class", "glacier"),
        ("order-42",),
    ],
)
def test_wrong_prices_and_sizes_are_refused(run: Run, arguments: tuple[str, ...]) -> None:
    ended = run("cost", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert arguments[-1] in ended.err


def test_the_help_says_whose_prices_these_are_and_since_when(run: Run) -> None:
    text = run("cost", "--help").out
    for said in ("us-east-1", "2025", "aws.amazon.com/s3/pricing", "0.00003", "0.625"):
        assert said in text
