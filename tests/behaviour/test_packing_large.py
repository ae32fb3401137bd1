"""The second level of packing: large segments, made of small ones behind the newest messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from s3sessions import PartialDelete
from s3sessions.dao import packing_plan
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.simulate.blocks import small_blocks
from tests.behaviour.ageing import Ageing
from tests.behaviour.packing import pack, segments
from tests.behaviour.planting import (
    plant_message,
)
from tests.behaviour.speaking import (
    heard,
    message_key,
    say,
    spoken,
    stored,
)
from tests.rig import Rig


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


@pytest.mark.usefixtures("small")
def test_a_large_segment_is_made_behind_the_newest_messages_only(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 7)
    assert pack(memory_rig).segments == 2
    assert segments(memory_rig) == [(0, 2), (3, 5)]
    chat.append({"n": 7})
    assert pack(memory_rig).segments == 1
    assert segments(memory_rig) == [(0, 5)]
    say(chat, range(8, 13))
    assert pack(memory_rig).segments == 2
    assert segments(memory_rig) == [(0, 5), (6, 8), (9, 11)]
    assert heard(memory_rig) == list(range(13))


@pytest.mark.usefixtures("small")
def test_a_large_segment_is_made_of_small_ones_that_are_a_day_old(ageing: Ageing) -> None:
    say(ageing.sessions().open("s"), range(10))
    ageing.wait(2)
    assert ageing.sessions().open("s").compact(pack=True).segments == 3
    assert ageing.sessions().open("s").compact(pack=True).segments == 0
    ageing.wait(2)
    assert ageing.sessions().open("s").compact(pack=True).segments == 1
    assert segments(ageing.rig) == [(0, 5), (6, 8)]
    assert heard(ageing.rig) == list(range(10))


@pytest.mark.usefixtures("small")
def test_a_small_segment_that_a_request_under_way_may_create_again_stays(ageing: Ageing) -> None:
    """It would count over the large one, with what was in it then."""
    say(ageing.sessions().open("s"), range(8))
    for hours, made in ((0, 2), (1, 0), (0.5, 1)):
        ageing.wait(hours / 24)
        assert ageing.sessions().open("s").compact(min_age=0, pack=True).segments == made
    assert segments(ageing.rig) == [(0, 5)]


@pytest.mark.usefixtures("small")
def test_no_large_segment_is_made_where_anything_in_it_is_loose(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 7)
    pack(memory_rig)
    chat.append({"n": 7})
    plant_message(memory_rig, 4, {"n": "another"})
    pack(memory_rig)
    assert segments(memory_rig) == [(0, 2), (3, 5)]
    memory_rig.remove(message_key(4))
    pack(memory_rig)
    assert segments(memory_rig) == [(0, 5)]


def test_ten_thousand_messages_become_one_object(ageing: Ageing) -> None:
    rig = ageing.rig
    ageing.sessions().open("s").append({"n": 0})
    for index in range(1, 11_001):
        plant_message(rig, index, {"n": index})
    report = ageing.sessions().open("s").compact(min_age=0, pack=True)
    assert (report.packed, report.segments) == (11_000, 110)
    ageing.wait(0.1)
    assert ageing.sessions().open("s").compact(min_age=0, pack=True).segments == 1
    assert segments(rig) == [(0, 9999), *((n, n + 99) for n in range(10_000, 11_000, 100))]
    assert stored(rig) == [11_000]
    chat = ageing.sessions().open("s")
    assert [m.index for m in chat.restore(last=60).messages] == list(range(10_941, 11_001))
    assert chat.requests.by_verb == {"list": 1, "get": 4}


@pytest.mark.usefixtures("small")
def test_what_is_too_large_to_be_held_in_memory_stays_as_it_is(
    memory_rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(9):
        chat.append({"n": n, "text": "x" * (1000 if n == 4 else 1)})
    monkeypatch.setattr(packing_plan, "MOST_BYTES", 1500)
    assert pack(memory_rig).segments == 1
    assert segments(memory_rig) == [(0, 2)]
    monkeypatch.setattr(packing_plan, "MOST_BYTES", 2000)
    assert pack(memory_rig).segments == 1
    assert segments(memory_rig) == [(0, 2), (3, 5)]


@pytest.mark.usefixtures("small")
def test_keys_that_the_store_refuses_are_named_and_go_the_next_time(memory_rig: Rig) -> None:
    spoken(memory_rig, 5)
    inner = memory_rig.raw
    refused = Rule(Fault.KEYS_REFUSED, key="*message_2.json")
    memory_rig.raw = FaultyStore(inner, refused)
    with pytest.raises(PartialDelete) as caught:
        pack(memory_rig)
    assert [key for key, _ in caught.value.left] == [message_key(2)]
    assert (stored(memory_rig), segments(memory_rig)) == ([2, 3, 4], [(0, 2)])
    assert heard(memory_rig) == [0, 1, 2, 3, 4]
    assert pack(memory_rig).packed == 1
    assert stored(memory_rig) == [3, 4]
