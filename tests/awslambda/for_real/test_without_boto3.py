"""An artefact that brings no boto3, in a runtime that has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.packaging import build
from tests.awslambda.artefacts import ARCH, PYTHON
from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.events import said
from tests.awslambda.for_real.http_answers import status_of
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME, SDK


@pytest.fixture
def slim(deployment: Deployment, tmp_path: Path) -> Deployment:
    """The same place, from an artefact without boto3, over boto3."""
    artefact = build("retention", arch=ARCH, python=PYTHON, with_boto3=False, into=tmp_path)
    return replace(
        deployment,
        code=unpacked(artefact),
        runtime=link_distributions(tmp_path / "runtime", *RUNTIME, *SDK),
        variables={**deployment.variables, "S3SESSIONS_TRANSPORT": "boto3"},
    )


def test_turns_are_stored_through_the_boto3_of_the_runtime(slim: Deployment) -> None:
    assert not (slim.code / "boto3").exists()
    with slim.function("talking.http").start() as environment:
        assert status_of(environment.invoke(said("old", "hello"))) == 200
    assert slim.transcript("old") == ["hello", "an answer to hello"]
