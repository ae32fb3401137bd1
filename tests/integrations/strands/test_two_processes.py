"""Two processes talk in one session at once, on a real server."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from s3sessions import Sessions
from tests.integrations.strands.agents import stored_texts
from tests.rig import fresh_name
from tests.servers.weed import Weed

ROOT = Path(__file__).parents[3]
TURNS = 3
NAMES = ("a", "b")


@dataclass(frozen=True)
class Turn:
    """A turn that returned: what was said, the answer, and how often it was tried."""

    said: str
    answer: str
    tries: int


class Talker:
    """A process that talks."""

    def __init__(self, **told: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.strands.talking", json.dumps(told)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> None:
        """Return when it has restored."""
        assert self._pipe(self._process.stdout).readline().startswith('"ready')

    def begin(self) -> None:
        pipe = self._pipe(self._process.stdin)
        pipe.write("\n")
        pipe.flush()

    def acknowledged(self) -> list[Turn]:
        """The turns that returned, once all have."""
        lines = self._pipe(self._process.stdout).readlines()
        assert self._process.wait() == 0
        return [Turn(*json.loads(line)) for line in lines]

    def discard(self) -> None:
        self._process.kill()
        self._process.communicate()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def talked(place: dict[str, Any], **options: Any) -> list[list[Turn]]:
    """Let all talk at once, to what all have restored before."""
    talkers = [Talker(name=name, count=TURNS, **place, **options) for name in NAMES]
    try:
        for talker in talkers:
            talker.wait()
        for talker in talkers:
            talker.begin()
        return [talker.acknowledged() for talker in talkers]
    finally:
        for talker in talkers:
            talker.discard()


@pytest.fixture
def place(weed: Weed, weed_bucket: str) -> dict[str, Any]:
    reached = {"endpoint_url": weed.endpoint_url, "region_name": weed.region}
    return {"bucket": weed_bucket, "prefix": fresh_name(), **reached}


def stored(place: dict[str, Any]) -> list[str]:
    url = f"s3://{place['bucket']}/{place['prefix']}"
    reached = {"endpoint_url": place["endpoint_url"], "region": place["region_name"]}
    with Sessions(url, **reached) as sessions:
        return stored_texts(sessions)


def test_whatever_either_was_told_is_stored_is_there_and_in_its_order(
    place: dict[str, Any],
) -> None:
    acknowledged = talked(place)
    found = stored(place)
    for name, turns in zip(NAMES, acknowledged, strict=True):
        assert [(turn.said, turn.answer) for turn in turns] == [
            (f"{name} {n}", f"to {name} {n}") for n in range(TURNS)
        ]
        assert [text for text in found if text.startswith(f"to {name}")] == [
            turn.answer for turn in turns
        ]
        for turn in turns:
            # Said again only where the other one spoke in between.
            assert 1 <= found[: found.index(turn.answer)].count(turn.said) <= turn.tries
            assert turn.said not in found[found.index(turn.answer) :]
    assert {text.split()[-2] for text in found} == set(NAMES)


def test_processes_that_take_turns_do_not_speak_into_each_others_turn(
    place: dict[str, Any],
) -> None:
    acknowledged = talked(place, turns=True)
    found = stored(place)
    pairs = list(zip(found[::2], found[1::2], strict=True))
    for name, turns in zip(NAMES, acknowledged, strict=True):
        assert [turn.tries for turn in turns] == [1] * TURNS
        assert [pair for pair in pairs if pair[0].startswith(name)] == [
            (turn.said, turn.answer) for turn in turns
        ]
    assert len(pairs) == TURNS * len(NAMES)
