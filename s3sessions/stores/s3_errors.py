"""What the failures of S3 and of its SDKs mean, in one table: the only place that knows them.

SDK classes go by their names, so that nothing has to be imported to recognise them. A cause is
S3's code and message, or the SDK's text without what may be secret in it, never a whole answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidMessage,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT
from s3sessions.stores.s3_protocol import Call

__all__ = ["answer_of", "map_error", "map_refusal", "refuses_batches", "without_secrets"]


@dataclass(frozen=True, slots=True)
class _Failure:
    """A call that failed: by S3's code and HTTP status, or by the SDK's class with neither."""

    call: Call
    cause: str
    code: str = ""
    status: int = 0
    region: str | None = None


_Maker: TypeAlias = Callable[[_Failure], S3SessionsError]


def map_error(error: Exception, call: Call) -> S3SessionsError | None:
    """Give our error for one of an SDK or of the system below it; None for any other."""
    answer = answer_of(error)
    if "Error" in answer:
        return _from_answer(answer, call)
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _SDK_ERRORS:
            return _SDK_ERRORS[ancestor.__name__](_Failure(call, _told(error)))
    return None


def answer_of(error: BaseException | None) -> Mapping[str, Any]:
    """Give S3's answer that an SDK's error carries, empty where none came."""
    answer = getattr(error, "response", None)
    return answer if isinstance(answer, Mapping) else {}


def map_refusal(call: Call, refused: Mapping[str, Any]) -> S3SessionsError:
    """Give our error for one key that the answer to a delete_many names as not deleted."""
    code = str(refused.get("Code", ""))
    deletion = Call("delete", call.bucket, str(refused.get("Key", "")), {})
    return _from_code(_Failure(deletion, _cause(code, str(refused.get("Message", ""))), code))


def refuses_batches(error: S3SessionsError) -> bool:
    """Tell whether a DeleteObjects failed because the server does not take it as SDKs send it."""
    code = answer_of(error.__cause__).get("Error", {}).get("Code")
    return code in ("MissingContentMD5", "NotImplemented")


def _from_answer(answer: Mapping[str, Any], call: Call) -> S3SessionsError:
    told = answer["Error"]
    metadata = answer.get("ResponseMetadata", {})
    code = str(told.get("Code", ""))
    headers = metadata.get("HTTPHeaders", {})
    return _from_code(
        _Failure(
            call,
            _cause(code, str(told.get("Message", ""))),
            code,
            metadata.get("HTTPStatusCode", 0),
            told.get("Region") or headers.get("x-amz-bucket-region"),
        )
    )


def _from_code(failure: _Failure) -> S3SessionsError:
    maker = _CODES.get(failure.code) or _STATUSES.get(failure.status)
    if maker is None:
        maker = _kms if failure.code.startswith("KMS.") else _unknown
        maker = _unavailable if failure.status >= 500 else maker
    return maker(failure)


def _cause(code: str, message: str) -> str:
    return without_secrets(f"{code}: {message}" if message else code)


def _told(error: Exception) -> str:
    name = type(error).__name__
    if name in ("CredentialRetrievalError", "TokenRetrievalError"):
        # Its text quotes what a credential process has printed.
        return f"{name} from {getattr(error, 'kwargs', {}).get('provider', 'a provider')}"
    return without_secrets(f"{name}: {error}")


_USER_INFO = re.compile(r"(?<=//)[^/@]*@|[^\s/@]+:[^\s/@]+@")
_GIVEN_VALUE = re.compile(r"value: .*?, (?=type: |valid )", re.DOTALL)


def without_secrets(text: str) -> str:
    """Take the user of a URL and the value of an argument out of an SDK's text."""
    return " ".join(_GIVEN_VALUE.sub("", _USER_INFO.sub("", text)).split())


def _says(
    kind: type[S3SessionsError], text: str, *, key: Callable[[Call], str | None] = lambda _: None
) -> _Maker:
    """Make a row of the table that needs nothing but a text; `{bucket}` may stand in it."""
    return lambda failure: kind(
        text.format(bucket=failure.call.bucket), key=key(failure.call), cause=failure.cause
    )


def _about(call: Call) -> str | None:
    return None if call.verb == "delete_many" else call.key or None


def _written(call: Call) -> str:
    key: str = call.arguments.get("Key", call.key)
    return key


def _missing(failure: _Failure) -> S3SessionsError:
    call = failure.call
    if call.verb == "put" and isinstance(call.only_if, str):
        return _condition(failure)
    if call.verb in ("get", "delete", "copy"):
        return NotFound(f"no such object in bucket {call.bucket!r}", key=call.key)
    return _no_bucket(failure)


def _condition(failure: _Failure) -> S3SessionsError:
    if failure.call.only_if is ABSENT:
        text = "an object with this key exists already: read it before writing again"
    else:
        text = "the object is not the version that was read: read it again"
    return PreconditionFailed(text, key=_written(failure.call), cause=failure.cause)


_NAMED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")


def _denied(failure: _Failure) -> S3SessionsError:
    call = failure.call
    named = _NAMED_ACTION.search(failure.cause)
    action = named[1] if named else call.action
    text = f"bucket {call.bucket!r} refuses {action}: allow it to this caller"
    if call.verb in ("get", "copy"):
        text += " (an object that does not exist is refused too where s3:ListBucket is not allowed)"
    elif isinstance(call.only_if, str):
        text += " (the condition on the etag needs s3:GetObject too)"
    return AccessDenied(text, key=_about(call), cause=failure.cause, action=action)


def _other_region(failure: _Failure) -> S3SessionsError:
    where = f"in region {failure.region!r}: set" if failure.region else "in another region: set its"
    return InvalidSettings(f"bucket {failure.call.bucket!r} is {where} region", cause=failure.cause)


def _parameters(failure: _Failure) -> S3SessionsError:
    name = "Invalid bucket name" in failure.cause
    return (_bad_bucket if name else _bad_argument)(failure)


def _bad_request(failure: _Failure) -> S3SessionsError:
    # All that SeaweedFS says of a key that is no path for it.
    segments = failure.call.key.split("/")
    return (_bad_key if {"", ".", ".."} & set(segments) else _bad_argument)(failure)


def _tls(failure: _Failure) -> S3SessionsError:
    # Any other failure may come in the middle of a request, so that its fate is open.
    refused = "CERTIFICATE_VERIFY_FAILED" in failure.cause
    return (_untrusted if refused else _unavailable)(failure)


_no_bucket = _says(
    InvalidSettings, "bucket {bucket!r} does not exist: create it or correct the url"
)
_bad_bucket = _says(InvalidSettings, "bucket name {bucket!r} is not valid: correct the url")
_bad_argument = _says(
    InvalidSettings,
    "an argument for bucket {bucket!r} is refused: correct put_args",
    key=_about,
)
_kms = _says(
    InvalidSettings, "the KMS key cannot be used: correct SSEKMSKeyId in put_args or enable the key"
)
_lacking = _says(
    InvalidSettings, "the store of bucket {bucket!r} lacks what is asked of it: use another one"
)
_untrusted = _says(
    InvalidSettings, "the certificate of {bucket!r}'s store is not trusted: set AWS_CA_BUNDLE"
)
_configuration = _says(
    InvalidSettings, "the AWS configuration cannot work: correct it or the settings"
)
_no_credentials = _says(
    AccessDenied,
    "no usable credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role",
)
_bad_credentials = _says(AccessDenied, "the store does not know these credentials: correct them")
_expired = _says(AccessDenied, "the credentials have expired: renew them")
_signed_off = _says(AccessDenied, "the sign-on has ended: sign in again (aws sso login)")
_wrong_clock = _says(AccessDenied, "this machine's clock is wrong: set it")
_race = _says(
    WriteRace,
    "another write of this key was under way and nothing was written: try again",
    key=_written,
)
_bad_key = _says(InvalidId, "the store cannot hold this key: shorten or change it", key=_written)
_too_large = _says(
    InvalidMessage, "the object is larger than the store takes: send less", key=_written
)
_unavailable = _says(
    StoreUnavailable,
    "bucket {bucket!r} did not answer, or cannot now: try again later",
    key=_about,
)
_archived = _says(
    StoreUnavailable,
    "the object is archived: restore it to a readable storage class, then try again",
    key=_about,
)
_unknown = _says(S3SessionsError, "bucket {bucket!r} refused: see the cause", key=_about)


def _table(*rows: tuple[str, _Maker]) -> Mapping[str, _Maker]:
    return {name: maker for names, maker in rows for name in names.split()}


_CODES: Final = _table(
    ("NoSuchKey", _missing),
    ("NoSuchBucket NoSuchAccessPoint", _no_bucket),
    ("PreconditionFailed", _condition),
    ("ConditionalRequestConflict OperationAborted", _race),
    ("AccessDenied AllAccessDisabled AccountProblem", _denied),
    ("ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired", _expired),
    (
        "InvalidAccessKeyId SignatureDoesNotMatch InvalidToken InvalidSecurity AuthFailure",
        _bad_credentials,
    ),
    ("RequestTimeTooSkewed", _wrong_clock),
    (
        """
        PermanentRedirect TemporaryRedirect AuthorizationHeaderMalformed
        IllegalLocationConstraintException IllegalLocationConstraint
        """,
        _other_region,
    ),
    ("InvalidBucketName", _bad_bucket),
    ("KeyTooLong KeyTooLongError InvalidURI InvalidObjectName", _bad_key),
    ("InvalidRequest", _bad_request),
    ("EntityTooLarge", _too_large),
    (
        """
        InvalidArgument InvalidTag InvalidStorageClass MetadataTooLarge
        InvalidEncryptionAlgorithmError MalformedACLError InvalidDigest
        """,
        _bad_argument,
    ),
    ("NotImplemented MissingContentMD5", _lacking),
    ("InvalidObjectState", _archived),
    (
        """
        SlowDown InternalError ServiceUnavailable RequestTimeout RequestTimeoutException
        Throttling ThrottlingException TooManyRequests BadDigest IncompleteBody
        XAmzContentSHA256Mismatch
        """,
        _unavailable,
    ),
)
"""By the code of S3's answer."""

_STATUSES: Final[Mapping[int, _Maker]] = {
    301: _other_region,
    307: _other_region,
    403: _denied,
    404: _missing,
    408: _unavailable,
    409: _race,
    412: _condition,
    413: _too_large,
    429: _unavailable,
    501: _lacking,
}
"""By the status of an answer whose code is unknown: of a proxy, or of another maker's server."""

_SDK_ERRORS: Final = _table(
    (
        """
        NoCredentialsError PartialCredentialsError CredentialRetrievalError NoAuthTokenError
        TokenRetrievalError MetadataRetrievalError RefreshWithMFAUnsupportedError
        """,
        _no_credentials,
    ),
    ("SSOError LoginError", _signed_off),
    (
        """
        ProfileNotFound ConfigNotFound ConfigParseError InvalidConfigError ValidationError
        BaseEndpointResolverError EndpointProviderError UnknownRegionError
        InvalidEndpointConfigurationError UnsupportedS3ConfigurationError UnsupportedS3ArnError
        UnsupportedS3AccesspointConfigurationError InvalidProxiesConfigError
        MissingDependencyException InvalidChecksumConfigError
        """,
        _configuration,
    ),
    ("ParamValidationError", _parameters),
    ("SSLError", _tls),
    ("FileNotFoundError PermissionError", _configuration),
    (
        """
        ConnectionError HTTPClientError IncompleteReadError ChecksumError FlexibleChecksumError
        ResponseParserError CapacityNotAvailableError ClientError OSError
        """,
        _unavailable,
    ),
    ("BotoCoreError", _unknown),
)
"""By the name of an SDK's class, or of the nearest ancestor that is named here."""
