"""What an S3 store of either colour sends, and what it makes of the answers.

Written once in blocking code; `test_s3.py` and `test_s3_async.py` supply the store.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import pytest

from s3sessions.errors import (
    AccessDenied,
    InvalidId,
    InvalidSettings,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT, DELETE_LIMIT, Request, SyncStore, Target
from tests.stores.scripted_s3 import (
    ALL_DELETED,
    COPIED,
    DONE,
    EMPTY_LIST,
    NO_ANSWER,
    Reply,
    ScriptedS3,
    found,
    not_deleted,
    refusal,
)

Make: TypeAlias = Callable[..., SyncStore]

CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
EVERY_VERB: list[tuple[Reply, Callable[[SyncStore], Any]]] = [
    (found(b"data"), lambda store: store.get("key")),
    (DONE, lambda store: store.put("key", b"data")),
    (Reply(204), lambda store: store.delete("key")),
    (ALL_DELETED, lambda store: store.delete_many([Target("key")])),
    (EMPTY_LIST, lambda store: store.list("prefix/")),
    (COPIED, lambda store: store.copy("key", "other")),
]


class WireTests:
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

    def test_an_object_comes_with_its_bare_etag_and_its_time_in_utc(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(found(b"data"))
        blob = make().get("key")
        assert (blob.data, blob.etag) == (b"data", "an-etag")
        assert blob.modified.isoformat() == "2026-11-20T09:00:00+00:00"

    def test_a_page_of_a_list_is_read_whole(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(
            Reply(
                body=b"<ListBucketResult><EncodingType>url</EncodingType>"
                b"<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
                b"<Contents><Key>p/%C3%A9+%2B%2525</Key><Size>7</Size><ETag>&quot;e&quot;</ETag>"
                b"<LastModified>2026-11-20T11:00:00.123+02:00</LastModified></Contents>"
                b"<CommonPrefixes><Prefix>p/a+b/</Prefix></CommonPrefixes></ListBucketResult>"
            )
        )
        page = make().list("p/", delimiter="/", token="from here", limit=5000)
        (entry,) = page.entries
        assert (entry.key, entry.size, entry.etag) == ("p/é +%25", 7, "e")
        assert entry.modified.isoformat() == "2026-11-20T09:00:00.123000+00:00"
        assert (page.prefixes, page.token) == (["p/a b/"], "more")
        query = parse_qs(urlsplit(scripted.received[0].target).query)
        assert query["continuation-token"] == ["from here"]
        assert (query["delimiter"], query["prefix"], query["max-keys"]) == (["/"], ["p/"], ["1000"])

    def test_times_do_not_go_through_the_slow_parser(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("the SDK's own parser was called")

        monkeypatch.setattr("dateutil.parser.parse", refuse)
        scripted.answer(
            found(b"data"),
            Reply(
                body=b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key>"
                b"<LastModified>2026-11-20T09:00:00.000Z</LastModified><Size>1</Size><ETag>e</ETag>"
                b"</Contents></ListBucketResult>"
            ),
        )
        store = make()
        blob = store.get("k")
        (entry,) = store.list("").entries
        assert blob.modified == entry.modified

    def test_a_page_of_html_is_not_an_empty_list(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(Reply(body=b"<html><body>Sign in to this network</body></html>"))
        with pytest.raises(StoreUnavailable, match="check that the endpoint is an S3 server"):
            make().list("prefix/")

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

    def test_a_refused_race_is_told_at_once(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(refusal(409, "ConditionalRequestConflict", "try again"))
        with pytest.raises(WriteRace) as caught:
            make().put("key", b"data", only_if=ABSENT)
        assert caught.value.key == "key"
        assert len(scripted.received) == 1

    def test_a_replace_of_what_is_not_there_fails_its_condition(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(404, "NoSuchKey"))
        with pytest.raises(PreconditionFailed):
            make().put("key", b"data", only_if="etag")

    @pytest.mark.parametrize("only_if", [None, "etag"])
    def test_what_is_not_there_is_deleted(
        self, make: Make, scripted: ScriptedS3, only_if: str | None
    ) -> None:
        scripted.answer(refusal(404, "NoSuchKey"))
        make().delete("key", only_if=only_if)
        assert scripted.asked() == [("DELETE", "/bucket/key")]

    def test_a_server_that_says_412_for_what_is_not_there_is_asked_again(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(412, "PreconditionFailed"), refusal(404, "NoSuchKey"))
        make().delete("key", only_if="etag")
        assert scripted.asked() == [("DELETE", "/bucket/key"), ("GET", "/bucket/key")]

    def test_another_version_is_not_deleted(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(refusal(412, "PreconditionFailed"), found(b"another"))
        with pytest.raises(PreconditionFailed):
            make().delete("key", only_if="etag")
        assert scripted.received[0].headers["if-match"] == "etag"

    def test_an_answer_of_503_is_retried_and_each_try_counted(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(503, "SlowDown"), refusal(500, "InternalError"), found(b"data"))
        told: list[Request] = []
        assert make().observed(told.append).get("key").data == b"data"
        assert [(request.status, request.attempts) for request in told] == [(200, 3)]

    def test_a_store_that_stays_unavailable_is_given_up(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(*[refusal(503, "SlowDown", "reduce your rate")] * 5)
        told: list[Request] = []
        with pytest.raises(StoreUnavailable, match="SlowDown: reduce your rate"):
            make().observed(told.append).put("key", b"data")
        assert [(request.status, request.attempts) for request in told] == [(503, 5)]
        assert len(scripted.received) == 5

    def test_a_server_that_never_answers_is_given_up(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(*[NO_ANSWER] * 20)
        told: list[Request] = []
        with pytest.raises(StoreUnavailable):
            make().observed(told.append).put("key", b"data")
        assert [(request.verb, request.status, request.sent) for request in told] == [("put", 0, 4)]
        # The SDK's five; aiohttp sends again by itself, too, where a connection was in use before.
        assert 5 <= len(scripted.received) < 20

    def test_a_body_that_is_cut_off_is_asked_for_again(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(found(b"0123456789", whole=4), found(b"0123456789"))
        told: list[Request] = []
        assert make().observed(told.append).get("key").data == b"0123456789"
        ended = [(request.status, request.received, request.attempts) for request in told]
        assert ended == [(200, 10, 2)]

    def test_a_body_that_is_cut_off_every_time_is_given_up(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(*[found(b"0123456789", whole=4)] * 3, found(b"0123456789"))
        told: list[Request] = []
        with pytest.raises(StoreUnavailable, match="did not arrive whole in 3 tries") as caught:
            make().observed(told.append).get("key")
        assert caught.value.key == "key"
        assert caught.value.__cause__ is not None
        assert [(request.status, request.attempts) for request in told] == [(0, 3)]
        assert len(scripted.received) == 3

    def test_many_are_deleted_in_one_quiet_request_each_by_its_etag(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(ALL_DELETED)
        outcomes = make().delete_many([Target("a", "etag-a"), Target("b<&"), Target("c", '"c"')])
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

    def test_each_key_that_could_not_be_deleted_has_its_own_error(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(
            not_deleted(
                ("changed", "PreconditionFailed"),
                ("gone", "NoSuchKey"),
                ("held", "AccessDenied"),
                ("later", "InternalError"),
                ("odd", "Unheard-Of"),
            )
        )
        keys = ["gone", "held", "fine", "later", "odd", "changed"]
        outcomes = make().delete_many([Target(key, "etag") for key in keys])
        kinds = {outcome.key: type(outcome.error) for outcome in outcomes if outcome.error}
        assert [outcome.key for outcome in outcomes] == keys
        assert kinds == {
            "held": AccessDenied,
            "later": StoreUnavailable,
            "odd": S3SessionsError,
            "changed": PreconditionFailed,
        }
        assert {outcome.error.key for outcome in outcomes if outcome.error} == set(kinds)

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

    def test_a_delete_many_refused_for_another_reason_fails_whole(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(403, "AccessDenied"))
        with pytest.raises(AccessDenied) as caught:
            make().delete_many([Target("a"), Target("b")])
        assert caught.value.action == "s3:DeleteObject"
        assert len(scripted.received) == 1

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

    def test_every_observer_is_told_of_every_request_of_its_store_alone(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        first: list[Request] = []
        second: list[Request] = []
        plain = make()
        once = plain.observed(first.append)
        twice = once.observed(second.append)
        plain.put("not told", b"")
        once.put("once", b"data")
        scripted.answer(refusal(404, "NoSuchKey"))
        with pytest.raises(NotFound):
            twice.get("twice")
        assert [(request.verb, request.key, request.status) for request in first] == [
            ("put", "once", 200),
            ("get", "twice", 404),
        ]
        assert second == first[1:]
        assert (first[0].sent, first[0].received) == (4, 0)
        assert first[1].received > 0
        assert first[0].milliseconds > 0

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

    def test_an_error_text_holds_nothing_of_the_credentials(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(
            refusal(
                403,
                "SignatureDoesNotMatch",
                "the signature does not match",
                AWSAccessKeyId="tests-access-key",
                SignatureProvided="5f1d",
            )
        )
        with pytest.raises(AccessDenied, match="does not know these credentials") as caught:
            make().get("key")
        assert "tests-access-key" not in str(caught.value)
        assert "5f1d" not in str(caught.value)

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
