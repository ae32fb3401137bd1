"""The obstore stores of both colours: what goes over the wire, and what is made of the answers."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from s3sessions.errors import AccessDenied, InvalidSettings, S3SessionsError
from s3sessions.ports import Request
from s3sessions.stores.object_store import ObjectStore
from s3sessions.stores.object_store_async import AsyncObjectStore
from s3sessions.stores.object_store_s3 import S3Bucket
from tests.stores.s3_answering import AnsweringTests
from tests.stores.s3_asking import AskingTests
from tests.stores.scripted_s3 import (
    DONE,
    Make,
    Reply,
    ScriptedS3,
    found,
    listed,
    refusal,
)


class Driven:
    """The async store in blocking code: each verb runs to its end in the same loop."""

    def __init__(self, store: AsyncObjectStore, runner: asyncio.Runner) -> None:
        self._store = store
        self._runner = runner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._store, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if inspect.iscoroutine(result):
                return self._runner.run(result)
            return Driven(result, self._runner)

        return call


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send again without a pause: a test does not wait."""
    monkeypatch.setattr("s3sessions.stores.object_store_exchange.pause_before", lambda _: 0.0)


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest, scripted: ScriptedS3) -> Iterator[Make]:
    stores: list[Any] = []
    with asyncio.Runner() as runner:

        def make_store(**options: Any) -> Any:
            place = S3Bucket("bucket", **{"endpoint_url": scripted.endpoint_url, **options})
            store = ObjectStore(place)
            stores.append(
                store if request.param == "sync" else Driven(AsyncObjectStore(place), runner)
            )
            return stores[-1]

        yield make_store
        for store in stores:
            store.close()


def query_of(target: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}


class TestTheWire(AskingTests, AnsweringTests):
    """What the store over boto3 does, this one does, but for what stands here as None."""

    # It refuses these arguments: boto3 takes them.
    test_the_expected_owner_and_the_payer_go_out_with_every_request = None
    test_a_customers_key_goes_out_with_gets_and_copies_too = None  # type: ignore[assignment]
    test_a_copy_is_create_only_and_takes_tags_and_owner_along = None  # type: ignore[assignment]
    # Its pages and tokens are of another kind.
    test_a_page_of_a_list_is_read_whole = None  # type: ignore[assignment]
    # obstore takes these for one; see test_object_store_place.py for what follows.
    test_a_page_of_html_is_not_an_empty_list = None  # type: ignore[assignment]
    test_an_error_in_the_place_of_a_list_is_retried = None  # type: ignore[assignment]
    # No SDK parses its lists, or stands in its user agent.
    test_a_list_is_read_without_the_sdks_slow_parser = None  # type: ignore[assignment]
    test_the_sdk_and_the_application_that_the_configuration_names_stand_in_the_user_agent = None  # type: ignore[assignment]

    def test_a_page_of_a_list_shows_keys_as_they_are(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        keys = ["p/%2F%20%", "p/a+b=c&d<", "p/q r/é", "p/\u2028"]
        scripted.answer(listed(*keys))
        page = make().list("p/")
        assert [entry.key for entry in page.entries] == keys
        assert {(entry.size, entry.etag) for entry in page.entries} == {(3, "e")}
        assert page.entries[0].modified.isoformat() == "2026-11-20T11:00:00.123000+00:00"
        assert (list(page.prefixes), page.token) == ([], None)
        assert query_of(scripted.received[0].target) == {"list-type": "2", "prefix": "p/"}

    def test_no_more_is_listed_than_asked_for_which_s3_may_refuse(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(listed("p/b", "p/b/1"))
        page = make().list("p/b")
        assert [entry.key for entry in page.entries] == ["p/b", "p/b/1"]
        assert query_of(scripted.received[0].target)["prefix"] == "p/b"

    def test_a_list_goes_on_by_the_stores_own_token_and_again_behind_the_last_key(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        keys = [f"p/{number:04}" for number in range(1001)]
        scripted.answer(listed(*keys[:1000], more="theirs"), listed(keys[1000]), listed(keys[1000]))
        store = make()
        first = store.list("p/")
        for _ in range(2):
            (entry,) = store.list("p/", token=first.token).entries
            assert entry.key == keys[1000]
        sent = [query_of(request.target) for request in scripted.received]
        assert sent[1]["continuation-token"] == "theirs"
        assert sent[2]["start-after"] == keys[999]

    def test_behind_a_full_page_that_was_the_last_nothing_is_asked(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        told: list[Request] = []
        store = make().observed(told.append)
        scripted.answer(listed(*[f"p/{number:04}" for number in range(1000)]))
        first = store.list("p/")
        last = store.list("p/", token=first.token)
        assert (len(first.entries), list(last.entries), last.token) == (1000, [], None)
        assert len(scripted.received) == len(told) == 1

    def test_a_list_begins_behind_a_key(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(listed("p/6"))
        make().list("p/", start_after="p/5")
        assert query_of(scripted.received[0].target)["start-after"] == "p/5"

    @pytest.mark.parametrize("key", ["p/folder/", "p/", "p/a//b", "p/./x", "p/a\x7fb"])
    def test_a_page_with_a_key_that_obstore_folds_is_listed_again_by_boto3(
        self, make: Make, scripted: ScriptedS3, key: str
    ) -> None:
        scripted.answer(listed("p/1", key), listed("p/1", key, more="theirs"), listed("p/z"))
        told: list[Request] = []
        store = make().observed(told.append)
        page = store.list("p/", start_after="p/0")
        assert [entry.key for entry in page.entries] == ["p/1", key]
        rest = store.list("p/", token=page.token)
        assert [entry.key for entry in rest.entries] == ["p/z"]
        sent = [query_of(request.target) for request in scripted.received]
        assert [query.get("start-after") for query in sent] == ["p/0", "p/0", None]
        assert sent[2]["continuation-token"] == "theirs"
        assert [request.status for request in told] == [200, 200, 200]

    @pytest.mark.parametrize("key", ["a//b", "/a", "a/", "./a", "a/../b", "a\x01b"])
    def test_a_key_that_obstore_would_fold_goes_out_as_it_is(
        self, make: Make, scripted: ScriptedS3, key: str
    ) -> None:
        scripted.answer(DONE, found(b"data"), Reply(204))
        told: list[Request] = []
        store = make().observed(told.append)
        store.put(key, b"data")
        assert store.get(key).data == b"data"
        store.delete(key)
        assert {request.key for request in told} == {key}
        spelled = {urlsplit(request.target).path for request in scripted.received}
        assert spelled == {f"/bucket/{key}".replace("\x01", "%01")}

    def test_what_put_args_say_goes_out_as_boto3_says_it(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make(
            put_args={
                "BucketKeyEnabled": True,
                "CacheControl": "no-store",
                "ContentDisposition": "inline",
                "ContentEncoding": "identity",
                "ContentLanguage": "de",
                "ContentType": "text/plain",
                "Metadata": {"who": "me"},
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": "arn:aws:kms:eu-west-1:1:key/k",
                "StorageClass": "STANDARD_IA",
                "Tagging": "team=a%26b&empty=",
            }
        ).put("key", b"data")
        headers = scripted.received[0].headers
        assert parse_qs(headers["x-amz-tagging"], keep_blank_values=True) == {
            "team": ["a&b"],
            "empty": [""],
        }
        assert {name: text for name, text in headers.items() if name in SENT} == SENT

    def test_metadata_leaves_the_type_of_the_object_json(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        make(put_args={"Metadata": {"who": "me"}}).put("key", b"data")
        assert scripted.received[0].headers["content-type"] == "application/json"

    @pytest.mark.parametrize(
        "put_args",
        [
            {"ACL": "private"},
            {"ExpectedBucketOwner": "1" * 12},
            {"Metadata": {"Content-Type": "x"}},
            {"SSEKMSKeyId": "k"},
            {"ServerSideEncryption": "AES256", "BucketKeyEnabled": True},
            {"StorageClass": "é"},
            {"Tagging": "twice=1&twice=2"},
            {"Tagging": "no value"},
        ],
    )
    def test_what_obstore_would_not_send_so_is_refused_and_named(
        self, make: Make, put_args: dict[str, Any]
    ) -> None:
        with pytest.raises(InvalidSettings, match=f"put_args need boto3 .({'|'.join(put_args)})"):
            make(put_args=put_args)

    def test_a_large_body_goes_out_through_boto3(self, make: Make, scripted: ScriptedS3) -> None:
        store = make()
        store.put("key", bytes(8 * 1024 * 1024))
        store.put("key", bytes(8 * 1024 * 1024 + 1))
        agents = [request.headers["user-agent"].split("/")[0] for request in scripted.received]
        assert agents == ["obstore", "Boto3"]

    @pytest.mark.parametrize(
        ("status", "code", "tries"),
        [
            (429, "TooManyRequests", 5),
            (502, "", 5),
            (504, "", 5),
            (400, "RequestTimeout", 5),
            (400, "InvalidArgument", 1),
            (403, "AccessDenied", 1),
            (409, "OperationAborted", 1),
            (501, "NotImplemented", 1),
        ],
    )
    def test_only_what_may_pass_is_sent_again(
        self, make: Make, scripted: ScriptedS3, status: int, code: str, tries: int
    ) -> None:
        scripted.answer(*[refusal(status, code)] * 9)
        told: list[Request] = []
        with pytest.raises(S3SessionsError):
            make().observed(told.append).put("key", b"data")
        assert [(request.status, request.attempts) for request in told] == [(status, tries)]
        assert len(scripted.received) == tries

    def test_nothing_of_obstores_own_text_is_in_an_error_or_behind_it(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(403, "AccessDenied", "no", AWSAccessKeyId="AKIA-LEAKED"))
        with pytest.raises(AccessDenied) as caught:
            make().get("key")
        error: BaseException | None = caught.value
        while error is not None:
            assert "LEAKED" not in f"{error!r} {error}"
            assert not type(error).__module__.startswith("obstore")
            error = error.__cause__ or error.__context__

    def test_the_credentials_of_a_profile_are_used(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "credentials"
        file.write_text(
            "[work]\naws_access_key_id = of-the-profile\naws_secret_access_key = secret\n"
            "aws_session_token = token\n"
        )
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        make(profile="work").put("key", b"data")
        (request,) = scripted.received
        assert "Credential=of-the-profile/" in request.headers["authorization"]
        assert request.headers["x-amz-security-token"] == "token"

    def test_the_region_of_a_file_is_used(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "config").write_text("[default]\nregion = eu-south-2\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        make().put("key", b"data")
        assert "/eu-south-2/s3/" in scripted.received[0].headers["authorization"]


SENT = {
    "cache-control": "no-store",
    "content-disposition": "inline",
    "content-encoding": "identity",
    "content-language": "de",
    "content-type": "text/plain",
    "x-amz-meta-who": "me",
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-west-1:1:key/k",
    "x-amz-server-side-encryption-bucket-key-enabled": "true",
    "x-amz-storage-class": "STANDARD_IA",
}
