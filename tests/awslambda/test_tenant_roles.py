"""A role for each tenant: whose credentials a request carries, how long, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from s3sessions import (
    AccessDenied,
    DeadlineExceeded,
    InvalidId,
    InvalidSettings,
    Sessions,
    StoreUnavailable,
)
from s3sessions.awslambda import Delivery, SessionFunction, TenantRefused, TenantRoles
from tests.awslambda.contexts import LambdaContext
from tests.rig import fresh_name
from tests.servers.moto_server import MotoServer
from tests.servers.wire import Answer, Rule, WireProxy

ROLE = "arn:aws:iam::123456789012:role/tenant-writer"
HELLO = {"role": "user", "content": "hello"}
# STS is asked at the root of its endpoint, as a list of buckets is.
ASSUME = "ListBuckets"


@pytest.fixture
def tokens(moto: MotoServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[WireProxy]:
    """What STS is asked over."""
    with WireProxy(moto.endpoint_url) as wire:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", wire.url)
        yield wire


@pytest.fixture
def storage(moto: MotoServer) -> Iterator[WireProxy]:
    """What S3 is asked over."""
    with WireProxy(moto.endpoint_url) as wire:
        yield wire


@pytest.fixture
def url(moto_bucket: str) -> str:
    return f"s3://{moto_bucket}/{fresh_name()}"


@pytest.fixture
def roles(tokens: WireProxy, storage: WireProxy, url: str) -> Iterator[TenantRoles]:
    made = TenantRoles(url, ROLE, limit=2, endpoint_url=storage.url, region="eu-west-1")
    yield made
    made.close()


@dataclass(frozen=True, slots=True)
class StsAnswer(Answer):
    """What STS answers, in its own XML."""

    body: str = ""

    def as_bytes(self, method: str) -> bytes:
        body = self.body.encode()
        head = f"HTTP/1.1 {self.status} .\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
        return head.encode() + b"\r\n\r\n" + body


def refusal(status: int, code: str) -> StsAnswer:
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>"
    return StsAnswer(status, code, f"<ErrorResponse>{error}</ErrorResponse>")


def credentials_until(moment: datetime) -> StsAnswer:
    given = (
        "<AccessKeyId>ASIAEARLY</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
        f"<SessionToken>token</SessionToken><Expiration>{moment:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
    )
    result = f"<AssumeRoleResult><Credentials>{given}</Credentials></AssumeRoleResult>"
    return StsAnswer(200, "", f"<AssumeRoleResponse>{result}</AssumeRoleResponse>")


def asked(tokens: WireProxy) -> list[dict[str, str]]:
    """What roles were asked for, by parameter."""
    bodies = [sent.body.decode() for sent in tokens.sent]
    return [{name: values[0] for name, values in parse_qs(body).items()} for body in bodies]


def signers(storage: WireProxy) -> list[str]:
    """The key id by which each request was signed, each once, in order."""
    found = [
        re.findall(r"Credential=([^/]+)/", sent.headers["authorization"])[0]
        for sent in storage.sent
    ]
    return list(dict.fromkeys(found))


def test_each_tenant_is_asked_for_with_credentials_that_carry_its_tag(
    roles: TenantRoles, tokens: WireProxy, storage: WireProxy
) -> None:
    for tenant in ("acme", "J\u00fcrgen Co"):
        roles.under(tenant).open("s").append(HELLO)
    assumed = asked(tokens)
    assert [each["Action"] for each in assumed] == ["AssumeRole"] * 2
    assert {each["RoleArn"] for each in assumed} == {ROLE}
    assert {each["Tags.member.1.Key"] for each in assumed} == {"tenant"}
    assert [each["Tags.member.1.Value"] for each in assumed] == ["acme", "J\u00fcrgen Co"]
    assert [each["RoleSessionName"] for each in assumed] == [
        "s3sessions-acme",
        "s3sessions-J-rgen-Co",
    ]
    assert len(signers(storage)) == 2
    assert all(key.startswith("ASIA") for key in signers(storage))
    assert all("x-amz-security-token" in sent.headers for sent in storage.sent)


def test_a_tenant_stands_one_prefix_deeper_and_nothing_is_asked_before_it_is_used(
    roles: TenantRoles, tokens: WireProxy, storage: WireProxy, url: str, moto: MotoServer
) -> None:
    roles.prepare()
    sessions = roles.under("acme")
    assert sessions.transport.startswith("boto3")
    assert (tokens.sent, storage.sent) == ([], [])
    sessions.open("s").append(HELLO)
    with Sessions(url, endpoint_url=moto.endpoint_url) as owner:
        assert [ref.id for ref in owner.under("acme").list()] == ["s"]
        assert [ref.id for ref in owner.list()] == []


def test_a_tenant_is_taken_on_once_and_by_all_threads(
    roles: TenantRoles, tokens: WireProxy
) -> None:
    with ThreadPoolExecutor(8) as threads:

        def speak(number: int) -> None:
            roles.under("acme").open(f"s{number}").append(HELLO)

        list(threads.map(speak, range(16)))
    assert len(asked(tokens)) == 1


def test_the_client_of_the_tenant_that_was_asked_for_longest_ago_goes(
    roles: TenantRoles, tokens: WireProxy
) -> None:
    def speak(tenant: str) -> None:
        roles.under(tenant).open(fresh_name()).append(HELLO)

    first = roles.under("a").open("s")
    first.append(HELLO)
    for tenant in ("b", "a", "c", "a"):
        speak(tenant)
    assert [each["Tags.member.1.Value"] for each in asked(tokens)] == ["a", "b", "c"]
    speak("b")
    assert [each["Tags.member.1.Value"] for each in asked(tokens)] == ["a", "b", "c", "b"]
    speak("c")
    first.append(HELLO)  # whoever still has it goes on


def test_credentials_that_are_about_to_expire_are_asked_for_again(
    roles: TenantRoles, tokens: WireProxy, storage: WireProxy
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=9)
    tokens.rules([Rule(credentials_until(soon), operation=ASSUME, count=1)])
    chat = roles.under("acme").open("s")
    for _ in range(3):
        chat.append(HELLO)
    assert len(asked(tokens)) == 2
    first, later = signers(storage)
    assert (first, later[:4], later == first) == ("ASIAEARLY", "ASIA", False)


@pytest.mark.parametrize(
    "tenant",
    ["", "a/b", "..", ".", "session_a", "a%2Fb", "a*", "a?b", "${a}", "a\nb", "a\x00", "x" * 257],
)
def test_a_tenant_that_no_tag_or_no_key_can_hold_is_refused_before_any_request(
    roles: TenantRoles, tokens: WireProxy, tenant: str
) -> None:
    with pytest.raises((InvalidId, InvalidSettings)):
        roles.under(tenant)
    assert asked(tokens) == []


def test_a_tenant_is_a_text(roles: TenantRoles) -> None:
    tenant: Any = 7
    with pytest.raises(InvalidId, match="must be a text"):
        roles.under(tenant)


def test_a_role_that_may_not_be_taken_on_says_what_to_allow(
    roles: TenantRoles, tokens: WireProxy, storage: WireProxy
) -> None:
    tokens.rules([Rule(refusal(403, "AccessDenied"), operation=ASSUME)])
    with pytest.raises(AccessDenied, match="allow sts:AssumeRole and sts:TagSession") as caught:
        roles.under("acme").open("s").append(HELLO)
    assert caught.value.action == "sts:AssumeRole"
    assert storage.sent == []


def test_a_role_that_sts_does_not_understand_is_a_wrong_setting(
    roles: TenantRoles, tokens: WireProxy
) -> None:
    tokens.rules([Rule(refusal(400, "ValidationError"), operation=ASSUME)])
    with pytest.raises(InvalidSettings, match="role arn:aws:iam::123456789012:role/tenant-writer"):
        roles.under("acme").open("s").append(HELLO)


def test_sts_is_asked_no_longer_than_the_deadline_of_the_call(
    roles: TenantRoles, tokens: WireProxy
) -> None:
    tokens.rules([Rule(refusal(503, "ServiceUnavailable"), operation=ASSUME)])
    chat = roles.under("acme").open("s")
    with pytest.raises((DeadlineExceeded, StoreUnavailable), match="no credentials of role"):
        chat.restore(deadline=0.3)
    assert len(asked(tokens)) == 1


def test_who_has_no_credentials_to_take_a_role_on_with_is_told_so(
    roles: TenantRoles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AccessDenied, match="no usable credentials"):
        roles.under("acme").open("s").append(HELLO)


def test_what_was_closed_serves_again(roles: TenantRoles, tokens: WireProxy) -> None:
    for _ in range(2):
        roles.under("acme").open("s").append(HELLO)
        roles.close()
        roles.close()
    assert len(asked(tokens)) == 2


def test_one_tenant_refused_is_no_matter_to_another(roles: TenantRoles, tokens: WireProxy) -> None:
    tokens.rules([Rule(refusal(403, "AccessDenied"), operation=ASSUME, count=1)])
    with pytest.raises(AccessDenied):
        roles.under("acme").open("s").append(HELLO)
    roles.under("other").open("s").append(HELLO)


@pytest.mark.parametrize(
    ("url", "role", "options", "told"),
    [
        ("memory://", ROLE, {}, "s3://bucket/prefix only"),
        ("s3://bucket", "tenant-writer", {}, "is no role's ARN"),
        ("s3://bucket", ROLE, {"limit": 0}, "limit=0"),
        ("s3://bucket", ROLE, {"tag": "a b"}, "cannot name a tenant"),
        ("s3://bucket", ROLE, {"transport": "object_store"}, "cannot take on roles"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    url: str, role: str, options: dict[str, Any], told: str
) -> None:
    with pytest.raises(InvalidSettings, match=re.escape(told)):
        TenantRoles(url, role, **options)


def test_a_session_function_answers_each_tenant_with_its_own_role(
    roles: TenantRoles, tokens: WireProxy, storage: WireProxy
) -> None:
    function = SessionFunction(sessions=lambda: roles, metrics=None)

    def take(tenant: str | None) -> None:
        delivery = Delivery("s", "default", fresh_name(), {"message": "hi"}, None, {})
        context = LambdaContext(tenant_id=tenant)
        function.take(delivery, context, lambda turn: {"role": "assistant", "content": "yes"})

    take("acme")
    take("other")
    assert [each["Tags.member.1.Value"] for each in asked(tokens)] == ["acme", "other"]
    prefixes = {sent.key.split("/")[1] for sent in storage.sent if "session_" in sent.key}
    assert prefixes == {"acme", "other"}
    with pytest.raises(TenantRefused):
        take(None)
