"""Which store a URL and the settings lead to, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3sessions import AsyncSessions, InvalidSettings, MissingExtra, Sessions
from s3sessions.stores.memory import MemoryStore

FACES = [(Sessions, "boto3"), (AsyncSessions, "aioboto3")]


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take what the tests are pinned to, and what this machine says of certificates, away."""
    monkeypatch.delenv("S3SESSIONS_TRANSPORT")
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def without_obstore(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3sessions.stores.object_store_support.find_spec", lambda _: None)


@pytest.mark.parametrize(("face", "sdk"), FACES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"endpoint_url": "http://127.0.0.1:1"},
        {"endpoint_url": "https://storage.example.com", "region": "auto"},
        {"profile": "any"},
        {"region": "us-gov-west-1"},
        {"put_args": {"ServerSideEncryption": "aws:kms", "Tagging": "a=b", "ContentType": "x/y"}},
        {"transport": "object_store"},
    ],
)
def test_obstore_is_taken_where_it_can_follow_every_setting(
    face: Any, sdk: str, options: dict[str, Any]
) -> None:
    said = face("s3://bucket/prefix", **options).transport
    assert said.startswith("object_store: obstore 0.")


@pytest.mark.parametrize(("face", "sdk"), FACES)
@pytest.mark.parametrize(
    ("url", "options", "why"),
    [
        ("s3://bucket", {"transport": "boto3"}, "asked for"),
        ("s3://bucket", {"client": object()}, "a client is given"),
        ("s3://bucket", {"put_args": {"ACL": "private"}}, "put_args need boto3 (ACL)"),
        ("s3://arn:aws:s3:eu-west-1:1:accesspoint/a", {}, "the bucket is an access point"),
        ("s3://bucket--use1-az4--x-s3", {}, "the bucket is an access point or a directory bucket"),
        ("s3://bucket", {"region": "cn-north-1"}, "region 'cn-north-1' needs boto3"),
        (
            "s3://bucket",
            {"endpoint_url": "https://s3.dualstack.eu-west-1.amazonaws.com"},
            "an endpoint of AWS is given",
        ),
    ],
)
def test_boto3_is_taken_where_obstore_cannot_follow_and_says_why(
    face: Any, sdk: str, url: str, options: dict[str, Any], why: str
) -> None:
    if "client" in options:
        options = {"client": _Client()}
    assert face(url, **options).transport.startswith(f"{sdk}: {why}")
    if "transport" not in options:
        with pytest.raises(InvalidSettings) as caught:
            face(url, **options, transport="object_store")
        assert f"transport='object_store' cannot be had, as {why}" in str(caught.value)


class _Client:
    """As much of a client as is touched when it is handed over."""

    class meta:
        class events:
            @staticmethod
            def register(*_: object, **__: object) -> None:
                pass

            register_first = register_last = unregister = register


@pytest.mark.parametrize(
    ("variable", "value", "url"),
    [
        ("AWS_CA_BUNDLE", "/ca.pem", None),
        ("REQUESTS_CA_BUNDLE", "/ca.pem", "https://storage.example.com"),
        ("AWS_USE_FIPS_ENDPOINT", "true", None),
        ("AWS_USE_DUALSTACK_ENDPOINT", "true", None),
        ("AWS_SERVER_SIDE_ENCRYPTION", "AES256", None),
    ],
)
def test_a_variable_that_obstore_would_not_follow_as_boto3_does_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, url: str | None
) -> None:
    monkeypatch.setenv(variable, value)
    said = Sessions("s3://bucket", endpoint_url=url).transport
    assert said == f"boto3: {variable} needs boto3"


def test_certificates_do_not_matter_to_a_plain_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    said = Sessions("s3://bucket", endpoint_url="http://127.0.0.1:1").transport
    assert said.startswith("object_store")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[default]\nregion = eu-west-1\n", "object_store"),
        ("[default]\nregion=eu-west-1\nrole_arn = r\nsource_profile = s\n", "object_store"),
        ("[profile p]\nendpoint_url = http://x\n", "boto3: endpoint_url in the AWS config"),
        ("[default]\ns3 =\n  addressing_style = path\n", "boto3: s3 in the AWS config"),
        ("[default]\nca_bundle = /x\nregion = r\n", "boto3: ca_bundle in the AWS config"),
        ("[default]\noutput = json\n", "boto3: nothing says in which region the bucket is"),
    ],
)
def test_the_files_of_the_aws_configuration_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert Sessions("s3://bucket").transport.startswith(said)


@pytest.mark.parametrize(("face", "sdk"), FACES)
def test_without_obstore_boto3_is_taken_and_the_extra_is_named(
    without_obstore: None, face: Any, sdk: str
) -> None:
    said = face("s3://bucket").transport
    assert said == f"{sdk}: obstore is not installed: pip install 's3sessions[fast]'"
    for url in ("s3://bucket", "gs://bucket", "az://container/prefix"):
        with pytest.raises(MissingExtra, match=r"s3sessions\[fast\]") as caught:
            face(url, transport="object_store")
        assert caught.value.extra == "fast"


@pytest.mark.parametrize("url", ["gs://bucket/a/b", "az://container/a/b"])
def test_other_clouds_are_asked_through_obstore_alone(url: str) -> None:
    sessions = Sessions(url)
    assert sessions.prefix == "a/b/"
    assert sessions.transport.startswith("object_store")
    for options in ({"transport": "boto3"}, {"region": "r"}, {"put_args": {"ACL": "private"}}):
        with pytest.raises(InvalidSettings, match="leave it out"):
            Sessions(url, **options)


@pytest.mark.parametrize("url", ["gs://", "gs:///prefix", "az://", "gcs://bucket"])
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="none of s3://"):
        Sessions(url)


def test_the_width_follows_the_transport_unless_it_is_given() -> None:
    for options, width in (
        ({"transport": "object_store"}, 128),
        ({"transport": "object_store", "width": 7}, 7),
        ({"transport": "boto3"}, 32),
    ):
        sessions = Sessions("s3://bucket", **options)
        assert sessions._dao.scope.width == width


def test_places_that_need_no_transport_say_which_they_are(tmp_path: Path) -> None:
    assert Sessions("memory://").transport == "memory"
    assert Sessions(f"file://{tmp_path}").transport == "local"
    assert Sessions(store=MemoryStore()).transport == "store: MemoryStore"
    assert Sessions("memory://").under("tenant").transport == "memory"
