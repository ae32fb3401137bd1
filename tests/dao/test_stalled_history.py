"""Whoever stalled for a day while others spoke, hid and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions import AppendConflict, Conflict, Sessions
from s3sessions.stores.memory import MemoryStore
from tests.dao.past import VERBS, Verb, View, filled, say, shown

every_verb = pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)


class Stalled:
    """A history whose clock moves a day at once; what others do meanwhile is in `acts`."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.memory = filled(MemoryStore(clock=lambda: self.now))

    def open(self, **options: Any) -> Any:
        return Sessions(store=self.memory, clock=lambda: self.now).open("s", **options)

    def others(self) -> Iterator[None]:
        """Speak and hide, wait for more than a day, and compact, step by step."""
        others = self.open()
        for n in (5, 6, 7):
            others.append({"n": n})
        others.truncate(1)
        yield
        self.now += 3_000
        self.open().compact()
        yield
        self.now += 90_000
        self.open().compact()
        yield
        others.append({"n": 8})
        others.truncate(1)
        self.now += 90_000
        self.open().compact()
        yield


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("on_conflict", ["raise", "rebase"])
def test_a_stalled_writer_is_told_or_stands_behind_the_others(steps: int, on_conflict: str) -> None:
    scene = Stalled()
    chat = scene.open(on_conflict=on_conflict)
    chat.restore()
    for _, _ in zip(range(steps), scene.others(), strict=False):
        pass
    newest = 8 if steps == 4 else 7
    if on_conflict == "raise":
        with pytest.raises(AppendConflict):
            chat.append({"n": "late"})
        chat.restore()
    chat.append({"n": "late"})
    assert shown(scene.memory) == View((newest, "late"), "old")


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@every_verb
def test_a_stalled_change_is_a_conflict_and_hides_nothing(verb: Verb, steps: int) -> None:
    scene = Stalled()
    chat = scene.open()
    chat.restore()
    for _, _ in zip(range(steps), scene.others(), strict=False):
        pass
    left = View((8 if steps == 4 else 7,), "old")
    with pytest.raises(Conflict):
        verb.act(chat)
    assert shown(scene.memory) == left
    chat.restore()
    verb.act(chat)
    say(scene.memory, "next")
    assert shown(scene.memory).numbers[-1] == "next"


def test_a_handle_that_changed_the_history_goes_on_a_day_later() -> None:
    scene = Stalled()
    chat = scene.open()
    for verb in VERBS.values():
        verb.act(chat)
        scene.now += 90_000
        chat.compact()
        scene.now += 90_000
        chat.append({"n": "next"})
        assert shown(scene.memory).numbers[-1] == "next"
