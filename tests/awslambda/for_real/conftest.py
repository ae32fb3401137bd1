"""What a function needs to run for real: an artefact, a runtime, a bucket, a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.for_real.model_endpoint import ModelEndpoint
from tests.rig import fresh_name
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME
from tests.servers.weed import Weed

LAYER = Path(__file__).with_name("layer")


@pytest.fixture(scope="session")
def agent_code(agent_zip: Path) -> Path:
    """The agent's artefact, as it lies in /var/task."""
    return unpacked(agent_zip)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runtime without an SDK, so that an artefact must bring its own."""
    return link_distributions(tmp_path_factory.mktemp("runtime"), *RUNTIME)


@pytest.fixture(scope="session")
def model_endpoint() -> Iterator[ModelEndpoint]:
    with ModelEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
def model(model_endpoint: ModelEndpoint) -> Iterator[ModelEndpoint]:
    """A model that nobody has called yet."""
    model_endpoint.forget()
    yield model_endpoint
    model_endpoint.forget()


@pytest.fixture
def deployment(
    agent_code: Path, runtime: Path, weed: Weed, weed_bucket: str, model: ModelEndpoint
) -> Deployment:
    """The agent's artefact over a prefix of its own, with the layer's handlers besides."""
    url = f"s3://{weed_bucket}/{fresh_name()}"
    variables = {"MODEL_URL": model.url}
    return Deployment(agent_code, runtime, url, weed.endpoint_url, (LAYER,), variables)
