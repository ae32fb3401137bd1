"""What replacing a whole history promises, on every store and in both colours."""

from __future__ import annotations

import pytest

from s3sessions import AppendConflict, Conflict
from s3sessions.models import Summary
from tests.behaviour.planting import commit, plant_message
from tests.behaviour.speaking import document, heard, message_key, say, spoken, stored
from tests.rig import Rig


def test_a_replacement_stands_in_place_of_all_there_was(rig: Rig) -> None:
    chat = spoken(rig, 5)
    messages = chat.replace([{"n": "a"}, {"n": "b"}])
    assert [message.payload for message in messages] == [{"n": "a"}, {"n": "b"}]
    history = rig.sessions().open("s").restore()
    assert history.messages == messages
    assert [message.index for message in messages] == [5, 6]
    assert chat.append({"n": "c"}).index == 7
    assert rig.sessions().open("s").append({"n": "d"}).index == 8
    assert heard(rig) == ["a", "b", "c", "d"]
    assert [message.payload["n"] for message in rig.sessions().open("s").iterate()] == list("abcd")


def test_a_replacement_forgets_where_the_history_was_cut(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 10)
    chat.truncate(3)
    chat.replace([{"n": "fresh"}])
    assert heard(memory_rig) == ["fresh"]


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_a_history_is_replaced_by_any_number_of_messages_up_to_a_thousand(
    memory_rig: Rig, count: int
) -> None:
    chat = spoken(memory_rig, 3)
    assert len(chat.replace({"n": n} for n in range(count))) == count
    assert heard(memory_rig) == list(range(count))


def test_a_replacement_by_nothing_hides_all_and_keeps_the_summary(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 3)
    chat.summarize("so far")
    assert chat.replace([]) == []
    history = memory_rig.sessions().open("s").restore()
    assert (history.messages, history.first, history.next_index) == ([], 3, 3)
    assert history.summary == Summary("so far", covers_to=3)
    assert chat.append({"n": 3}).index == 3


def test_a_replacement_keeps_the_summary_the_state_and_what_was_used(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for n in range(3):
        chat.append({"n": n}, usage={"inputTokens": 5})
    chat.save_state({"step": 1})
    chat.summarize("so far")
    chat.replace([{"n": "a"}])
    chat.append({"n": "b"}, usage={"inputTokens": 1})
    history = memory_rig.sessions().open("s").restore()
    assert history.summary == Summary("so far", covers_to=3)
    assert history.state == {"step": 1}
    assert history.usage == {"inputTokens": 16}
    assert document(memory_rig)["usage"] == {"inputTokens": 15}


def test_one_replacement_after_another_leaves_the_last(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 2)
    for turn in "abc":
        chat.replace([{"n": f"{turn}{n}"} for n in range(3)])
    memory_rig.sessions().open("s").replace([{"n": "last"}])
    assert heard(memory_rig) == ["last"]
    with pytest.raises(AppendConflict):
        chat.append({"n": "x"})
    chat.restore()
    chat.replace([{"n": "very last"}])
    assert heard(memory_rig) == ["very last"]


def test_what_replaced_a_history_is_cut_whole(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 2)
    chat.replace([{"n": "a"}, {"n": "b"}, {"n": "c"}])
    chat.append({"n": "d"})
    chat.truncate(2)
    assert heard(memory_rig) == ["a", "b", "c", "d"]
    chat.truncate(1)
    assert heard(memory_rig) == ["d"]


@pytest.mark.parametrize("on_conflict", [None, "raise", "rebase"])
def test_a_history_that_another_has_extended_is_never_replaced(
    memory_rig: Rig, on_conflict: str | None
) -> None:
    spoken(memory_rig, 3)
    chat = memory_rig.sessions().open("s", on_conflict=on_conflict)
    chat.restore()
    memory_rig.sessions().open("s").append({"n": 3})
    with pytest.raises(AppendConflict) as caught:
        chat.replace([{"n": "a"}, {"n": "b"}])
    assert [message.payload for message in caught.value.messages] == [{"n": 3}]
    assert heard(memory_rig) == [0, 1, 2, 3]
    chat.restore()
    chat.replace([{"n": "a"}, {"n": "b"}])
    assert heard(memory_rig) == ["a", "b"]


def unnamed(rig: Rig) -> None:
    """Leave what a writer has left that died between its batch and its naming."""
    spoken(rig, 3)
    batch = commit(3, 4)
    batch["batch"]["replaces"] = True
    plant_message(rig, 4, {"n": "secret 4"}, batch={"id": "b", "commit": 3, "position": 1})
    plant_message(rig, 3, {"n": "secret 3"}, **batch)


def test_what_was_to_replace_a_history_and_was_never_named_is_seen_by_nobody(
    memory_rig: Rig,
) -> None:
    unnamed(memory_rig)
    sessions = memory_rig.sessions()
    assert heard(memory_rig) == [0, 1, 2]
    assert [message.index for message in sessions.open("s").iterate()] == [0, 1, 2]
    assert [message.index for message in sessions.open("s").restore(last=2).messages] == [1, 2]
    assert sessions.open("s").append({"n": 3}).index == 5
    chat = sessions.open("s")
    assert chat.truncate(2).hidden == 2
    assert heard(memory_rig) == [2, 3]
    assert chat.summarize("so far", keep_last=1).hidden == 1
    assert heard(memory_rig) == [3]


@pytest.mark.parametrize("verb", ["redact", "remove"])
def test_what_nobody_sees_can_be_taken_out_of_the_store_all_the_same(
    memory_rig: Rig, verb: str
) -> None:
    unnamed(memory_rig)
    chat = memory_rig.sessions().open("s")
    for index in (3, 4):
        getattr(chat, verb)(index)
        assert b"secret" not in memory_rig.body(message_key(index))
    assert heard(memory_rig) == [0, 1, 2]
    assert memory_rig.sessions().open("s").append({"n": 3}).index == 5


def test_a_history_can_be_replaced_behind_what_was_never_named(memory_rig: Rig) -> None:
    unnamed(memory_rig)
    chat = memory_rig.sessions().open("s")
    chat.replace([{"n": "c"}, {"n": "d"}])
    assert heard(memory_rig) == ["c", "d"]
    chat.compact(min_age=0)
    assert stored(memory_rig) == [5, 6]


def test_of_two_that_were_to_replace_a_history_the_named_one_is_seen(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 1)
    chat.replace([{"n": "named"}])
    replacing = commit(2)
    replacing["batch"]["replaces"] = True
    plant_message(memory_rig, 2, {"n": "unnamed"}, **replacing)
    assert heard(memory_rig) == ["named"]
    assert [message.index for message in memory_rig.sessions().open("s").iterate()] == [1]


def test_who_meets_a_replacement_that_is_not_named_yet_has_a_conflict(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 3)
    chat.restore()
    batch = commit(3)
    batch["batch"]["replaces"] = True
    plant_message(memory_rig, 3, {"n": "a"}, **batch)
    with pytest.raises(AppendConflict):
        chat.append({"n": 3})
    with pytest.raises(Conflict):
        chat.refresh()
    chat.restore()
    assert chat.append({"n": 3}).index == 4
    assert heard(memory_rig) == [0, 1, 2, 3]


def test_a_replaced_history_is_restored_anew_and_not_refreshed(memory_rig: Rig) -> None:
    chat = spoken(memory_rig, 3)
    chat.restore()
    memory_rig.sessions().open("s").replace([{"n": "a"}])
    with pytest.raises(Conflict, match="replaced"):
        chat.refresh()
    assert chat.restore().payloads == [{"n": "a"}]
    say(chat, [1])
    assert heard(memory_rig) == ["a", 1]
