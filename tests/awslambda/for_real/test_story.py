"""The story holds what it claims, and says so where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from s3sessions.cli.output import Output
from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.story import __main__ as story
from tests.awslambda.story.stage import Stage


@pytest.fixture(autouse=True)
def here(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The servers of the other tests, in place of the story's own."""

    @contextmanager
    def deployed(output: Output) -> Iterator[Deployment]:
        yield deployment

    monkeypatch.setattr(story, "deployed", deployed)


def test_the_story_holds_what_it_claims(capsys: pytest.CaptureFixture[str]) -> None:
    assert story.main() == 0
    told = capsys.readouterr().out
    assert [line[0] for line in told.splitlines() if line[:3] in ("1  ", "2  ", "3  ")] == [*"123"]
    assert told.count("✓") == 7
    assert "All claims hold" in told


def test_a_claim_that_does_not_hold_ends_the_story_with_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lie(stage: Stage) -> None:
        stage.check("pigs fly", False)

    monkeypatch.setattr(story, "talk_to_cold_containers", lie)
    assert story.main() == 1
    assert "the story failed: pigs fly" in capsys.readouterr().err
