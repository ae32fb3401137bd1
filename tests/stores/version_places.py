"""Buckets that keep versions, and what both S3 stores send and make of the answers about them."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from s3sessions.errors import AccessDenied, StoreUnavailable
from s3sessions.ports import Request
from s3sessions.versions import SyncVersions, VersionTarget
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.s3_server import S3Server
from tests.servers.weed import Weed
from tests.stores.scripted_s3 import ALL_DELETED, Make, Reply, ScriptedS3, refusal

NO_LOCK = refusal(404, "NoSuchObjectLockConfiguration")
NO_UPLOADS = Reply(
    body=b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>"
    b"</ListMultipartUploadsResult>"
)
NO_VERSIONS = Reply(
    body=b"<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>"
)
EVERY_VERB: list[tuple[Reply, Callable[[SyncVersions], Any]]] = [
    (NO_VERSIONS, lambda port: port.list_versions("prefix/")),
    (ALL_DELETED, lambda port: port.delete_versions([VersionTarget("key", "v")])),
    (Reply(204), lambda port: port.delete_versions([VersionTarget("\ufffe", "v")])),
    (NO_UPLOADS, lambda port: port.list_uploads("prefix/")),
    (Reply(204), lambda port: port.abort_upload("key", "upload")),
]


@functools.cache
def versioned_bucket(server: S3Server, *, locked: bool = False) -> str:
    """A bucket that keeps versions, one for all tests on the server."""
    name = f"versioned-{fresh_name()}"
    with server.client() as s3:
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=locked)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


class _Place:
    server: S3Server
    endpoint_url: str
    bucket: str
    prefix: str

    def _use(self, server: S3Server) -> None:
        self.server, self.endpoint_url = server, server.endpoint_url
        self.bucket = versioned_bucket(server)
        self.prefix = f"{fresh_name()}/"

    def begin_upload(self, key: str) -> str:
        with self.server.client() as s3:
            upload_id: str = s3.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        return upload_id


class InVersionedWeed(_Place):
    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, weed: Weed) -> None:
        self._use(weed)


class InVersionedMoto(_Place):
    many = 40

    @pytest.fixture(autouse=True)
    def _under_a_new_prefix(self, moto: MotoServer) -> None:
        self._use(moto)


def not_erased(*refused: tuple[str, str | None, str, str]) -> Reply:
    """The answer of a DeleteObjects: key, version id, code and message of each refusal."""
    errors = "".join(
        f"<Error><Key>{key}</Key>"
        + (f"<VersionId>{version_id}</VersionId>" if version_id else "")
        + f"<Code>{code}</Code><Message>{message}</Message></Error>"
        for key, version_id, code, message in refused
    )
    return Reply(body=f"<DeleteResult>{errors}</DeleteResult>".encode())


class VersionWireTests:
    """The tests; a subclass's module has a fixture `make`, which gives a store on `scripted`."""

    @pytest.mark.parametrize(("reply", "verb"), EVERY_VERB)
    def test_the_expected_owner_and_the_payer_go_out_with_every_request(
        self, make: Make, scripted: ScriptedS3, reply: Reply, verb: Callable[[SyncVersions], Any]
    ) -> None:
        scripted.answer(reply)
        options = {"ExpectedBucketOwner": "111122223333", "RequestPayer": "requester"}
        verb(port_of(make(put_args=options)))
        (request,) = scripted.received
        assert request.headers["x-amz-expected-bucket-owner"] == "111122223333"
        assert request.headers["x-amz-request-payer"] == "requester"

    def test_versions_are_named_by_their_ids_in_one_quiet_request(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(ALL_DELETED)
        port_of(make()).delete_versions([VersionTarget("a<&", "v1"), VersionTarget("a<&", "null")])
        (request,) = scripted.received
        sent = ET.fromstring(request.body)
        assert sent.findtext("{*}Quiet") == "true"
        assert [
            (named.findtext("{*}Key"), named.findtext("{*}VersionId"))
            for named in sent.findall("{*}Object")
        ] == [("a<&", "v1"), ("a<&", "null")]
        assert "x-amz-bypass-governance-retention" not in request.headers

    def test_a_version_that_is_held_is_told_with_what_holds_it(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(
            not_erased(("held", "v1", "AccessDenied", "object protected by object lock")),
            Reply(
                body=b"<Retention><Mode>COMPLIANCE</Mode><RetainUntilDate>2030-01-01T00:00:00Z"
                b"</RetainUntilDate></Retention>"
            ),
            Reply(body=b"<LegalHold><Status>ON</Status></LegalHold>"),
        )
        told: list[Request] = []
        port = port_of(make().observed(told.append))
        fine, held = port.delete_versions([VersionTarget("x", "v"), VersionTarget("held", "v1")])
        assert fine.error is None
        assert isinstance(held.error, AccessDenied)
        assert held.error.message == (
            "version v1 is held by a retention in compliance mode until 2030-01-01T00:00:00+00:00 "
            "and a legal hold: purge again once it is released"
        )
        assert (held.error.key, held.version_id) == ("held", "v1")
        queries = [parse_qs(urlsplit(r.target).query, True) for r in scripted.received[1:]]
        assert [sorted(query) for query in queries] == [
            ["retention", "versionId"],
            ["legal-hold", "versionId"],
        ]
        assert [r.verb for r in told] == ["delete_versions", "get_retention", "get_legal_hold"]

    def test_a_refusal_that_nothing_explains_is_told_as_it_came(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(not_erased(("k", "v", "AccessDenied", "Access Denied")), NO_LOCK, NO_LOCK)
        (outcome,) = port_of(make()).delete_versions([VersionTarget("k", "v")])
        assert isinstance(outcome.error, AccessDenied)
        assert outcome.error.action == "s3:DeleteObjectVersion"

    def test_who_lacks_the_action_is_told_so_without_asking_for_locks(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        text = "User: u is not authorized to perform: s3:DeleteObjectVersion on resource: r"
        scripted.answer(not_erased(("k", "v", "AccessDenied", text)))
        (outcome,) = port_of(make()).delete_versions([VersionTarget("k", "v")])
        assert isinstance(outcome.error, AccessDenied)
        assert len(scripted.received) == 1

    def test_a_refusal_without_a_version_counts_for_every_version_of_the_key(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(not_erased(("k", None, "InternalError", "no")))
        targets = [VersionTarget("k", "1"), VersionTarget("other", "2"), VersionTarget("k", "3")]
        outcomes = port_of(make()).delete_versions(targets)
        assert [isinstance(out.error, StoreUnavailable) for out in outcomes] == [True, False, True]

    def test_what_is_not_there_is_erased_and_aborted(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(
            not_erased(("k", "v", "NoSuchVersion", "gone")),
            refusal(404, "NoSuchVersion"),
            refusal(404, "NoSuchUpload"),
        )
        port = port_of(make())
        assert port.delete_versions([VersionTarget("k", "v")])[0].error is None
        assert port.delete_versions([VersionTarget("\ufffe", "v")])[0].error is None
        port.abort_upload("k", "upload")

    @pytest.mark.parametrize(
        ("status", "code"), [(400, "MissingContentMD5"), (501, "NotImplemented")]
    )
    def test_where_delete_objects_is_refused_each_version_is_erased_by_itself(
        self, make: Make, scripted: ScriptedS3, status: int, code: str
    ) -> None:
        scripted.answer(refusal(status, code), *[Reply(204)] * 2)
        outcomes = port_of(make()).delete_versions(
            [VersionTarget("a", "1"), VersionTarget("b", "2")]
        )
        assert [outcome.error for outcome in outcomes] == [None, None]
        assert sorted(scripted.asked())[:2] == [
            ("DELETE", "/bucket/a?versionId=1"),
            ("DELETE", "/bucket/b?versionId=2"),
        ]

    def test_a_list_goes_on_after_the_key_and_the_id_that_were_the_last(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(
            Reply(
                body=b"<ListVersionsResult><EncodingType>url</EncodingType>"
                b"<IsTruncated>true</IsTruncated><NextKeyMarker>p/%C3%A9+x</NextKeyMarker>"
                b"<NextVersionIdMarker>v7</NextVersionIdMarker></ListVersionsResult>"
            ),
            NO_VERSIONS,
            Reply(
                body=b"<ListMultipartUploadsResult><EncodingType>url</EncodingType>"
                b"<IsTruncated>true</IsTruncated><NextKeyMarker>p/%C3%A9+x</NextKeyMarker>"
                b"<NextUploadIdMarker>u7</NextUploadIdMarker><Upload><Key>p/%C3%A9+x%01</Key>"
                b"<UploadId>u7</UploadId><Initiated>2026-11-20T09:00:00.000Z</Initiated></Upload>"
                b"</ListMultipartUploadsResult>"
            ),
            NO_UPLOADS,
        )
        port = port_of(make())
        assert port.list_versions("p/", token=port.list_versions("p/").token).token is None
        page = port.list_uploads("p/")
        assert [upload.key for upload in page.uploads] == ["p/é x\x01"]
        assert port.list_uploads("p/", token=page.token).token is None
        queries = [parse_qs(urlsplit(request.target).query) for request in scripted.received]
        markers = [(q.get("key-marker"), q.get("version-id-marker")) for q in queries[:2]]
        assert markers == [(None, None), (["p/é x"], ["v7"])]
        assert queries[3]["key-marker"] == ["p/é x"]
        assert queries[3]["upload-id-marker"] == ["u7"]

    def test_a_page_of_html_is_not_an_empty_list(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(*[Reply(body=b"<html><body>Sign in</body></html>")] * 2)
        port = port_of(make())
        for verb in (port.list_versions, port.list_uploads):
            with pytest.raises(StoreUnavailable, match="check that the endpoint is an S3 server"):
                verb("prefix/")

    def test_who_may_not_list_versions_is_told_the_action(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(*[refusal(403, "AccessDenied")] * 2)
        port = port_of(make())
        for verb, action in (
            (port.list_versions, "s3:ListBucketVersions"),
            (port.list_uploads, "s3:ListBucketMultipartUploads"),
        ):
            with pytest.raises(AccessDenied) as caught:
                verb("prefix/")
            assert caught.value.action == action


def port_of(store: Any) -> SyncVersions:
    """The second port of a store, which S3 always has."""
    port: SyncVersions = store.versions
    return port
