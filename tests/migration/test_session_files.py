"""Session files of a coding agent."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from s3sessions.migration import Format, detect, migrate
from tests.export.places import memory, payloads
from tests.migration.programs import (
    assistant,
    counts,
    names,
    openai_messages,
    session_file,
    user,
)


def test_a_session_keeps_its_id_times_model_workspace_and_usage(tmp_path: Path) -> None:
    path = session_file(tmp_path, "ab12_20250506_070809", openai_messages())
    assert detect(path) is Format.SESSION_FILE
    sessions = memory()
    assert counts(migrate(path, sessions))["migrated"] == 1
    history = sessions.open("ab12_20250506_070809").restore()
    assert history.payloads == openai_messages()
    assert history.usage == {"input_tokens": 120, "output_tokens": 34, "cost": 0.5}
    assert history.messages[-1].created_at == datetime(2025, 5, 6, 8, tzinfo=UTC)
    info = sessions.info("ab12_20250506_070809")
    assert info.created_at == datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert info.model == "some-model-1"
    assert info.metadata == {"workspace_root": "/home/u/project"}
    assert names(tmp_path) == ["ab12_20250506_070809.json.migrated"]


def test_what_is_said_after_it_is_counted_on_top_of_the_usage_of_the_file(tmp_path: Path) -> None:
    session_file(tmp_path, "s", [user("a"), assistant("b")], token_usage={"input_tokens": 10})
    sessions = memory()
    migrate(tmp_path, sessions)
    sessions.open("s").append(assistant("c"), usage={"input_tokens": 5})
    assert sessions.open("s").restore().usage == {"input_tokens": 15}


@pytest.mark.parametrize("version", [99, 2, 0, "1", True, None])
def test_a_version_that_is_not_known_is_refused_and_not_guessed_at(
    tmp_path: Path, version: Any
) -> None:
    session_file(tmp_path, "s", [user("a")], version=version)
    sessions = memory()
    report = migrate(tmp_path, sessions)
    assert counts(report)["failed"] == 1
    assert f"version {version!r}" in report.failed[0].reason
    assert list(sessions.list()) == []
    assert names(tmp_path) == ["s.json"]


def test_a_usage_that_is_none_is_kept_as_metadata(tmp_path: Path) -> None:
    session_file(tmp_path, "s", [user("a")], token_usage={"calls": ["x"]})
    sessions = memory()
    migrate(tmp_path, sessions)
    assert sessions.open("s").restore().usage == {}
    assert sessions.info("s").metadata["token_usage"] == {"calls": ["x"]}


def test_times_may_be_seconds(tmp_path: Path) -> None:
    session_file(tmp_path, "s", [user("a")], created_at=1_700_000_000, updated_at=1e300)
    sessions = memory()
    migrate(tmp_path, sessions)
    assert sessions.info("s").created_at == datetime.fromtimestamp(1_700_000_000, UTC)
    assert payloads(sessions, "s") == [user("a")]


def test_a_model_that_is_no_text_is_left_out(tmp_path: Path) -> None:
    session_file(tmp_path, "one", [user("a")], model={"name": "m"})
    path = session_file(tmp_path, "two", [user("a")])
    path.write_text(path.read_text().replace("some-model-1", "m\\ud800"))
    sessions = memory()
    assert counts(migrate(tmp_path, sessions))["migrated"] == 2
    assert [sessions.info(name).model for name in ("one", "two")] == [None, "m"]
