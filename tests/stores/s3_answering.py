"""What an S3 store of either colour makes of the answers, and of their absence."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from s3sessions.errors import (
    AccessDenied,
    NotFound,
    PreconditionFailed,
    S3SessionsError,
    StoreUnavailable,
    WriteRace,
)
from s3sessions.ports import ABSENT, Request, Target
from tests.stores.listings import AWS
from tests.stores.scripted_s3 import (
    NO_ANSWER,
    Make,
    Reply,
    ScriptedS3,
    found,
    not_deleted,
    refusal,
)


class AnsweringTests:
    """The tests; a subclass's module has a fixture `make`, which gives a store on `scripted`."""

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

    def test_a_list_is_read_without_the_sdks_slow_parser(
        self, make: Make, scripted: ScriptedS3, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("the SDK parsed the list")

        monkeypatch.setattr("xml.etree.ElementTree.XMLParser", refuse)
        body = AWS.encode()
        scripted.answer(Reply(body=body))
        told: list[Request] = []
        page = make().observed(told.append).list("p/")
        assert [entry.key for entry in page.entries] == ["p/é+ .json"]
        assert (page.prefixes, page.token) == (["p/a b/"], "1c+/Zt=")
        assert [(request.status, request.received) for request in told] == [(200, len(body))]

    def test_an_error_in_the_place_of_a_list_is_retried(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        failed = Reply(body=b"<Error><Code>InternalError</Code></Error>")
        scripted.answer(failed, Reply(body=AWS.encode()))
        told: list[Request] = []
        assert len(make().observed(told.append).list("p/").entries) == 1
        assert [(request.status, request.attempts) for request in told] == [(200, 2)]

    def test_a_page_of_html_is_not_an_empty_list(self, make: Make, scripted: ScriptedS3) -> None:
        scripted.answer(Reply(body=b"<html><body>Sign in to this network</body></html>"))
        with pytest.raises(StoreUnavailable, match="check that the endpoint is an S3 server"):
            make().list("prefix/")

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

    def test_a_server_that_closes_its_connections_costs_no_error(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        # Each answer is whole, and the connection ends after it without a word.
        scripted.answer(*[found(b"data", whole=4)] * 8)
        store = make()
        assert [store.get("key").data for _ in range(8)] == [b"data"] * 8
        assert store.put("key", b"data") == "new-etag"

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

    def test_a_delete_many_refused_for_another_reason_fails_whole(
        self, make: Make, scripted: ScriptedS3
    ) -> None:
        scripted.answer(refusal(403, "AccessDenied"))
        with pytest.raises(AccessDenied) as caught:
            make().delete_many([Target("a"), Target("b")])
        assert caught.value.action == "s3:DeleteObject"
        assert len(scripted.received) == 1

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
