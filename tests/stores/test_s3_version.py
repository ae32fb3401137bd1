"""A boto3 that is too old is refused before any request: pip never saw what a runtime brings."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from s3sessions import InvalidSettings, Sessions
from tests.servers.s3_stub import Stub

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("version", ["1.40.60", "1.39.99", "0.9"])
def test_an_older_boto3_than_the_package_wants_is_refused(
    monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setattr(boto3, "__version__", version)
    with Sessions("s3://bucket", transport="boto3") as sessions:
        with pytest.raises(InvalidSettings, match=rf"boto3 {version} is too old: .* 1\.40\.61"):
            sessions.prepare()
        with pytest.raises(InvalidSettings, match="too old"):
            sessions.open("s").append({"n": 1})


@pytest.mark.parametrize("version", ["1.40.61", "1.41.0", "1.100.0", "1.50.0rc1", "2.0"])
def test_the_oldest_that_the_package_wants_and_any_newer_is_taken(
    monkeypatch: pytest.MonkeyPatch, stub: Stub, version: str
) -> None:
    monkeypatch.setattr(boto3, "__version__", version)
    url = f"s3://{stub.make_bucket()}"
    with Sessions(url, endpoint_url=stub.endpoint_url, transport="boto3") as sessions:
        assert sessions.open("s").append({"n": 1}).index == 0


def test_the_oldest_is_the_one_that_pip_is_told() -> None:
    assert '"boto3>=1.40.61"' in PROJECT.read_text(encoding="utf-8")
