"""The time that boto3 waits for an answer: never longer than the caller's call may take."""

from __future__ import annotations

from typing import Any, Final

from s3sessions.deadline import seconds_left

__all__ = ["follow_deadlines"]

# Of a socket: 0 would mean not to wait at all, which is another kind of error.
_SHORTEST: Final = 0.001


def follow_deadlines(client: Any) -> None:
    """Let each request of a client of ours end with the deadline of the call that it is made for.

    The SDK has one time-out for all requests; urllib3 asks it for a copy before each. A client that
    is made otherwise keeps to its own.
    """
    try:
        session = client._endpoint.http_session
        arguments, given = session._manager.connection_pool_kw, session._timeout
    except AttributeError:
        return
    session._timeout = arguments["timeout"] = _punctual(given)


def _punctual(given: Any) -> Any:
    from urllib3.util import Timeout

    connect, read = given.connect_timeout, given.read_timeout

    class PunctualTimeout(Timeout):
        def clone(self) -> Timeout:
            left = seconds_left()
            total = None if left is None else max(left, _SHORTEST)
            return Timeout(total=total, connect=connect, read=read)

    return PunctualTimeout(connect=connect, read=read)
