"""Events as Lambda's sources write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def url_event(
    path: str,
    body: Mapping[str, Any] | None = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Spell a request to a function URL."""
    domain = "abcdefgh.lambda-url.us-east-1.on.aws"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": domain, "content-type": "application/json", **(headers or {})},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefgh",
            "domainName": domain,
            "http": {"method": method, "path": path, "sourceIp": "127.0.0.1"},
            "requestId": "e4b9e5f2-0000-4000-8000-000000000000",
            "stage": "$default",
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def said(session: str, message: str) -> dict[str, Any]:
    """Spell a message to a session, sent to a function URL."""
    return url_event(f"/sessions/{session}", {"message": message})


def sqs_event(bodies: Mapping[str, str]) -> dict[str, Any]:
    """Spell a batch of a standard queue, by message id."""
    return {
        "Records": [
            {
                "messageId": message_id,
                "receiptHandle": f"receipt-{message_id}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:turns",
                "awsRegion": "us-east-1",
            }
            for message_id, body in bodies.items()
        ]
    }
