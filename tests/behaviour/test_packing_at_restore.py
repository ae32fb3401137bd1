"""Packing behind a restore, where the settings ask for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.ageing import Ageing
from tests.behaviour.packing import segments
from tests.behaviour.speaking import (
    heard,
    say,
)


@pytest.fixture
def ageing() -> Iterator[Ageing]:
    place = Ageing()
    yield place
    place.rig.close()


@pytest.fixture
def small() -> Iterator[None]:
    """Segments of 3 messages, and of 6."""
    with small_blocks():
        yield


def test_a_restore_packs_what_is_enough_and_gives_what_it_has_read(ageing: Ageing) -> None:
    say(ageing.sessions().open("s"), range(230))
    ageing.wait(2)
    chat = ageing.sessions(pack_at=200).open("s")
    assert len(chat.restore(last=50).messages) == 50
    assert segments(ageing.rig) == [], "of what was not read nobody knows what can be packed"
    history = chat.restore()
    assert [payload["n"] for payload in history.payloads] == list(range(230))
    assert segments(ageing.rig) == [(0, 99), (100, 199)]
    assert chat.append({"n": 230}).index == 230
    assert chat.truncate(3).hidden == 228
    assert heard(ageing.rig) == [228, 229, 230]


def test_a_restore_packs_nothing_where_there_is_not_enough(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(70))
    # A block that a batch crosses counts for nothing: it would be read in vain each time.
    chat.append_many([{"n": n} for n in range(70, 130)])
    say(chat, range(130, 230))
    for days, options in ((0.5, {"pack_at": 1}), (2, {"pack_at": 1}), (0, {})):
        ageing.wait(days)
        reader = ageing.sessions(**options).open("s")
        reader.restore()
        assert reader.requests.by_verb == {"list": 1, "get": 232}
    assert segments(ageing.rig) == []


@pytest.mark.usefixtures("small")
def test_a_restore_packs_nothing_that_is_hidden(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(10))
    ageing.wait(2)
    chat.truncate(6)
    chat = ageing.sessions(pack_at=1).open("s")
    chat.restore()
    assert segments(ageing.rig) == [(6, 8)]


def test_a_packing_that_fails_behind_a_restore_does_not_fail_it(
    ageing: Ageing, caplog: pytest.LogCaptureFixture
) -> None:
    say(ageing.sessions().open("s"), range(130))
    ageing.wait(2)
    inner = ageing.rig.raw
    ageing.rig.raw = FaultyStore(inner, Rule(Fault.DENIED, verb="put"))
    history = ageing.sessions(pack_at=100).open("s").restore()
    assert len(history.messages) == 130
    assert "history_not_packed" in caplog.text
    assert segments(ageing.rig) == []
