"""Settings: an argument wins over a variable, a variable over the default."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3sessions import InvalidMessage, InvalidSettings, Sessions, Settings
from s3sessions.location import Location
from s3sessions.stores.memory import MemoryStore


def test_every_setting_can_come_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "url": "memory://",
        "endpoint_url": "http://127.0.0.1:1",
        "region": "eu-west-1",
        "profile": "p",
        "put_args": '{"StorageClass": "STANDARD_IA"}',
        "transport": "object_store",
        "width": "7",
        "trust": "60.5",
        "attempts": "3",
        "max_message_bytes": "1000",
        "pack_at": "200",
        "connect_timeout": "1",
        "read_timeout": "2",
    }
    for name, text in given.items():
        monkeypatch.setenv(f"S3SESSIONS_{name.upper()}", text)
    loaded = Settings.load()
    for name, text in given.items():
        default = getattr(Settings(), name)
        assert getattr(loaded, name) != default, name
        if name != "put_args":
            assert str(getattr(loaded, name)).removesuffix(".0") == text
    assert loaded.put_args == {"StorageClass": "STANDARD_IA"}


def test_an_argument_wins_over_its_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("S3SESSIONS_URL", f"file://{tmp_path}/sessions")
    monkeypatch.setenv("S3SESSIONS_MAX_MESSAGE_BYTES", "300")
    with Sessions() as sessions:
        sessions.open("s").append({"text": "short"})
        with pytest.raises(InvalidMessage):
            sessions.open("s").append({"text": "x" * 300})
    assert (tmp_path / "sessions" / "session_s" / "session.json").exists()
    Sessions("memory://", max_message_bytes=1000).open("s").append({"text": "x" * 300})


@pytest.mark.parametrize(
    ("variable", "text"),
    [("WIDTH", "many"), ("WIDTH", "0"), ("TRUST", "-1"), ("PUT_ARGS", "{"), ("PUT_ARGS", "[1]")],
)
def test_a_variable_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, text: str
) -> None:
    monkeypatch.setenv(f"S3SESSIONS_{variable}", text)
    with pytest.raises(InvalidSettings, match=rf"(?i){variable}"):
        Sessions("memory://")


@pytest.mark.parametrize(
    ("url", "options", "why"),
    [
        (None, {}, "no url: give one, or set S3SESSIONS_URL"),
        ("", {}, "no url"),
        ("http://x", {}, "none of s3://"),
        ("/tmp/x", {}, "none of s3://"),
        ("s3://", {}, "none of s3://"),
        ("s3://b/a//c", {}, "empty"),
        ("file://relative/x", {}, "three slashes"),
        ("memory://", {"widht": 3}, "unknown setting widht: known are"),
        ("memory://", {"width": True}, "width=True"),
        ("memory://", {"transport": "carrier pigeon"}, "transport='carrier pigeon'"),
        ("memory://", {"store": MemoryStore()}, "neither a url nor a client"),
        ("memory://", {"settings": Settings()}, "settings are given"),
        ("memory://", {"client": object()}, "is not s3://"),
    ],
)
def test_what_cannot_work_is_refused_at_once(
    url: str | None, options: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidSettings, match=why):
        Sessions(url, **options)


@pytest.mark.parametrize(
    ("url", "place", "prefix"),
    [
        ("s3://b", "b", ""),
        ("s3://b/", "b", ""),
        ("s3://b/p/q/", "b", "p/q/"),
        (
            "s3://arn:aws:s3:eu-west-1:1:accesspoint/ap/p",
            "arn:aws:s3:eu-west-1:1:accesspoint/ap",
            "p/",
        ),
        ("file:///var/my%20folder", "/var/my folder", ""),
        ("file://localhost/var", "/var", ""),
        ("memory://", "", ""),
    ],
)
def test_a_url_names_a_place(url: str, place: str, prefix: str) -> None:
    location = Location.parse(url)
    assert (location.place, location.root.prefix) == (place, prefix)
