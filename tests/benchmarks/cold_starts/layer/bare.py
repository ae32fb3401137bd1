"""What Python and the runtime cost: it answers, and remembers nothing."""

from __future__ import annotations

from typing import Any


def handler(event: Any, context: Any) -> dict[str, Any]:
    """Answer."""
    return {"statusCode": 200, "body": "hello"}
