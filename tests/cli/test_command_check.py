from __future__ import annotations

import json
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.stores.local import LocalStore
from tests.cli.commands import Run, Say
from tests.servers.moto_server import MotoServer


@pytest.fixture
def overwriting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder on a file system that overwrites whatever the condition is."""
    put = LocalStore.put

    def overwrite(self: LocalStore, key: str, data: bytes, *, only_if: Any = None) -> str:
        return put(self, key, data)

    monkeypatch.setattr(LocalStore, "put", overwrite)


def test_a_fit_store_ends_with_code_0_and_every_probe_is_shown(run: Run) -> None:
    ended = run("check")
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines[0].split() == ["probe", "result", "what", "was", "seen"]
    assert sum("  passed  " in line for line in lines) == 14
    assert "fit for sessions (128 requests)" in ended.out


def test_an_unfit_store_ends_with_code_1_and_is_told_what_it_means(
    run: Run, overwriting: None
) -> None:
    ended = run("check")
    assert ended.code == 1
    assert "FATAL: create-only: two writers may overwrite each other's message" in ended.out
    assert "not fit" in ended.out


def test_what_is_degraded_is_a_reservation_and_no_error(
    run: Run, moto: MotoServer, moto_bucket: str
) -> None:
    place = ("--url", f"s3://{moto_bucket}/check", "--endpoint-url", moto.endpoint_url)
    ended = run("check", *place)
    assert ended.code == 0
    assert "asked through boto3: asked for" in ended.out
    assert "reservation: create-only copy: " in ended.out
    assert "fit for sessions, with " in ended.out


def test_json_says_the_same_in_one_document(run: Run, overwriting: None) -> None:
    ended = run("check", "--json")
    assert ended.code == 1
    (line,) = ended.out.splitlines()
    report = json.loads(line)
    assert (report["ok"], report["left"], report["versioned"]) == (False, None, None)
    assert report["transport"] == "local"
    failed = [probe for probe in report["probes"] if not probe["passed"]]
    assert {"create-only", "replace by etag"} <= {probe["name"] for probe in failed}
    assert all(probe["meaning"] for probe in failed)


def test_it_leaves_the_sessions_as_they_are(run: Run, say: Say, sessions: Sessions) -> None:
    say("order-41", "hello")
    before = sessions.stats()
    run("check")
    assert sessions.stats() == before
    assert [ref.id for ref in sessions.list()] == ["order-41"]


def test_a_bucket_that_is_not_there_is_wrong_use(run: Run, moto: MotoServer) -> None:
    ended = run("check", "--url", "s3://nowhere-7", "--endpoint-url", moto.endpoint_url)
    assert ended.code == 2
    assert "nowhere-7" in ended.err
