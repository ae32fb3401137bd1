"""What can become of a request: each is given the call, and makes it, or not, before it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from s3sessions import AccessDenied, PreconditionFailed, StoreUnavailable, WriteRace

Mishap: TypeAlias = Callable[[Callable[[], Any]], Any]


def unanswered(call: Callable[[], Any]) -> Any:
    """The request took effect, its answer was lost."""
    call()
    raise StoreUnavailable("timeout")


def unsent(call: Callable[[], Any]) -> Any:
    """The request never arrived."""
    raise StoreUnavailable("connection refused")


def repeated(call: Callable[[], Any]) -> Any:
    """The answer was lost, and the client's own retry met what the request had written."""
    call()
    raise PreconditionFailed("exists")


def raced(call: Callable[[], Any]) -> Any:
    """S3's 409."""
    raise WriteRace("conditional request conflict")


def denied(call: Callable[[], Any]) -> Any:
    raise AccessDenied("no", action="s3:PutObject")
