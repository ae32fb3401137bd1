"""The zips that functions are run from."""

from __future__ import annotations

from tests.awslambda.conftest import agent_zip, retention_zip

__all__ = ["agent_zip", "retention_zip"]
