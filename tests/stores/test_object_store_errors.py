"""What each failure of obstore becomes, where a server on loopback cannot make it fail so."""

from __future__ import annotations

import pytest
from obstore.exceptions import AlreadyExistsError, GenericError, PermissionDeniedError

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT
from s3sessions.stores.object_store_errors import read_refusal
from s3sessions.stores.s3_protocol import Call

CREATE = Call("put", "bucket", "key", {}, ABSENT)
DETAILS = "\n\nDebug source:\n"


class PanicException(BaseException):
    """As pyo3 raises it; it stands in no module that could be imported."""


def answered(status: int, code: str) -> str:
    """The details of an answer, as obstore spells them."""
    body = f"<Error><Code>{code}</Code><Message>why</Message></Error>"
    return f'{DETAILS}    status: {status},\n    body: Some(\n        "{body}",\n    ),\n'


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (GenericError(f"x{DETAILS}invalid peer certificate: UnknownIssuer"), InvalidSettings, "CA"),
        (GenericError(f"x{DETAILS}kind: Timeout"), StoreUnavailable, "no answer in time"),
        (GenericError(f"x{DETAILS}kind: Connect"), StoreUnavailable, "no connection"),
        (GenericError(f"x{DETAILS}inner: BareRedirect,"), InvalidSettings, "in another region"),
        (GenericError("nothing that is known"), StoreUnavailable, "obstore failed"),
        (PanicException("at line 7 of secret"), StoreUnavailable, "obstore panicked"),
        (ValueError("Could not parse path"), InvalidId, "cannot spell"),
        (TimeoutError(), StoreUnavailable, "no answer in the time given"),
        # A key that reads like an answer is none.
        (
            AlreadyExistsError(f"key {DETAILS} status: 503,{answered(412, 'PreconditionFailed')}"),
            PreconditionFailed,
            "exists already",
        ),
        (AlreadyExistsError(answered(409, "ConditionalRequestConflict")), WriteRace, "again"),
        # Without details that it knows, it goes by the class.
        (AlreadyExistsError("spelled in a new way"), PreconditionFailed, "exists already"),
        (PermissionDeniedError("spelled in a new way"), AccessDenied, "s3:PutObject"),
    ],
)
def test_a_failure_becomes_an_error_of_ours(
    error: BaseException, kind: type[S3SessionsError], text: str
) -> None:
    refusal = read_refusal(error, "http://store")
    assert refusal is not None
    told = refusal.told(CREATE)
    assert type(told) is kind
    assert text in str(told)
    assert "secret" not in str(told)


def test_a_failure_elsewhere_is_one_of_the_credentials() -> None:
    asked = "    http://169.254.169.254/latest,\n"
    error = GenericError(answered(500, "x").replace(DETAILS, DETAILS + asked))
    refusal = read_refusal(error, "http://store")
    assert refusal is not None
    assert not refusal.is_answer
    assert not refusal.may_pass
    assert isinstance(refusal.told(CREATE), AccessDenied)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), KeyError("k"), MemoryError()])
def test_what_is_not_obstores_stays_as_it_is(error: BaseException) -> None:
    assert read_refusal(error, "http://store") is None
