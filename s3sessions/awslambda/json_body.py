"""The JSON object that an event carries, read strictly: what is refused here cannot be stored."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from s3sessions.awslambda.refusals import BadRequest, BodyTooLarge
from s3sessions.errors import InvalidMessage
from s3sessions.values import MARKER, decode_value, dumps

__all__ = ["MAX_BODY_BYTES", "checked_body", "parse_body"]

MAX_BODY_BYTES: Final = 6 * 1024 * 1024
"""The most that Lambda hands to a function that somebody waits for."""

_MAX_DEPTH: Final = 100
_MARK: Final = b"\xef\xbb\xbf"


def parse_body(body: object, *, is_base64: bool = False) -> dict[str, Any]:
    """Read the body of a request or of a queue's message; its content type does not matter.

    Raises:
        BodyTooLarge: it is over 6 MB, once decoded from base64.
        BadRequest: no valid JSON object: NaN, a lone surrogate, a name that stands twice in one
            object, or more than 100 levels.
    """
    data = _bytes_of(body, is_base64)
    if len(data) > MAX_BODY_BYTES:
        raise _too_large()
    if not data.strip():
        raise BadRequest("there is no body: send a JSON object")
    try:
        # Some editors and tools on Windows begin a text with a mark of its byte order.
        found = json.loads(
            data.removeprefix(_MARK).decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise BadRequest("the body is not valid UTF-8: send a JSON object as UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        raise BadRequest(
            f"the body is not JSON (line {error.lineno}, column {error.colno}): send a JSON object"
        ) from None
    except ValueError as error:
        raise BadRequest(f"the body is no JSON that can be stored: {_own_words(error)}") from None
    if not isinstance(found, dict):
        raise BadRequest("the body is JSON but no object: send {…} with the fields of the turn")
    return checked_body(found)


def checked_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object that was read elsewhere, if a message can be made of it.

    `bytes` come as they are stored and sent: `{"__bytes_encoded__": true, "data": "<base64>"}`.

    Raises:
        BadRequest: as `parse_body`.
    """
    _refuse_depth(body)
    try:
        text = dumps(body)
    except InvalidMessage:
        raise BadRequest(
            "the body holds what JSON cannot: a lone surrogate, NaN or an infinite number"
        ) from None
    except TypeError:
        raise BadRequest("the body holds a value that JSON does not know") from None
    return _with_bytes(body) if MARKER in text else dict(body)


def _with_bytes(body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = decode_value(dict(body))
    except ValueError:
        raise BadRequest(f"a {MARKER} in the body holds no base64") from None
    if not isinstance(found, dict):
        raise BadRequest("the body is nothing but bytes: send a JSON object")
    return found


class _Unstorable(ValueError):
    """What this module says of a text that Python's reader takes."""


def _bytes_of(body: object, is_base64: bool) -> bytes:
    if body is None:
        return b""
    if not isinstance(body, str):
        raise BadRequest("the event's body is no text: send a JSON object")
    if is_base64:
        return _from_base64(body)
    try:
        return body.encode("utf-8")
    except UnicodeEncodeError:
        raise BadRequest("the body has a lone surrogate: not valid Unicode") from None


def _from_base64(text: str) -> bytes:
    from base64 import b64decode  # gateways send text as it is, unless they are told otherwise

    if len(text) * 3 // 4 - 2 > MAX_BODY_BYTES:
        raise _too_large()
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise BadRequest("the event says that its body is base64, and it is not") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object; readers differ in which of two equal names they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Unstorable("an object in it has the same name twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _Unstorable(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Unstorable("a number in it is too great")
    return number


def _own_words(error: ValueError) -> str:
    # Python's own words may quote the number that it cannot read.
    return str(error) if isinstance(error, _Unstorable) else "a number in it is too long"


def _refuse_depth(body: Mapping[str, Any]) -> None:
    level: list[Any] = [body]
    for _ in range(_MAX_DEPTH):
        level = [
            each
            for outer in level
            for each in (outer.values() if isinstance(outer, Mapping) else outer)
            if isinstance(each, (Mapping, list))
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> BadRequest:
    return BadRequest(f"the body is nested deeper than {_MAX_DEPTH} levels")


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is over {MAX_BODY_BYTES} bytes, the most that a function is given: store what "
        "is large elsewhere, and send where it is"
    )
