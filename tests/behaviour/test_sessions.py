"""What listing, looking up and deleting sessions promise, on every store and in both colours."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import pytest

from s3sessions import (
    AlreadyExists,
    AmbiguousSession,
    InvalidId,
    InvalidSettings,
    SessionDeleted,
    SessionNotFound,
    Sessions,
)
from tests.rig import Rig


def speak(rig: Rig, *session_ids: str, count: int = 1, agent: str = "default") -> None:
    sessions = rig.sessions()
    for session_id in session_ids:
        for n in range(count):
            sessions.open(session_id, agent=agent).append({"n": n})


def ids(rig: Rig) -> list[str]:
    return sorted(ref.id for ref in rig.sessions().list())


def test_every_session_is_listed_once_whatever_its_id(rig: Rig) -> None:
    names = ["a", "a/b", "ab", "a b", "é", "slack:C1:17", "x@y.z", "100%", "%2F", "🙂", ".", ".."]
    speak(rig, *names)
    assert ids(rig) == sorted(names)


def test_a_list_goes_on_where_its_token_says(memory_rig: Rig) -> None:
    for n in range(2_100):
        memory_rig.plant(f"session_{n:04}/session.json", b"{}")
    sessions = memory_rig.sessions()
    first = sessions.list()
    seen = [next(first).id for _ in range(1_234)]
    seen += [ref.id for ref in memory_rig.sessions().list(token=first.token)]
    assert seen == [f"{n:04}" for n in range(2_100)]
    assert sessions.requests.by_verb == {"list": 2}


def test_a_session_deleted_after_a_token_was_made_hides_no_other(memory_rig: Rig) -> None:
    speak(memory_rig, "a", "b", "c", "d")
    listing = memory_rig.sessions().list()
    assert [next(listing).id, next(listing).id] == ["a", "b"]
    memory_rig.sessions().delete("b")
    rest = [ref.id for ref in memory_rig.sessions().list(token=listing.token)]
    assert {"c", "d"} <= set(rest)


def test_a_token_that_no_list_gave_is_refused(memory_rig: Rig) -> None:
    with pytest.raises(InvalidSettings, match="not one that a list of sessions gave"):
        list(memory_rig.sessions().list(token="nonsense"))


def test_info_tells_what_the_first_message_was_stored_with(rig: Rig) -> None:
    created = datetime(2023, 5, 1, tzinfo=UTC)
    chat = rig.sessions().open(
        "s",
        title="Refund",
        user="u-1",
        model="m-1",
        source="web",
        parent="p",
        created_at=created,
        metadata={"workspace": "/src"},
    )
    chat.append({"role": "user"})
    chat.append({"role": "assistant"})
    rig.sessions().open("s", agent="two").append({"role": "user"})
    sessions = rig.sessions()
    info = sessions.info("s")
    assert (info.title, info.user, info.model, info.source) == ("Refund", "u-1", "m-1", "web")
    assert (info.parent, info.created_at, info.metadata) == ("p", created, {"workspace": "/src"})
    assert info.agents == {"default": 2, "two": 1}
    assert info.messages == 3
    assert info.bytes == sum(len(rig.body(key)) for key in rig.keys())
    assert info.updated_at is not None
    assert info.updated_at.year >= 2024
    assert sessions.requests.total == 2


def test_ids_that_are_made_are_unique_and_sort_by_time() -> None:
    now = [1_700_000_000.0]
    sessions = Sessions("memory://", clock=lambda: now[0])
    ids = []
    for _ in range(10_000):
        ids.append(sessions.new_id())
        now[0] += 0.0001
    assert len(set(ids)) == 10_000
    milliseconds = [session_id[:10] for session_id in ids]
    assert milliseconds == sorted(milliseconds)
    assert len(set(milliseconds)) > 990


def test_the_creation_time_of_a_session_never_changes(rig: Rig) -> None:
    speak(rig, "s")
    created = rig.sessions().info("s").created_at
    chat = rig.sessions().open("s")
    chat.restore()
    chat.append({"n": 1})
    chat.save_state({"x": 1})
    assert rig.sessions().info("s").created_at == created


def test_the_first_to_speak_decides_what_the_session_document_says(rig: Rig) -> None:
    rig.sessions().open("s", title="first").append({})
    rig.sessions().open("s", title="second").append({})
    assert rig.sessions().info("s").title == "first"


def test_a_session_that_is_not_there_is_not_found(rig: Rig) -> None:
    sessions = rig.sessions()
    with pytest.raises(SessionNotFound):
        sessions.info("nobody")
    with pytest.raises(SessionNotFound):
        sessions.delete("nobody")
    with pytest.raises(SessionNotFound):
        sessions.resolve("nobody")
    assert sessions.latest() is None
    assert sessions.agents("nobody") == ()


def test_stats_and_sizes_count_what_is_there(rig: Rig) -> None:
    speak(rig, "a", count=3)
    speak(rig, "b", count=2, agent="x")
    speak(rig, "b", count=1, agent="y")
    sessions = rig.sessions()
    sizes = {size.id: size for size in sessions.sizes()}
    assert (sizes["a"].messages, sizes["a"].agents) == (3, ("default",))
    assert (sizes["b"].messages, sizes["b"].agents) == (3, ("x", "y"))
    stats = sessions.stats()
    assert (stats.sessions, stats.agents, stats.messages, stats.empty) == (2, 3, 6, 0)
    assert stats.bytes == sum(len(rig.body(key)) for key in rig.keys())
    assert sessions.requests.by_verb == {"list": 2}


def test_latest_is_the_session_that_somebody_spoke_in_last(memory_rig: Rig) -> None:
    speak(memory_rig, "a", "b", "c")
    speak(memory_rig, "a")
    latest = memory_rig.sessions().latest()
    assert latest is not None
    assert latest.id == "a"


def test_latest_passes_over_a_session_that_cannot_be_read(
    memory_rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    speak(memory_rig, "a", "b")
    memory_rig.plant("session_b/agents/agent_default/messages/message_0.json", b"torn")
    with caplog.at_level(logging.WARNING, logger="s3sessions"):
        latest = memory_rig.sessions().latest()
    assert latest is not None
    assert latest.id == "a"
    assert any('session_unreadable session="b"' in line for line in caplog.messages)


def test_an_id_is_resolved_by_a_prefix_that_only_it_has(rig: Rig) -> None:
    speak(rig, "abc", "abc-1", "abd", "x%2Fy", "x/z")
    sessions = rig.sessions()
    assert sessions.resolve("abd") == "abd"
    assert sessions.resolve("abc-") == "abc-1"
    assert sessions.resolve("abc") == "abc"
    assert sessions.resolve("x%") == "x%2Fy"
    assert sessions.resolve("x%2") == "x%2Fy"
    assert sessions.resolve("x/") == "x/z"
    with pytest.raises(AmbiguousSession) as caught:
        sessions.resolve("ab")
    assert set(caught.value.ids) >= {"abc", "abd"}


def test_resolving_costs_one_list_and_two_where_many_begin_alike(memory_rig: Rig) -> None:
    speak(memory_rig, "abc", "abc-1", "x")
    for prefix, lists in (("x", 1), ("abc-", 1), ("abc", 1)):
        sessions = memory_rig.sessions()
        sessions.resolve(prefix)
        assert sessions.requests.by_verb == {"list": lists}
    for n in range(1_500):
        memory_rig.plant(f"session_m!{n}/session.json", b"{}")
    memory_rig.plant("session_m/session.json", b"{}")
    sessions = memory_rig.sessions()
    assert sessions.resolve("m") == "m"
    assert sessions.requests.by_verb == {"list": 2}


def test_a_deleted_session_leaves_nothing_and_touches_no_other(rig: Rig) -> None:
    speak(rig, "a", "ab", count=3)
    rig.plant("session_a/agents/agent_default/.DS_Store", b"x")
    others = {key: rig.body(key) for key in rig.keys() if not key.startswith("session_a/")}
    report = rig.sessions().delete("a")
    assert report.objects == 6
    assert {key: rig.body(key) for key in rig.keys()} == others
    with pytest.raises(SessionNotFound):
        rig.sessions().info("a")
    assert rig.sessions().open("a").restore().messages == []


def test_a_deleted_agent_leaves_the_other_as_it_was(rig: Rig) -> None:
    speak(rig, "s", count=2, agent="one")
    speak(rig, "s", count=2, agent="two")
    others = {key: rig.body(key) for key in rig.keys() if "/agent_two/" in key}
    assert rig.sessions().delete("s", agent="one").objects == 3
    assert {k: rig.body(k) for k in rig.keys() if k != "session_s/session.json"} == others
    assert rig.sessions().open("s", agent="one").restore().messages == []
    assert rig.sessions().open("s", agent="one").append({"n": 0}).index == 0
    with pytest.raises(SessionNotFound):
        rig.sessions().delete("s", agent="three")


def test_deleting_an_agent_keeps_every_field_of_the_session_document(rig: Rig) -> None:
    speak(rig, "s", agent="one")
    speak(rig, "s", agent="two")
    document = {**json.loads(rig.body("session_s/session.json")), "from_the_future": [1]}
    rig.plant("session_s/session.json", json.dumps(document).encode())
    rig.sessions().delete("s", agent="one")
    kept = json.loads(rig.body("session_s/session.json"))
    # Which deletion it was: what it left in flight counts for nobody who takes the id again.
    assert list(kept["s3sessions"].pop("agent_lives")) == ["one"]
    assert kept == document


def test_an_id_can_begin_a_new_life_after_its_deletion(rig: Rig) -> None:
    speak(rig, "s", count=2)
    rig.sessions().delete("s")
    assert rig.sessions().open("s", title="again").append({"n": 9}).index == 0
    assert rig.sessions().open("s").restore().payloads == [{"n": 9}]
    assert rig.sessions().info("s").title == "again"


def test_a_session_can_be_created_once(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.create("s", title="T")
    assert sessions.requests.by_verb == {"put": 1}
    with pytest.raises(AlreadyExists):
        rig.sessions().create("s")
    assert rig.sessions().info("s").title == "T"


def test_places_under_a_name_never_see_each_other(rig: Rig) -> None:
    sessions = rig.sessions()
    one, two = sessions.under("tenant-1"), sessions.under("tenant/2")
    one.open("s").append({"who": 1})
    two.open("s").append({"who": 2})
    sessions.open("s").append({"who": 0})
    assert one.open("s").restore().payloads == [{"who": 1}]
    assert two.open("s").restore().payloads == [{"who": 2}]
    assert [ref.id for ref in sessions.list()] == ["s"]
    assert one.stats().messages == 1
    one.delete("s")
    assert two.open("s").restore().payloads == [{"who": 2}]
    assert one.under("deeper").prefix == f"{rig.prefix}tenant-1/deeper/"
    assert two.prefix == f"{rig.prefix}tenant%2F2/"


@pytest.mark.parametrize("name", ["", ".", "..", "session_x"])
def test_a_name_that_would_leave_or_hide_in_another_place_is_refused(
    memory_rig: Rig, name: str
) -> None:
    with pytest.raises((InvalidId, InvalidSettings)):
        memory_rig.sessions().under(name)


def test_a_marked_session_is_not_there_for_readers_nor_for_writers(rig: Rig) -> None:
    speak(rig, "s", count=2)
    document = rig.body("session_s/session.json")
    rig.plant("session_s/session.json", document.replace(b'"life"', b'"deleted_at":"x","life"'))
    for use in (
        lambda: rig.sessions().open("s").restore(),
        lambda: list(rig.sessions().open("s").iterate()),
        lambda: rig.sessions().open("s").append({}),
        lambda: rig.sessions().open("s").save_state({"x": 1}),
        lambda: rig.sessions().info("s"),
    ):
        with pytest.raises(SessionDeleted, match="run the deletion again"):
            use()
    assert rig.sessions().latest() is None
    rig.sessions().delete("s")
    assert rig.keys() == []


def test_an_unreadable_session_document_hides_no_message_and_can_be_deleted(rig: Rig) -> None:
    speak(rig, "s", count=2)
    rig.plant("session_s/session.json", b"garbage")
    assert len(rig.sessions().open("s").restore().messages) == 2
    assert rig.sessions().open("s").append({"n": 2}).index == 2
    info = rig.sessions().info("s")
    assert info.messages == 3
    assert info.corrupt is not None
    rig.sessions().delete("s")
    assert rig.keys() == []


def test_closing_twice_is_closing_once(rig: Rig) -> None:
    sessions = rig.sessions()
    sessions.open("s").append({})
    sessions.close()
    sessions.close()
