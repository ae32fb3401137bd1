"""What the failures of obstore mean: the one place that reads its errors.

obstore has few classes and tells the rest in its text, below a line that nothing from a key or an
answer can imitate. The text holds whole answers of the server, so it never leaves: a cause is S3's
code and message, or the kind of failure.
"""

from __future__ import annotations

import re
from typing import Any, Final

from s3sessions.errors import InvalidId, S3SessionsError, StoreUnavailable
from s3sessions.stores import s3_failures as failures
from s3sessions.stores.s3_errors import map_error
from s3sessions.stores.s3_failures import Failure
from s3sessions.stores.s3_hosts import address_of
from s3sessions.stores.s3_protocol import Call

__all__ = ["NoS3", "Refusal", "read_refusal"]

_DETAILS: Final = "\n\nDebug source:\n"
_STATUS: Final = r"^ +status: (\d{3}),$"
_BODY: Final = r'^ +body: Some\(\n +"(.*)",$'
_URL: Final = r"^ +(https?://\S+),$"
_FIELD: Final = r"<(Code|Message|Region)>(.*?)</\1>"

# Where the text names no status, the class says what was answered.
_STATUSES: Final = {
    "FileNotFoundError": 404,
    "AlreadyExistsError": 412,
    "PreconditionError": 412,
    "PermissionDeniedError": 403,
    "UnauthenticatedError": 403,
    "NotSupportedError": 501,
}
_MAY_PASS: Final = frozenset({429, 500, 502, 503, 504})
_CODES_THAT_MAY_PASS: Final = frozenset({"RequestTimeout", "RequestTimeoutException"})
_THROTTLED: Final = frozenset({429, 503})


class Refusal(Exception):
    """A failure of obstore, read; its text holds no more than what may be told.

    Attributes:
        response: S3's answer in the SDKs' form; empty where none came.
        received: bytes of its body.
        may_pass: whether the same request can succeed when it is sent again.
        breaks_body: whether an answer came whose body did not arrive whole.
        is_answer: whether it is about a request to the store; not where none was sent.
    """

    breaks_body = False
    is_answer = True

    def __init__(
        self,
        text: str,
        *,
        status: int = 0,
        fields: dict[str, str] | None = None,
        received: int = 0,
        may_pass: bool = False,
    ) -> None:
        super().__init__(text)
        self.response: dict[str, Any] = {}
        if status:
            self.response = {
                "Error": fields or {},
                "ResponseMetadata": {"HTTPStatusCode": status},
            }
        self.status = status
        self.received = received
        self.may_pass = may_pass

    @property
    def is_throttled(self) -> bool:
        """Whether the store asks for fewer requests."""
        return self.status in _THROTTLED

    def told(self, call: Call) -> S3SessionsError:
        """Give our error for it."""
        return map_error(self, call) or failures.unavailable(Failure(call, str(self)))


class _NoCredentials(Refusal):
    is_answer = False

    def told(self, call: Call) -> S3SessionsError:
        return failures.no_credentials(Failure(call, str(self)))


class _BrokenBody(Refusal):
    breaks_body = True

    def told(self, call: Call) -> S3SessionsError:
        text = "the object did not arrive whole in 3 tries: try again later"
        return StoreUnavailable(text, key=call.key, cause=self)


class _Untrusted(Refusal):
    def told(self, call: Call) -> S3SessionsError:
        return failures.tls(Failure(call, str(self)))


class _NoKey(Refusal):
    is_answer = False

    def told(self, call: Call) -> S3SessionsError:
        return InvalidId("obstore cannot spell the key", key=call.key)


class NoS3(Refusal):
    """An answer that no S3 server gives."""

    def told(self, call: Call) -> S3SessionsError:
        return StoreUnavailable(f"{self}: check that the endpoint is an S3 server", key=call.key)


def read_refusal(error: BaseException, endpoint: str | None) -> Refusal | None:
    """Read an error of obstore, or of the time that it was given; None for any other.

    Args:
        error: as it was raised.
        endpoint: what the URL of every request of the store begins with; a failure elsewhere is
            one of where the credentials come from. None where it is not known.
    """
    if isinstance(error, Refusal):
        return error
    name = type(error).__name__
    if name == "PanicException":
        return Refusal("obstore panicked")
    if isinstance(error, TimeoutError):
        return Refusal("no answer in the time given")
    if isinstance(error, ValueError):
        return _NoKey("obstore refuses the key")
    if not type(error).__module__.startswith("obstore") and name != "FileNotFoundError":
        return None
    text, _, details = str(error).rpartition(_DETAILS)
    url = re.search(_URL, details, re.MULTILINE)
    if endpoint is not None and url is not None and address_of(url[1]) != address_of(endpoint):
        return _NoCredentials("where they come from gave no answer, or refused")
    status = re.search(_STATUS, details, re.MULTILINE)
    if status is not None:
        return _answered(int(status[1]), details)
    if "BareRedirect" in details:
        return Refusal("a redirect", status=301, fields={"Code": "PermanentRedirect"})
    if name in _STATUSES:
        return _answered(_STATUSES[name], details)
    return _unanswered(text, details)


def _answered(status: int, details: str) -> Refusal:
    found = re.search(_BODY, details, re.MULTILINE)
    body = "" if found is None else found[1].replace('\\"', '"')
    fields = {"Code": "", **dict(re.findall(_FIELD, body))}
    return Refusal(
        fields["Code"] or f"status {status}",
        status=status,
        fields=fields,
        received=len(body),
        may_pass=status in _MAY_PASS or fields["Code"] in _CODES_THAT_MAY_PASS,
    )


def _unanswered(text: str, details: str) -> Refusal:
    if "invalid peer certificate" in details:
        return _Untrusted("CERTIFICATE_VERIFY_FAILED")
    if "kind: Timeout" in details:
        return Refusal("no answer in time", may_pass=True)
    if "kind: Connect" in details:
        return Refusal("no connection", may_pass=True)
    if "response body error" in text:
        return _BrokenBody("the body ended early", may_pass=True)
    if "HTTP error" in text:
        return Refusal("the connection failed", may_pass=True)
    if "Unable to extract metadata" in text:
        return NoS3("an answer lacks its etag")
    if "invalid list response" in text:
        return NoS3("an answer is no list")
    return Refusal("obstore failed")
