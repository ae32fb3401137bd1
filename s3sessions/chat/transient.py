"""Which errors of a model another try may mend, told without importing any model's package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["is_transient"]

_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504, 529})
"""Time-outs, throttling, and a server that cannot answer now (529: Anthropic's overload)."""

_CODES: Final = frozenset(
    {
        *("InternalServerException", "ModelNotReadyException", "ModelTimeoutException"),
        *("RequestLimitExceeded", "RequestTimeout", "ServiceUnavailable"),
        *("ServiceUnavailableException", "SlowDown", "Throttling", "ThrottlingException"),
        "TooManyRequestsException",
    }
)
"""Of botocore's ClientError; some of them come with status 400."""

_CLASSES: Final = frozenset(
    {
        # botocore
        *("ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError"),
        *("ReadTimeoutError", "ResponseStreamingError"),
        # Strands
        "ModelThrottledException",
        # openai, anthropic
        *("APIConnectionError", "APITimeoutError", "InternalServerError", "OverloadedError"),
        "RateLimitError",
        # httpx, requests, urllib3, aiohttp
        *("ChunkedEncodingError", "ClientConnectionError", "ConnectionError", "ProtocolError"),
        *("ServerDisconnectedError", "Timeout", "TransportError"),
    }
)
"""Names of classes, their bases included."""


def is_transient(error: BaseException) -> bool:
    """Tell whether asking the same again may succeed: no connection, a time-out, throttling, 5xx.

    An error that wraps another one is looked through. A status decides over a class; what is
    unknown is not transient.
    """
    for found in _chain(error):
        verdict = _verdict(found)
        if verdict is not None:
            return verdict
    return False


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    inner: Any = error
    while isinstance(inner, BaseException) and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        # Strands' EventLoopException and urllib's URLError name what they wrap.
        named = (getattr(inner, name, None) for name in ("original_exception", "reason"))
        inner = next((e for e in named if isinstance(e, BaseException)), inner.__cause__)


def _verdict(error: BaseException) -> bool | None:
    response = getattr(error, "response", None)
    if isinstance(response, Mapping) and _at(response, "Error", "Code") in _CODES:
        return True
    status = _status(error, response)
    if status is not None:
        return status in _STATUSES
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    return True if _CLASSES & {base.__name__ for base in type(error).__mro__} else None


def _status(error: BaseException, response: Any) -> int | None:
    found = [getattr(error, name, None) for name in ("status_code", "status", "code")]
    found.append(getattr(response, "status_code", None))
    found.append(_at(response, "ResponseMetadata", "HTTPStatusCode"))
    return next((it for it in found if isinstance(it, int) and 400 <= it < 600), None)


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
