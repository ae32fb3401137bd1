"""What is asked of S3 about versions and uploads, and what its answers mean.

No I/O and no SDK in here, so that both S3 stores ask the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from urllib.parse import unquote_plus

from s3sessions.errors import AccessDenied, NotFound, S3SessionsError
from s3sessions.ports import PAGE_LIMIT
from s3sessions.stores.s3_answers import Answer, read_field, read_time
from s3sessions.stores.s3_deletion import deletion_body
from s3sessions.stores.s3_errors import map_refusal
from s3sessions.stores.s3_protocol import (
    Call,
    S3Protocol,
    checked_key,
    fits_xml,
    refuse_too_many,
)
from s3sessions.versions import (
    Upload,
    UploadPage,
    Version,
    VersionOutcome,
    VersionPage,
    VersionTarget,
)

__all__ = [
    "VersionCalls",
    "explained",
    "is_unexplained",
    "read_legal_hold",
    "read_refusals",
    "read_retention",
    "read_uploads",
    "read_versions",
]


class VersionCalls:
    """Makes the calls on one bucket."""

    def __init__(self, protocol: S3Protocol) -> None:
        self._protocol = protocol
        self._bucket = protocol.bucket
        self._common = protocol.common

    def list_versions(self, prefix: str, token: str | None) -> Call:
        after = _after(token, "KeyMarker", "VersionIdMarker")
        return self._make("list_versions", prefix, Prefix=prefix, MaxKeys=PAGE_LIMIT, **after)

    def delete(self, targets: Sequence[VersionTarget]) -> Call:
        """Make one DeleteObjects of keys that XML can hold."""
        named = [(target.key, target.version_id) for target in targets]
        body = deletion_body(named, "VersionId")
        return self._protocol.deletion("delete_versions", body, targets[0].key)

    def delete_one(self, target: VersionTarget) -> Call:
        return self._about("delete_version", target)

    def retention(self, target: VersionTarget) -> Call:
        return self._about("get_retention", target)

    def legal_hold(self, target: VersionTarget) -> Call:
        return self._about("get_legal_hold", target)

    def list_uploads(self, prefix: str, token: str | None) -> Call:
        # Of its own accord the SDK asks for readable keys here alone, which XML may not hold.
        after = {"EncodingType": "url", **_after(token, "KeyMarker", "UploadIdMarker")}
        return self._make("list_uploads", prefix, Prefix=prefix, MaxUploads=PAGE_LIMIT, **after)

    def abort(self, key: str, upload_id: str) -> Call:
        return self._make("abort_upload", key, Key=checked_key(key), UploadId=upload_id)

    def split(
        self, targets: Sequence[VersionTarget]
    ) -> tuple[Sequence[VersionTarget], Sequence[VersionTarget]]:
        """Part the targets that one DeleteObjects can name from the others.

        Raises:
            InvalidSettings: more targets than one request may name.
        """
        refuse_too_many(targets)
        listed = [target for target in targets if fits_xml(target.key)]
        return listed, [target for target in targets if not fits_xml(target.key)]

    def _about(self, verb: str, target: VersionTarget) -> Call:
        key = checked_key(target.key)
        return self._make(verb, target.key, Key=key, VersionId=target.version_id)

    def _make(self, verb: str, key: str, **arguments: Any) -> Call:
        return Call(verb, self._bucket, key, {**self._common, **arguments})


def read_versions(answer: Answer) -> VersionPage:
    """Read one page of versions; those of one key need not stand together in it."""
    # Asked for first, as it is never missing: a page of HTML must not pass for an empty list.
    more = read_field(answer, "IsTruncated")
    versions = [_version(listed, is_marker=False) for listed in answer.get("Versions", ())]
    markers = [_version(listed, is_marker=True) for listed in answer.get("DeleteMarkers", ())]
    token = _token(answer, "NextKeyMarker", "NextVersionIdMarker") if more else None
    return VersionPage(versions + markers, token)


def read_uploads(answer: Answer) -> UploadPage:
    """Read one page of unfinished uploads."""
    more = read_field(answer, "IsTruncated")
    decode = unquote_plus if answer.get("EncodingType") == "url" else str
    uploads = [
        Upload(
            decode(read_field(listed, "Key")),
            read_field(listed, "UploadId"),
            read_time(listed, "Initiated"),
        )
        for listed in answer.get("Uploads", ())
    ]
    if not more:
        return UploadPage(uploads, None)
    decoded = {**answer, "NextKeyMarker": decode(read_field(answer, "NextKeyMarker"))}
    return UploadPage(uploads, _token(decoded, "NextKeyMarker", "NextUploadIdMarker"))


def read_refusals(
    answer: Answer, call: Call, targets: Sequence[VersionTarget]
) -> Mapping[VersionTarget, S3SessionsError]:
    """Give, for each version that a DeleteObjects could not erase, why."""
    refusals: dict[VersionTarget, S3SessionsError] = {}
    for refused in answer.get("Errors", ()):
        error = map_refusal(call, refused)
        if not isinstance(error, NotFound):
            refusals |= dict.fromkeys(_meant(refused, targets), error)
    return refusals


def _meant(refused: Mapping[str, Any], targets: Sequence[VersionTarget]) -> list[VersionTarget]:
    """Give the targets that a refusal is about; all of a key where it names no version."""
    key, version_id = refused.get("Key"), refused.get("VersionId")
    return [t for t in targets if t.key == key and version_id in (None, "", t.version_id)]


def is_unexplained(outcome: VersionOutcome) -> bool:
    """Tell whether Object Lock may be why a version was refused: S3 names no action then."""
    error = outcome.error
    return isinstance(error, AccessDenied) and "not authorized" not in (error.cause or "")


def explained(outcome: VersionOutcome, holds: Sequence[str | None]) -> VersionOutcome:
    """Say of a refused version what holds it, as far as S3 has told."""
    found = " and ".join(hold for hold in holds if hold)
    if not found:
        return outcome
    cause = outcome.error.cause if outcome.error else None
    error = AccessDenied(
        f"version {outcome.version_id} is held by {found}: purge again once it is released",
        key=outcome.key,
        cause=cause,
    )
    return VersionOutcome(outcome.key, outcome.version_id, error)


def read_retention(answer: Answer) -> str | None:
    """Say until when a version is retained."""
    retention = answer.get("Retention", {})
    until = retention.get("RetainUntilDate")
    if until is None:
        return None
    mode = str(retention.get("Mode", "unknown")).lower()
    return f"a retention in {mode} mode until {until.astimezone(UTC).isoformat()}"


def read_legal_hold(answer: Answer) -> str | None:
    """Say that a version is under a legal hold."""
    return "a legal hold" if answer.get("LegalHold", {}).get("Status") == "ON" else None


def _version(listed: Mapping[str, Any], *, is_marker: bool) -> Version:
    return Version(
        key=read_field(listed, "Key"),
        version_id=read_field(listed, "VersionId"),
        is_latest=bool(listed.get("IsLatest")),
        is_marker=is_marker,
        size=0 if is_marker else read_field(listed, "Size"),
        modified=read_time(listed),
    )


# S3 goes on after a pair of key and id; this port after one token.


def _token(answer: Mapping[str, Any], key: str, place: str) -> str:
    return json.dumps([read_field(answer, key), answer.get(place)])


def _after(token: str | None, key: str, place: str) -> dict[str, str]:
    if token is None:
        return {}
    after = dict(zip((key, place), json.loads(token), strict=True))
    return {name: value for name, value in after.items() if value}
