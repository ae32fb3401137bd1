"""An HTTP request as Lambda is told of it, in one form for the four kinds of event.

Function URLs, REST APIs and load balancers hand over the path as it was sent, percent-encoded; HTTP
APIs decode it. So what a path holds is decoded here once, or not at all.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

from s3sessions.awslambda.refusals import BadRequest
from s3sessions.record import Record, field

__all__ = ["HttpRequest", "Source"]


class Source(enum.Enum):
    """What an event came through; it says what a response looks like, too."""

    FUNCTION_URL = "function URL"
    HTTP_API = "HTTP API"
    REST_API = "REST API"
    LOAD_BALANCER = "load balancer"
    LOAD_BALANCER_LISTS = "load balancer, with lists of values"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, event: Any) -> Source:
        """Tell by what only one of them has."""
        known = _mapping(event)
        context = _mapping(known.get("requestContext"))
        if "elb" in context:
            return cls.LOAD_BALANCER_LISTS if "multiValueHeaders" in known else cls.LOAD_BALANCER
        if known.get("version") == "2.0" and "http" in context:
            # A custom domain stands before a function URL in CloudFront only, which asks for it by
            # this name.
            is_url = ".lambda-url." in str(context.get("domainName"))
            return cls.FUNCTION_URL if is_url else cls.HTTP_API
        if "httpMethod" in known:
            return cls.HTTP_API if known.get("version") == "1.0" else cls.REST_API
        return cls.UNKNOWN

    @property
    def is_load_balancer(self) -> bool:
        return self in (Source.LOAD_BALANCER, Source.LOAD_BALANCER_LISTS)


class HttpRequest(Record):
    """One request.

    Attributes:
        method: in upper case.
        segments: of the path, decoded, without empty ones.
        path_parameters: what a gateway read out of the path, decoded.
        query: decoded; of several values the last.
        headers: names in lower case; several values are joined by a comma.
        body: as the event holds it.
    """

    source: Source
    method: str
    segments: tuple[str, ...]
    path_parameters: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str] = field(repr=False)
    body: object = field(repr=False)
    is_base64: bool

    @classmethod
    def of(cls, event: Any) -> HttpRequest:
        """Read an event. Raises BadRequest for one that is no HTTP request, or not UTF-8."""
        source = Source.of(event)
        if source is Source.UNKNOWN:
            raise BadRequest(
                "the event is of no function URL, HTTP API, REST API or load balancer: "
                "other ways in are .sqs and .direct"
            )
        decode = _as_it_is if source is Source.HTTP_API else _decoded
        parameters = _texts(event.get("pathParameters"))
        return cls(
            source,
            _method(event).upper(),
            tuple(decode(each) for each in _path(event).split("/") if each),
            {name: decode(value) for name, value in parameters.items()},
            _query(event, source),
            _headers(event),
            event.get("body"),
            event.get("isBase64Encoded") is True,
        )

    @property
    def in_sessions(self) -> tuple[str, ...] | None:
        """What follows `/sessions` in the path; None where that is not in it.

        What comes before is the gateway's: a stage, a base path.
        """
        if "sessions" not in self.segments:
            return None
        return self.segments[self.segments.index("sessions") + 1 :]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> dict[str, str]:
    """Give what of a JSON object are texts by name."""
    return {name: text for name, text in _mapping(value).items() if isinstance(text, str)}


def _method(event: Mapping[str, Any]) -> str:
    http = _mapping(_mapping(event.get("requestContext")).get("http"))
    return str(event.get("httpMethod") or http.get("method") or "")


def _path(event: Mapping[str, Any]) -> str:
    if event.get("version") != "2.0":
        return str(event.get("path") or "")
    path = str(event.get("rawPath") or "")
    stage = _mapping(event.get("requestContext")).get("stage")
    # Every stage of an HTTP API but the default one stands in the path, and may be named as a route
    # is.
    return path.removeprefix(f"/{stage}") if path.startswith(f"/{stage}/") else path


def _query(event: Mapping[str, Any], source: Source) -> dict[str, str]:
    lists = _last_values(event.get("multiValueQueryStringParameters"))
    found = _texts(event.get("queryStringParameters")) or lists
    if not source.is_load_balancer:
        return found
    return {_decoded(name, "+"): _decoded(value, "+") for name, value in found.items()}


def _last_values(value: object) -> dict[str, str]:
    lists = {name: each for name, each in _mapping(value).items() if isinstance(each, list)}
    return {name: str(each[-1]) for name, each in lists.items() if each}


def _headers(event: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    many = {
        name: [str(each) for each in values]
        for name, values in _mapping(event.get("multiValueHeaders")).items()
        if isinstance(values, list)
    }
    one = {name: [text] for name, text in _texts(event.get("headers")).items()}
    for name, values in (many or one).items():
        found.setdefault(str(name).lower(), []).extend(values)
    return {name: ",".join(values) for name, values in found.items()}


def _as_it_is(text: str) -> str:
    return text


def _decoded(text: str, space: str = "") -> str:
    if space:
        text = text.replace(space, " ")
    if "%" not in text:
        return text
    # Imported here: it costs a cold start as much as this package's own modules do.
    from urllib.parse import unquote

    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("the path or the query is not valid UTF-8 once decoded") from None
