"""What the failures of S3 and of its SDKs mean, in three tables: the one place that knows.

SDK classes go by their names, so that nothing has to be imported to recognise them. A cause is
S3's code and message, or the SDK's text without what may be secret in it, never a whole answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from s3sessions.errors import S3SessionsError
from s3sessions.stores import s3_failures as failures
from s3sessions.stores.s3_failures import Failure, Maker, without_secrets
from s3sessions.stores.s3_protocol import Call

__all__ = ["answer_of", "map_error", "map_refusal", "refuses_batches"]


def map_error(error: Exception, call: Call) -> S3SessionsError | None:
    """Give our error for one of an SDK or of the system below it; None for any other."""
    answer = answer_of(error)
    if "Error" in answer:
        return _from_answer(answer, call)
    for ancestor in type(error).__mro__:
        if ancestor.__name__ in _SDK_ERRORS:
            return _SDK_ERRORS[ancestor.__name__](Failure(call, _told(error)))
    return None


def answer_of(error: BaseException | None) -> Mapping[str, Any]:
    """Give S3's answer that an SDK's error carries, empty where none came."""
    answer = getattr(error, "response", None)
    return answer if isinstance(answer, Mapping) else {}


def map_refusal(call: Call, refused: Mapping[str, Any]) -> S3SessionsError:
    """Give our error for one key, or version, that the answer to a DeleteObjects refuses."""
    code = str(refused.get("Code", ""))
    verb = "delete_version" if call.verb == "delete_versions" else "delete"
    deletion = Call(verb, call.bucket, str(refused.get("Key", "")), {})
    return _from_code(Failure(deletion, _cause(code, str(refused.get("Message", ""))), code))


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
        Failure(
            call,
            _cause(code, str(told.get("Message", ""))),
            code,
            metadata.get("HTTPStatusCode", 0),
            told.get("Region") or headers.get("x-amz-bucket-region"),
        )
    )


def _from_code(failure: Failure) -> S3SessionsError:
    maker = _CODES.get(failure.code) or _STATUSES.get(failure.status)
    if maker is None:
        maker = failures.kms if failure.code.startswith("KMS.") else failures.unknown
        maker = failures.unavailable if failure.status >= 500 else maker
    return maker(failure)


def _cause(code: str, message: str) -> str:
    return without_secrets(f"{code}: {message}" if message else code)


def _told(error: Exception) -> str:
    name = type(error).__name__
    if name in ("CredentialRetrievalError", "TokenRetrievalError"):
        # Its text quotes what a credential process has printed.
        return f"{name} from {getattr(error, 'kwargs', {}).get('provider', 'a provider')}"
    return without_secrets(f"{name}: {error}")


def _table(*rows: tuple[str, Maker]) -> Mapping[str, Maker]:
    return {name: maker for names, maker in rows for name in names.split()}


_CODES: Final = _table(
    ("NoSuchKey NoSuchVersion NoSuchUpload", failures.missing),
    (
        """
        NoSuchObjectLockConfiguration NoSuchObjectLegalHold ObjectLockConfigurationNotFoundError
        """,
        failures.missing,
    ),
    ("NoSuchBucket NoSuchAccessPoint", failures.no_bucket),
    ("PreconditionFailed", failures.condition),
    ("ConditionalRequestConflict OperationAborted", failures.race),
    ("AccessDenied AllAccessDisabled AccountProblem", failures.denied),
    ("ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired", failures.expired),
    (
        "InvalidAccessKeyId SignatureDoesNotMatch InvalidToken InvalidSecurity AuthFailure",
        failures.bad_credentials,
    ),
    ("RequestTimeTooSkewed", failures.wrong_clock),
    (
        """
        PermanentRedirect TemporaryRedirect AuthorizationHeaderMalformed
        IllegalLocationConstraintException IllegalLocationConstraint
        """,
        failures.other_region,
    ),
    ("InvalidBucketName", failures.bad_bucket),
    ("KeyTooLong KeyTooLongError InvalidURI InvalidObjectName", failures.bad_key),
    ("InvalidRequest", failures.bad_request),
    ("EntityTooLarge", failures.too_large),
    (
        """
        InvalidArgument InvalidTag InvalidStorageClass MetadataTooLarge
        InvalidEncryptionAlgorithmError MalformedACLError InvalidDigest
        """,
        failures.bad_argument,
    ),
    ("NotImplemented MissingContentMD5", failures.lacking),
    ("InvalidObjectState", failures.archived),
    (
        """
        SlowDown InternalError ServiceUnavailable RequestTimeout RequestTimeoutException
        Throttling ThrottlingException TooManyRequests BadDigest IncompleteBody
        XAmzContentSHA256Mismatch
        """,
        failures.unavailable,
    ),
)
"""By the code of S3's answer."""

_STATUSES: Final[Mapping[int, Maker]] = {
    301: failures.other_region,
    307: failures.other_region,
    403: failures.denied,
    404: failures.missing,
    408: failures.unavailable,
    409: failures.race,
    412: failures.condition,
    413: failures.too_large,
    429: failures.unavailable,
    501: failures.lacking,
}
"""By the status of an answer whose code is unknown: of a proxy, or of another maker's server."""

_SDK_ERRORS: Final = _table(
    (
        """
        NoCredentialsError PartialCredentialsError CredentialRetrievalError NoAuthTokenError
        TokenRetrievalError MetadataRetrievalError RefreshWithMFAUnsupportedError
        """,
        failures.no_credentials,
    ),
    ("SSOError LoginError", failures.signed_off),
    (
        """
        ProfileNotFound ConfigNotFound ConfigParseError InvalidConfigError ValidationError
        BaseEndpointResolverError EndpointProviderError UnknownRegionError
        InvalidEndpointConfigurationError UnsupportedS3ConfigurationError UnsupportedS3ArnError
        UnsupportedS3AccesspointConfigurationError InvalidProxiesConfigError
        MissingDependencyException InvalidChecksumConfigError
        """,
        failures.configuration,
    ),
    ("ParamValidationError", failures.parameters),
    ("SSLError", failures.tls),
    ("FileNotFoundError PermissionError", failures.configuration),
    (
        """
        ConnectionError HTTPClientError HTTPError IncompleteReadError ChecksumError
        FlexibleChecksumError
        ResponseParserError CapacityNotAvailableError ClientError OSError
        """,
        failures.unavailable,
    ),
    ("BotoCoreError", failures.unknown),
)
"""By the name of an SDK's class, or of the nearest ancestor that is named here."""
