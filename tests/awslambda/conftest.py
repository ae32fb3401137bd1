"""The zips that functions are run from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.awslambda import artefacts


@pytest.fixture(scope="session")
def agent_zip() -> Path:
    """The example agent, as it would be deployed, for this Python and machine."""
    return artefacts.agent_zip()


@pytest.fixture(scope="session")
def retention_zip() -> Path:
    """The retention function, as it would be deployed, for this Python and machine."""
    return artefacts.retention_zip()
