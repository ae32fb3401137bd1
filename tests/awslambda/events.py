"""Events as they come to a function, of each source, after the examples in AWS' documents."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

JsonObject = dict[str, Any]


def encoded(body: object) -> str | None:
    """A body as it is sent: text as it is, all else as JSON."""
    return body if body is None or isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def in_base64(event: JsonObject) -> JsonObject:
    """The same event as a gateway hands over what it takes for binary."""
    body = base64.b64encode(event["body"].encode()).decode()
    return {**event, "body": body, "isBase64Encoded": True}


def function_url(
    method: str = "POST",
    path: str = "/",
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> JsonObject:
    """`path` is percent-encoded. Lambda developer guide, "Invoking Lambda function URLs"."""
    query = query or {}
    event: JsonObject = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "cookies": ["cookie1", "cookie2"],
        "headers": {"content-type": "application/json", **(headers or {})},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abc",
            "authentication": None,
            "authorizer": {
                "iam": {
                    "accessKey": "AKIA",
                    "accountId": "111122223333",
                    "callerId": "AIDA",
                    "cognitoIdentity": None,
                    "principalOrgId": None,
                    "userArn": "arn:aws:iam::111122223333:user/example-user",
                    "userId": "AIDA",
                }
            },
            "domainName": "abc.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "abc",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "agent",
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "time": "12/Mar/2026:19:03:58 +0000",
            "timeEpoch": 1583348638390,
        },
        "isBase64Encoded": False,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = encoded(body)
    return event


def http_api(
    method: str = "POST",
    path: str = "/",
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    claims: Mapping[str, str] | None = None,
    stage: str = "$default",
    parameters: Mapping[str, str] | None = None,
) -> JsonObject:
    """`path` is percent-encoded, and decoded in the event.

    API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs", format 2.0,
    with a JWT authorizer.
    """
    event = function_url(method, path, body, headers=headers, query=query)
    decoded = unquote(path) if stage == "$default" else f"/{stage}{unquote(path)}"
    event["rawPath"] = decoded
    event["routeKey"] = f"{method} /{{proxy+}}"
    event["stageVariables"] = {"stageVariable1": "value1"}
    event["pathParameters"] = dict(parameters or {"proxy": unquote(path).lstrip("/")})
    context = event["requestContext"]
    context["authorizer"] = {
        "jwt": {"claims": dict(claims or {"sub": "alice"}), "scopes": ["turns", "sessions"]}
    }
    context["http"]["path"] = decoded
    context["domainName"] = "abc.execute-api.eu-central-1.amazonaws.com"
    context["stage"] = stage
    return event


def rest_api(
    method: str = "POST",
    path: str = "/",
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> JsonObject:
    """`path` is percent-encoded, and so it stays.

    API Gateway developer guide, "Lambda proxy integrations in API Gateway".
    """
    all_headers = {"Content-Type": "application/json", **(headers or {})}
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": all_headers,
        "multiValueHeaders": {name: [value] for name, value in all_headers.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": (
            {name: [value] for name, value in query.items()} if query else None
        ),
        "pathParameters": dict(parameters or {"proxy": path.lstrip("/")}),
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "id",
            "authorizer": {"claims": {"sub": "alice"}, "scopes": None},
            "domainName": "id.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "id",
            "extendedRequestId": "request-id",
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "user-agent"},
            "path": f"/prod{path}",
            "protocol": "HTTP/1.1",
            "requestId": "id=",
            "requestTime": "04/Mar/2026:19:15:17 +0000",
            "requestTimeEpoch": 1583349317135,
            "resourceId": "a1b2c3",
            "resourcePath": "/{proxy+}",
            "stage": "prod",
        },
        "body": encoded(body),
        "isBase64Encoded": False,
    }


def load_balancer(
    method: str = "POST",
    path: str = "/",
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> JsonObject:
    """`path` and `query` stay percent-encoded.

    User guide for Application Load Balancers, "Use Lambda functions as targets".
    """
    return {
        "requestContext": {
            "elb": {
                "targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
                "targetgroup/agent/6d0ecf831eec9f09"
            }
        },
        "httpMethod": method,
        "path": path,
        "queryStringParameters": {name: quote(value) for name, value in (query or {}).items()},
        "headers": {"content-type": "application/json", **(headers or {})},
        "body": encoded(body) or "",
        "isBase64Encoded": False,
    }


def load_balancer_with_lists(*args: Any, **options: Any) -> JsonObject:
    """The same from a target group with multi-value headers."""
    event = load_balancer(*args, **options)
    for name in ("headers", "queryStringParameters"):
        values = event.pop(name)
        event["multiValue" + name[0].upper() + name[1:]] = {
            key: [value] for key, value in values.items()
        }
    return event


HTTP: dict[str, Callable[..., JsonObject]] = {
    "function URL": function_url,
    "HTTP API": http_api,
    "REST API": rest_api,
    "ALB": load_balancer,
    "ALB with lists": load_balancer_with_lists,
}
"""What makes an event of each source out of a method, an encoded path and a body."""


def queue_message(body: object, message_id: str = "m-1", *, group: str | None = None) -> JsonObject:
    """One record; with a group, of a FIFO queue.

    Lambda developer guide, "Using Lambda with Amazon SQS".
    """
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    }
    if group is not None:
        attributes |= {
            "SequenceNumber": "18849496460467696128",
            "MessageGroupId": group,
            "MessageDeduplicationId": message_id,
        }
    queue = "turns" if group is None else "turns.fifo"
    return {
        "messageId": message_id,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a...",
        "body": encoded(body),
        "attributes": attributes,
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-2:123456789012:{queue}",
        "awsRegion": "us-east-2",
    }


def queue_event(*records: JsonObject) -> JsonObject:
    return {"Records": list(records)}


def event_bridge(
    detail: object, event_id: str = "17793124-05d4-b198-2fde-7ededc63b103"
) -> JsonObject:
    """EventBridge user guide, "Events in Amazon EventBridge"."""
    return {
        "version": "0",
        "id": event_id,
        "detail-type": "MessageReceived",
        "source": "com.example.chat",
        "account": "111122223333",
        "time": "2026-11-12T00:00:00Z",
        "region": "ca-central-1",
        "resources": [],
        "detail": detail,
    }
