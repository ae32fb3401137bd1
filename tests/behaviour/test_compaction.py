"""What deleting what nobody sees promises, on every store and in both colours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions import MessageNotFound, PartialDelete, SessionDeleted
from s3sessions.models import CompactReport
from s3sessions.testing import Fault, FaultyStore, Rule
from tests.behaviour.ageing import Ageing
from tests.behaviour.planting import commit, deleted_by_mark, member, plant_message
from tests.behaviour.speaking import HISTORY_DOCUMENT, heard, message_key, say, spoken, stored
from tests.rig import Rig


@pytest.fixture(params=["sync", "async"])
def ageing(request: pytest.FixtureRequest) -> Iterator[Ageing]:
    place = Ageing(request.param)
    yield place
    place.rig.close()


def requests(chat: Any, verb: str) -> int:
    count: int = chat.requests.by_verb.get(verb, 0)
    return count


def test_a_compaction_deletes_what_is_hidden_and_nothing_else(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 10)
    chat.truncate(3)
    sizes = sum(len(memory_rig.body(message_key(index))) for index in range(7))
    assert chat.compact(min_age=0) == CompactReport("s", "default", objects=7, bytes=sizes, young=0)
    assert stored(memory_rig) == [7, 8, 9]
    assert heard(memory_rig) == [7, 8, 9]
    assert chat.compact(min_age=0).objects == 0


def test_a_compaction_of_what_is_all_visible_deletes_nothing(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    assert chat.compact(min_age=0) == CompactReport("s", "default", 0, 0, 0)
    assert (requests(chat, "delete_many"), requests(chat, "delete")) == (0, 0)
    assert heard(memory_rig) == [0, 1, 2, 3, 4]


def test_a_compacted_history_goes_on_where_it_was(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 8)
    chat.truncate(2)
    chat.compact(min_age=0)
    assert chat.append({"n": 8}).index == 8
    assert memory_rig.sessions().open("s").append({"n": 9}).index == 9
    assert memory_rig.sessions().open("s").append_many([{"n": 10}, {"n": 11}])[0].index == 10
    assert heard(memory_rig) == [6, 7, 8, 9, 10, 11]
    history = memory_rig.sessions().open("s").restore()
    assert history.holes == ()


def test_the_newest_message_stays_so_that_no_index_is_used_twice(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.clear()
    for _ in range(2):
        memory_rig.sessions().open("s").compact(min_age=0)
    assert stored(memory_rig) == [4]
    assert heard(memory_rig) == []
    assert memory_rig.sessions().open("s").append({"n": 5}).index == 5
    memory_rig.sessions().open("s").compact(min_age=0)
    assert stored(memory_rig) == [5]


def test_the_newest_batch_stays_whole(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 2)
    chat.append_many([{"n": 2}, {"n": 3}, {"n": 4}])
    chat.clear()
    chat.compact(min_age=0)
    assert stored(memory_rig) == [2, 3, 4]
    assert memory_rig.sessions().open("s").append({"n": 5}).index == 5


def test_members_of_a_batch_that_may_still_be_committed_are_not_the_newest_message(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 3).clear()
    plant_message(memory_rig, 4, {"n": "open"}, **member(4, 3, batch="open"))
    memory_rig.sessions().open("s").compact(min_age=0)
    assert stored(memory_rig) == [2, 4]
    assert memory_rig.sessions().open("s").append({"n": 3}).index == 3


def test_what_is_younger_than_a_day_stays(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(3))
    ageing.wait(0.5)
    say(chat, range(3, 6))
    chat.clear()
    assert chat.compact() == CompactReport("s", "default", 0, 0, young=6)
    ageing.wait(0.6)
    # Of those that are old the greatest stays: the next index never falls.
    report = ageing.sessions().open("s").compact()
    assert (report.objects, report.young) == (2, 3)
    assert stored(ageing.rig) == [2, 3, 4, 5]
    ageing.wait(1)
    assert ageing.sessions().open("s").compact(min_age=86400.0).objects == 3
    assert stored(ageing.rig) == [5]


def test_an_age_is_that_of_the_objects_last_write(ageing: Ageing) -> None:
    chat = ageing.sessions().open("s")
    say(chat, range(4))
    chat.truncate(1)
    ageing.wait(2)
    chat.redact(1)
    assert chat.compact().objects == 2
    assert stored(ageing.rig) == [1, 3]


def test_a_writer_that_stalled_finds_no_index_free_that_was_in_use(ageing: Ageing) -> None:
    """Within `trust` nothing is deleted; beyond it the writer lists before it writes."""
    for seconds in (3_000.0, 90_000.0, 200_000.0):
        session = f"s{seconds}"
        stalled = ageing.sessions().open(session, on_conflict="rebase")
        say(stalled, range(3))
        others = ageing.sessions().open(session)
        say(others, range(3, 8))
        others.truncate(1)
        ageing.wait(seconds / 86400)
        ageing.sessions().open(session).compact()
        assert stalled.append({"n": "late"}).index == 8
        assert stalled.append_many([{"n": "later"}, {"n": "still"}])[0].index == 9
        history = ageing.sessions().open(session).restore()
        assert [payload["n"] for payload in history.payloads] == [7, "late", "later", "still"]


def test_members_of_dead_batches_go_with_what_is_hidden_and_all_others_stay(
    memory_rig: Rig,
) -> None:
    chat = spoken(memory_rig, 1)
    chat.append_many([{"n": 1}, {"n": 2}])
    plant_message(memory_rig, 4, {"n": "dead"}, **member(4, 3, batch="dead"))
    plant_message(memory_rig, 5, {"n": "dead"}, **member(5, 1, batch="dead"))
    plant_message(memory_rig, 3, {"n": 3})
    chat = memory_rig.sessions().open("s")
    assert chat.append({"n": 4}).index == 6
    # Of a batch that may still be committed.
    plant_message(memory_rig, 8, {"n": 6}, **member(8, 7, batch="open"))
    assert chat.compact(min_age=0).objects == 0, "among what is visible it would leave a hole"
    assert chat.restore().holes == ()
    chat.truncate(1)
    assert chat.compact(min_age=0).objects == 6
    assert stored(memory_rig) == [6, 8]
    plant_message(memory_rig, 7, {"n": 5}, **commit(7, 8, batch="open"))
    assert heard(memory_rig) == [4, 5, 6]
    assert memory_rig.sessions().open("s").restore().holes == ()


def test_nothing_within_the_newest_batch_is_deleted(memory_rig: Rig) -> None:
    """A writer whose list is older than its commit would find the place free."""
    spoken(memory_rig, 1)
    plant_message(memory_rig, 2, {"n": "dead"}, **member(2, 1, batch="dead"))
    plant_message(memory_rig, 3, {"n": 2}, **member(3, 1))
    plant_message(memory_rig, 1, {"n": 1}, **commit(1, 3))
    memory_rig.sessions().open("s").compact(min_age=0)
    assert stored(memory_rig) == [0, 1, 2, 3]


def test_messages_that_cannot_be_read_stay_where_they_are_visible(memory_rig: Rig) -> None:
    spoken(memory_rig, 6).truncate(4)
    memory_rig.plant(message_key(3), b"garbage")
    memory_rig.sessions().open("s").remove(4)
    memory_rig.sessions().open("s").compact(min_age=0)
    assert stored(memory_rig) == [2, 3, 4, 5]


@pytest.mark.parametrize("damage", [b"garbage", b'{"message": {}, "s3sessions": {"v": 99}}'])
def test_members_of_a_commit_that_cannot_be_read_are_not_deleted(
    memory_rig: Rig, damage: bytes
) -> None:
    chat = memory_rig.sessions().open("s")
    chat.append_many([{"n": 0}, {"n": 1}, {"n": 2}])
    chat.append({"n": 3})
    whole = memory_rig.body(message_key(0))
    memory_rig.plant(message_key(0), damage)
    memory_rig.sessions().open("s").compact(min_age=0)
    memory_rig.plant(message_key(0), whole)
    assert heard(memory_rig) == [0, 1, 2, 3]


def test_what_was_to_replace_a_history_stays_until_it_is_hidden(memory_rig: Rig) -> None:
    spoken(memory_rig, 2)
    replacing = commit(2, 3)
    replacing["batch"]["replaces"] = True
    plant_message(memory_rig, 3, {"n": "b"}, **member(3, 2))
    plant_message(memory_rig, 2, {"n": "a"}, **replacing)
    chat = memory_rig.sessions().open("s")
    chat.append({"n": 2})
    assert chat.compact(min_age=0).objects == 0
    chat.truncate(1)
    assert chat.compact(min_age=0).objects == 4
    assert (stored(memory_rig), heard(memory_rig)) == ([4], [2])


def test_a_compaction_goes_by_what_others_have_hidden_meanwhile(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.restore()
    memory_rig.sessions().open("s").truncate(2)
    assert chat.compact(min_age=0).objects == 3
    assert heard(memory_rig) == [3, 4]


def test_what_is_compacted_is_gone_for_every_reader_and_no_hole(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 6)
    chat.truncate(2)
    chat.compact(min_age=0)
    with pytest.raises(MessageNotFound):
        chat.read(0)
    fresh = memory_rig.sessions().open("s")
    iterator = fresh.iterate()
    assert [message.index for message in iterator] == [4, 5]
    assert list(iterator.holes) == []
    assert fresh.restore(last=5).holes == ()
    # Without the document nobody knows of it.
    memory_rig.remove(HISTORY_DOCUMENT)
    assert fresh.restore().holes == (range(4),)


def test_keys_that_the_store_refuses_are_named_and_go_the_next_time(memory_rig: Rig) -> None:
    spoken(memory_rig, 5).truncate(1)
    inner = memory_rig.raw
    refused = Rule(Fault.KEYS_REFUSED, key="*message_2.json")
    memory_rig.raw = FaultyStore(inner, refused)
    chat = memory_rig.sessions().open("s")
    with pytest.raises(PartialDelete) as caught:
        chat.compact(min_age=0)
    assert [key for key, _ in caught.value.left] == [message_key(2)]
    assert stored(memory_rig) == [2, 4]
    assert chat.compact(min_age=0).objects == 1
    assert stored(memory_rig) == [4]


def test_a_session_that_is_being_deleted_is_not_compacted(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 5)
    chat.truncate(1)
    deleted_by_mark(memory_rig)
    for handle in (chat, memory_rig.sessions().open("s")):
        with pytest.raises(SessionDeleted):
            handle.compact(min_age=0)
    assert stored(memory_rig) == [0, 1, 2, 3, 4]


def test_a_compaction_of_thousands_deletes_in_a_request_for_each_thousand(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for _ in range(3):
        chat.append_many([{"n": n} for n in range(700)])
    chat.truncate(700)
    chat.restore()
    before = dict(chat.requests.by_verb)
    assert chat.compact(min_age=0).objects == 1400
    after = chat.requests.by_verb
    cost = {verb: after[verb] - before.get(verb, 0) for verb in after}
    assert cost == {"list": 5, "get": 4, "put": 0, "delete_many": 2}
    assert len(heard(memory_rig)) == 700


def test_what_an_earlier_life_hid_is_not_deleted_where_session_json_is_lost(
    memory_rig: Rig,
) -> None:
    spoken(memory_rig, 8).truncate(6)
    left_behind = memory_rig.body(HISTORY_DOCUMENT)
    memory_rig.sessions().delete("s")
    spoken(memory_rig, 4)
    memory_rig.plant(HISTORY_DOCUMENT, left_behind)
    memory_rig.remove("session_s/session.json")
    assert memory_rig.sessions().open("s").compact(min_age=0).objects == 0
    assert heard(memory_rig) == stored(memory_rig) == [0, 1, 2, 3]
