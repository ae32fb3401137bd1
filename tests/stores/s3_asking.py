"""What an S3 store of either colour sends, and what it refuses to send."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    PreconditionFailed,
)
from s3sessions.ports import ABSENT, DELETE_LIMIT, Request, SyncStore, Target
from tests.stores.scripted_s3 import (
    ALL_DELETED,
    COPIED,
    DONE,
    EMPTY_LIST,
    Make,
    Reply,
    ScriptedS3,
    found,
    not_deleted,
    refusal,
)

CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
EVERY_VERB: list[tuple[Reply, Callable[[SyncStore], Any]]] = [
    (found(b"data"), lambda store: store.get("key")),
    (DONE, lambda store: store.put("key", b"data")),
    (Reply(204), lambda store: store.delete("key")),
    (ALL_DELETED, lambda store: store.delete_many([Target("key")])),
    (EMPTY_LIST, lambda store: store.list("prefix/")),
    (COPIED, lambda store: store.copy("key", "other")),
]


class AskingTests:
    """The tests; a subclass's module has a fixture `make`, which gives a store on `scripted`."""

    def test_a_put_does_not_wait_for_a_hundred_continue(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make().put("key", b"data")
        (request,) = scripted.received
        assert "expect" not in request.headers
        assert request.body == b"data"

    def test_a_create_asks_for_absence_and_a_replace_for_the_bare_etag(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        store = make()
        etag = store.put("key", b"data", only_if=ABSENT)
        assert etag == "new-etag"
        store.put("key", b"data", only_if=etag)
        store.put("key", b"data", only_if='"quoted"')
        store.put("key", b"data")
        sent = [
            (request.headers.get("if-none-match"), request.headers.get("if-match"))
            for request in scripted.received
        ]
        assert sent == [("*", None), (None, "new-etag"), (None, "quoted"), (None, None)]

    def test_an_object_is_json_unless_put_args_say_otherwise(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make().put("key", b"data")
        make(put_args={"ContentType": "text/plain"}).put("key", b"data")
        types = [request.headers["content-type"] for request in scripted.received]
        assert types == ["application/json", "text/plain"]

    def test_put_args_go_out_with_every_put(self, make: Make, scripted: ScriptedS3) -> None:
        arguments = {"StorageClass": "STANDARD_IA", "Tagging": "a=b", "Metadata": {"who": "me"}}
        make(put_args=arguments).put("key", b"data")
        headers = scripted.received[0].headers
        assert headers["x-amz-storage-class"] == "STANDARD_IA"
        assert headers["x-amz-tagging"] == "a=b"
        assert headers["x-amz-meta-who"] == "me"

    @pytest.mark.parametrize(("reply", "verb"), EVERY_VERB)
    def test_the_expected_owner_and_the_payer_go_out_with_every_request(
        self, make: Make, scripted: ScriptedS3, reply: Reply, verb: Callable[[SyncStore], Any]
    ) -> None:
        scripted.answer(reply)
        verb(make(put_args={"ExpectedBucketOwner": "111122223333", "RequestPayer": "requester"}))
        (request,) = scripted.received
        assert request.headers["x-amz-expected-bucket-owner"] == "111122223333"
        assert request.headers["x-amz-request-payer"] == "requester"

    def test_a_customers_key_goes_out_with_gets_and_copies_too(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(found(b"data"), COPIED)
        store = make(put_args=CUSTOMER_KEY)
        store.get("key")
        store.copy("key", "other")
        got, copied = (request.headers for request in scripted.received)
        name = "server-side-encryption-customer-key"
        assert got[f"x-amz-{name}"] == copied[f"x-amz-{name}"]
        assert copied[f"x-amz-copy-source-{name}"] == got[f"x-amz-{name}"]

    def test_requests_say_who_sends_them_and_name_the_bucket_in_the_path(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make().put("a b/é+", b"data")
        (request,) = scripted.received
        assert request.target == "/bucket/a%20b/%C3%A9%2B"
        assert " s3sessions/" in request.headers["user-agent"]
        assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256")

    def test_the_sdk_and_the_application_that_the_configuration_names_stand_in_the_user_agent(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SDK_UA_APP_ID", "an-app")
        make().put("key", b"data")
        agent = scripted.received[0].headers["user-agent"]
        assert agent.lower().count(" botocore/") == agent.count(" app/an-app ") == 1

    def test_no_checksum_is_added_for_a_server_that_is_not_aws(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make().put("key", b"data")
        assert not [name for name in scripted.received[0].headers if "checksum" in name]

    def test_a_server_named_by_the_environment_is_treated_like_a_given_one(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(
            "AWS_ENDPOINT_URL_S3", scripted.endpoint_url.replace("127.0.0.1", "localhost")
        )
        make(endpoint_url=None).put("key", b"data")
        (request,) = scripted.received
        assert request.target == "/bucket/key"
        assert not [name for name in request.headers if "checksum" in name]

    def test_a_copy_is_create_only_and_takes_tags_and_owner_along(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(COPIED)
        arguments = {"Tagging": "a=b", "CacheControl": "no-store", "ExpectedBucketOwner": "1" * 12}
        assert make(put_args=arguments).copy("a b/é", "target") == "new-etag"
        (request,) = scripted.received
        headers = request.headers
        assert request.target == "/bucket/target"
        assert headers["if-none-match"] == "*"
        assert headers["x-amz-copy-source"] == "bucket/a%20b/%C3%A9"
        assert headers["x-amz-source-expected-bucket-owner"] == "1" * 12
        assert (headers["x-amz-tagging"], headers["x-amz-tagging-directive"]) == ("a=b", "REPLACE")
        assert "cache-control" not in headers

    def test_many_are_deleted_in_one_quiet_request_each_by_its_etag(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(ALL_DELETED)
        told: list[Request] = []
        store = make().observed(told.append)
        outcomes = store.delete_many([Target("a", "etag-a"), Target("b<&"), Target("c", '"c"')])
        assert [(outcome.key, outcome.error) for outcome in outcomes] == [
            ("a", None),
            ("b<&", None),
            ("c", None),
        ]
        (request,) = scripted.received
        sent = ET.fromstring(request.body)
        objects = [
            {child.tag.rpartition("}")[2]: child.text for child in named}
            for named in sent.findall("{*}Object")
        ]
        assert sent.findtext("{*}Quiet") == "true"
        assert objects == [
            {"Key": "a", "ETag": "etag-a"},
            {"Key": "b<&"},
            {"Key": "c", "ETag": "c"},
        ]
        checksum = base64.b64decode(request.headers["x-amz-checksum-crc32"])
        assert checksum == zlib.crc32(request.body).to_bytes(4, "big")
        assert [request.sent for request in told] == [len(request.body)]

    def test_a_key_that_xml_cannot_hold_is_deleted_by_itself(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(not_deleted(("plain", "AccessDenied")), refusal(412, "PreconditionFailed"))
        scripted.answer(found(b"another"))
        told: list[Request] = []
        store = make().observed(told.append)
        outcomes = store.delete_many([Target("\ufffe", "etag"), Target("plain", "etag")])
        assert [type(outcome.error) for outcome in outcomes] == [PreconditionFailed, AccessDenied]
        assert [request.verb for request in told] == ["delete_many", "delete", "get"]
        assert b"\xef\xbf\xbe" not in scripted.received[0].body

    @pytest.mark.parametrize(
        ("status", "code"), [(400, "MissingContentMD5"), (501, "NotImplemented")]
    )
    def test_where_delete_objects_is_refused_each_key_is_deleted_by_itself(
        self, make: Make, scripted: ScriptedS3, status: int, code: str
    ) -> None:
        scripted.answer(refusal(status, code), *[Reply(204)] * 2)
        outcomes = make().delete_many([Target("a"), Target("b")])
        assert [(outcome.key, outcome.error) for outcome in outcomes] == [("a", None), ("b", None)]
        assert sorted(scripted.asked())[:2] == [("DELETE", "/bucket/a"), ("DELETE", "/bucket/b")]

    def test_what_cannot_be_sent_is_refused_without_a_request(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        told: list[Request] = []
        store = make().observed(told.append)
        for key in ("", "x" * 1025, "é" * 513, "\ud800"):
            for verb in (
                lambda key: store.get(key),
                lambda key: store.put(key, b""),
                lambda key: store.delete(key),
                lambda key: store.delete_many([Target("fine"), Target(key)]),
                lambda key: store.copy("fine", key),
            ):
                with pytest.raises(InvalidId):
                    verb(key)
        with pytest.raises(InvalidId):
            store.list("\ud800")
        with pytest.raises(InvalidSettings, match="1000"):
            store.delete_many([Target(str(number)) for number in range(DELETE_LIMIT + 1)])
        assert list(store.delete_many([])) == []
        assert (scripted.received, told) == ([], [])

    def test_without_credentials_nothing_is_sent_and_the_error_says_what_to_set(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        told: list[Request] = []
        with pytest.raises(AccessDenied, match="set AWS_ACCESS_KEY_ID"):
            make().observed(told.append).put("key", b"data")
        assert (scripted.received, told) == ([], [])

    def test_an_unknown_profile_is_named(self, make: Make) -> None:
        with pytest.raises(InvalidSettings, match=r"profile \(no-such-profile\)"):
            make(profile="no-such-profile").get("key")

    def test_an_endpoint_that_is_no_url_is_refused_and_its_password_kept_quiet(
        self, make: Make
    ) -> None:
        for url in ("me:hunter2@host:80", "http://me:hunter2@host:9x", "http://me:hunter2@[::1"):
            with pytest.raises(InvalidSettings) as caught:
                make(endpoint_url=url).get("key")
            assert "hunter2" not in str(caught.value)

    def test_an_argument_of_the_wrong_type_is_named_without_its_value(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        with pytest.raises(InvalidSettings, match="Tagging") as caught:
            make(put_args={"Tagging": 8_675_309}).put("key", b"data")
        assert "8675309" not in str(caught.value)
        assert scripted.received == []

    def test_a_closed_store_may_be_closed_again_and_used_again(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        store = make()
        store.close()
        store.put("key", b"data")
        store.close()
        store.close()
        store.put("key", b"data")
        assert len(scripted.received) == 2
