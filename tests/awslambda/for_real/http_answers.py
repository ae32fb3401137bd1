"""What a function behind a URL answers."""

from __future__ import annotations

import json
from typing import Any

from tests.servers.lambda_runtime import Outcome


def status_of(outcome: Outcome) -> int:
    """Give the status of an answer; fails where the function had no answer."""
    assert outcome.ok, outcome.error
    status: int = outcome.payload["statusCode"]
    return status


def told_by(outcome: Outcome) -> dict[str, Any]:
    """Give the body of an answer with status 200."""
    assert status_of(outcome) == 200, outcome.payload
    body: dict[str, Any] = json.loads(outcome.payload["body"])
    return body
