"""What a page of sessions shows, in which order, and what it costs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from s3sessions import CorruptObject, InvalidSettings, Sessions, UnsupportedVersion
from s3sessions.stores.memory import MemoryStore
from tests.rig import Rig

MESSAGES = "session_{}/agents/agent_default/messages"


def say(rig: Rig, session_id: str, *texts: str, agent: str = "default", **details: Any) -> None:
    chat = rig.sessions().open(session_id, agent, **details)
    for text in texts:
        chat.append({"role": "user", "content": text})


def ids(page: Any) -> list[str]:
    return [session.id for session in page]


@pytest.fixture
def ticking() -> tuple[MemoryStore, list[float]]:
    """A store whose clock stands where the test puts it."""
    now = [1_700_000_000.0]
    return MemoryStore(clock=lambda: now[0]), now


def at(second: float) -> datetime:
    return datetime.fromtimestamp(1_700_000_000 + second, UTC)


def test_a_page_shows_what_a_person_chooses_by(rig: Rig) -> None:
    say(rig, "a", "my lamp\n  is broken", "still", title="A lamp", user="anna", tags=["vip"])
    say(rig, "b", "hello")
    say(rig, "b", "hm", agent="billing")
    # S3 tells times to the second, so that the two may be equal.
    newest, oldest = sorted(rig.sessions().browse(), key=lambda each: each.id, reverse=True)
    assert (newest.id, newest.preview, newest.messages) == ("b", "hello", 2)
    assert newest.agents == ("billing", "default")
    assert (oldest.id, oldest.preview, oldest.messages) == ("a", "my lamp is broken", 2)
    assert (oldest.title, oldest.user, oldest.tags) == ("A lamp", "anna", ("vip",))
    assert oldest.bytes == sum(len(rig.body(k)) for k in rig.keys() if k.startswith("session_a/"))
    sizes = {size.id: size for size in rig.sessions().sizes()}
    assert (oldest.last_active, newest.last_active) == (
        sizes["a"].last_active,
        sizes["b"].last_active,
    )
    assert oldest.created_at is not None
    assert (oldest.ended_at, oldest.usage, oldest.corrupt) == (None, None, None)


def test_the_20_newest_of_1_000_come_in_order_for_one_list_a_page_and_two_reads_each() -> None:
    now = [1_700_000_000.0]
    store = MemoryStore(clock=lambda: now[0])
    sessions = Sessions(store=store)
    for n in range(1_000):
        now[0] += 60
        # Neither the ids nor the creation say who spoke last.
        sessions.open(f"{n * 7919 % 1_000:03}").append({"role": "user", "content": f"text {n}"})
    fresh = Sessions(store=store)
    page = fresh.browse()
    expected = list(range(999, 979, -1))
    assert [session.preview for session in page] == [f"text {n}" for n in expected]
    assert ids(page) == [f"{n * 7919 % 1_000:03}" for n in expected]
    assert fresh.requests.by_verb == {"list": 3, "get": 40}
    fresh = Sessions(store=store)
    assert ids(fresh.browse(limit=3, offset=2)) == ids(page)[2:5]
    assert fresh.requests.by_verb == {"list": 3, "get": 2 + 2 * 3}


def test_equals_come_by_id_backwards_and_those_who_never_spoke_last(
    ticking: tuple[MemoryStore, list[float]],
) -> None:
    store, now = ticking
    sessions = Sessions(store=store)
    for name in ("c", "a", "b"):
        sessions.open(name).append({})
    sessions.create("empty-2")
    sessions.create("empty-1", title="To do")
    now[0] += 1
    sessions.open("b").append({})
    assert ids(sessions.browse()) == ["b", "c", "a", "empty-2", "empty-1"]
    assert sessions.browse()[4].title == "To do"
    assert sessions.browse()[4].last_active is None
    latest = sessions.latest()
    assert latest is not None
    assert latest.id == "b"


def test_pages_with_offsets_give_each_session_once(memory_rig: Rig) -> None:
    for n in range(7):
        say(memory_rig, f"s{n}", "x")
    sessions = memory_rig.sessions()
    pages = [ids(sessions.browse(limit=3, offset=offset)) for offset in (0, 3, 6, 9)]
    assert pages == [["s6", "s5", "s4"], ["s3", "s2", "s1"], ["s0"], []]
    assert ids(sessions.browse(limit=None)) == [name for page in pages for name in page]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"user": "anna"}, ["c", "a"]),
        ({"source": "web"}, ["b", "a"]),
        ({"model": "m-2"}, ["c"]),
        ({"tag": "vip"}, ["b", "a"]),
        ({"title": "LAMP"}, ["c", "a"]),
        ({"parent": "a"}, ["b"]),
        ({"ended": True}, ["c"]),
        ({"ended": False}, ["d", "b", "a"]),
        ({"user": "anna", "ended": False}, ["a"]),
        ({"user": "nobody"}, []),
    ],
)
def test_a_filter_gives_those_of_which_session_json_says_so(
    memory_rig: Rig, asked: dict[str, Any], found: list[str]
) -> None:
    say(memory_rig, "a", "x", title="A lamp", user="anna", source="web", tags=["vip", "x"])
    say(memory_rig, "b", "x", source="web", tags=["vip"], parent="a", user="ANNA")
    say(memory_rig, "c", "x", title="Lamps", user="anna", model="m-2")
    say(memory_rig, "d", "x")
    memory_rig.sessions().end("c")
    assert ids(memory_rig.sessions().browse(**asked)) == found


def test_times_go_by_the_last_message_and_cost_no_read(
    ticking: tuple[MemoryStore, list[float]],
) -> None:
    store, now = ticking
    sessions = Sessions(store=store)
    for name in "abc":
        sessions.open(name).append({})
        now[0] += 10
    sessions.create("empty")
    counted = Sessions(store=store)
    assert ids(counted.browse(since=at(10), before=at(20))) == ["b"]
    assert counted.requests.by_verb == {"list": 1, "get": 2}
    assert ids(counted.browse(since=at(10))) == ["c", "b"]
    assert ids(counted.browse(before=at(10))) == ["a"]


def test_a_filter_reads_a_wave_of_documents_at_a_time_until_the_page_is_full(
    memory_rig: Rig,
) -> None:
    for n in range(40):
        say(memory_rig, f"s{n:02}", "x", user="anna" if n % 10 == 0 else "bob")
    sessions = memory_rig.sessions(width=5)
    # The newest of anna's is the tenth: two waves of five, and its first message.
    assert ids(sessions.browse(limit=1, user="anna")) == ["s30"]
    assert sessions.requests.by_verb == {"list": 1, "get": 10 + 1}


@pytest.mark.parametrize(
    ("payloads", "preview", "reads"),
    [
        ([{"role": "user", "content": "x" * 100}], "x" * 60, 1),
        ([{"role": "user", "content": "\u202e a\x00\tb\n"}], "a b", 1),
        ([{"role": "user", "content": [{"image": {}}, {"text": "look"}]}], "look", 1),
        ([{"role": "user", "parts": [{"text": "gemini"}]}], "gemini", 1),
        ([{"from": "human", "value": "share"}], "share", 1),
        ([{"type": "user", "message": {"role": "user", "content": "log"}}], "log", 1),
        ([{"role": "system", "content": "be"}, {"role": "user", "content": "second"}], "second", 2),
        ([{}, {"role": "assistant", "content": "a"}, {"role": "user", "content": "3"}], "3", 3),
        ([{}, {}, {}, {"role": "user", "content": "too late"}], None, 3),
        ([{"role": "user", "content": [{"toolResult": {}}]}], None, 1),
        ([{"role": "user", "content": 7}], None, 1),
        ([{"role": "user"}], None, 1),
    ],
)
def test_a_preview_is_how_the_first_text_of_the_user_begins(
    memory_rig: Rig, payloads: list[dict[str, Any]], preview: str | None, reads: int
) -> None:
    chat = memory_rig.sessions().open("s")
    for payload in payloads:
        chat.append(payload)
    sessions = memory_rig.sessions()
    (session,) = sessions.browse()
    assert session.preview == preview
    assert sessions.requests.by_verb == {"list": 1, "get": 1 + reads}


def test_a_preview_shows_nothing_that_readers_do_not_see(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("removed")
    for text in ("secret", "said"):
        chat.append({"role": "user", "content": text})
    chat.remove(0)
    chat = memory_rig.sessions().open("truncated")
    for text in ("secret", "more", "kept", "last"):
        chat.append({"role": "user", "content": text})
    chat.truncate(2)
    memory_rig.sessions().open("cleared").append({"role": "user", "content": "secret"})
    memory_rig.sessions().open("cleared").clear()
    chat = memory_rig.sessions().open("replaced")
    chat.append({"role": "user", "content": "secret"})
    chat.replace([{"role": "user", "content": "new"}, {"role": "assistant", "content": "a"}])
    previews = {each.id: each.preview for each in memory_rig.sessions().browse()}
    assert previews == {"removed": "said", "truncated": "kept", "cleared": None, "replaced": "new"}


def test_a_history_that_was_truncated_costs_one_read_more(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    for text in ("a", "b", "c"):
        chat.append({"role": "user", "content": text})
    chat.truncate(1)
    sessions = memory_rig.sessions()
    sessions.browse()
    assert sessions.requests.by_verb == {"list": 1, "get": 3}


def test_usage_is_that_of_all_agents_and_only_if_it_is_asked_for(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    for agent, tokens in (("one", 3), ("one", 4), ("two", 5)):
        sessions.open("s", agent).append({}, usage={"inputTokens": tokens})
    assert memory_rig.sessions().browse()[0].usage is None
    assert memory_rig.sessions().browse(usage=True)[0].usage == {"inputTokens": 12}


def test_one_session_that_cannot_be_read_is_shown_and_breaks_no_page(memory_rig: Rig) -> None:
    for name in ("torn", "newer", "message", "fine"):
        say(memory_rig, name, "hello", user="anna")
    memory_rig.plant("session_torn/session.json", b"{")
    memory_rig.plant("session_newer/session.json", b'{"session_id":"x","s3sessions":{"v":99}}')
    memory_rig.plant(f"{MESSAGES.format('message')}/message_0.json", b"torn")
    found = {each.id: each for each in memory_rig.sessions().browse()}
    assert set(found) == {"torn", "newer", "message", "fine"}
    assert isinstance(found["torn"].corrupt, CorruptObject)
    assert found["torn"].preview == "hello"
    assert found["torn"].messages == 1
    assert isinstance(found["newer"].corrupt, UnsupportedVersion)
    assert found["message"].corrupt is not None
    assert found["message"].corrupt.key is not None
    assert found["message"].corrupt.key.endswith("message_0.json")
    assert found["message"].preview is None
    assert found["fine"].corrupt is None
    assert set(ids(memory_rig.sessions().browse(user="anna"))) == {"message", "fine"}


def test_a_session_without_a_document_is_shown_and_one_being_deleted_is_not(
    memory_rig: Rig,
) -> None:
    for name in ("old", "a", "b", "c"):
        say(memory_rig, name, "hello")
    memory_rig.remove("session_b/session.json")
    give_up(memory_rig, "c")
    sessions = memory_rig.sessions()
    assert ids(sessions.browse(limit=2)) == ["b", "a"]
    assert sessions.requests.by_verb == {"list": 1, "get": 3 + 2}
    assert sessions.browse()[0].preview == "hello"


def give_up(rig: Rig, session_id: str) -> None:
    """Begin to delete a session, and go no further than its mark."""
    key = f"session_{session_id}/session.json"
    document = json.loads(rig.body(key))
    document["s3sessions"]["deleted_at"] = "2026-01-01T00:00:00+00:00"
    rig.plant(key, json.dumps(document).encode())


def mark(rig: Rig, parent: str, kind: str, child: str) -> None:
    rig.plant(f"session_{parent}/children/{kind}_{child}.json", b"{}")


def test_a_compressed_session_is_shown_as_its_tip_and_at_no_further_cost(memory_rig: Rig) -> None:
    for name in ("root", "middle", "tip", "other"):
        say(memory_rig, name, name)
    mark(memory_rig, "root", "compression", "middle")
    mark(memory_rig, "middle", "compression", "tip")
    mark(memory_rig, "other", "branch", "tip")
    mark(memory_rig, "other", "compression", "deleted")
    sessions = memory_rig.sessions()
    assert ids(sessions.browse()) == ["other", "tip"]
    assert sessions.requests.by_verb == {"list": 1, "get": 4}


def test_a_fork_takes_the_place_of_the_session_that_it_goes_on_with(memory_rig: Rig) -> None:
    say(memory_rig, "long", "hello", title="A lamp")
    sessions = memory_rig.sessions()
    summary = {"role": "user", "content": "we spoke of a lamp"}
    sessions.fork("long", "short", kind="compression", messages=[summary])
    sessions.fork("short", "helper", kind="delegate", messages=[summary])
    (shown,) = sessions.browse()
    assert (shown.id, shown.title, shown.parent) == ("short", "A lamp", "long")
    assert shown.preview == "we spoke of a lamp"
    assert ids(sessions.browse(children=True)) == ["helper", "short"]


def test_a_parent_is_shown_as_long_as_nobody_can_read_what_goes_on_with_it(
    memory_rig: Rig,
) -> None:
    for name in ("other", "root", "tip"):
        say(memory_rig, name, name)
    mark(memory_rig, "root", "compression", "tip")
    give_up(memory_rig, "tip")
    assert ids(memory_rig.sessions().browse()) == ["root", "other"]
    assert ids(memory_rig.sessions().browse(limit=1)) == ["root"]


def test_a_circle_of_compressions_hides_nobody(memory_rig: Rig) -> None:
    for name in ("a", "b", "c"):
        say(memory_rig, name, name)
    for parent, child in (("a", "b"), ("b", "a"), ("c", "c")):
        mark(memory_rig, parent, "compression", child)
    assert ids(memory_rig.sessions().browse()) == ["c", "b", "a"]


def test_delegates_and_what_goes_on_with_them_are_shown_if_they_are_asked_for(
    memory_rig: Rig,
) -> None:
    for name in ("parent", "branch", "delegate", "longer"):
        say(memory_rig, name, name)
    mark(memory_rig, "parent", "branch", "branch")
    mark(memory_rig, "parent", "delegate", "delegate")
    mark(memory_rig, "delegate", "compression", "longer")
    assert ids(memory_rig.sessions().browse()) == ["branch", "parent"]
    assert ids(memory_rig.sessions().browse(children=True)) == ["longer", "branch", "parent"]
    give_up(memory_rig, "longer")
    assert ids(memory_rig.sessions().browse()) == ["branch", "parent"]
    assert ids(memory_rig.sessions().browse(children=True)) == ["delegate", "branch", "parent"]


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"limit": True}, "limit is True"),
        ({"offset": -1}, "offset is -1"),
        ({"since": datetime(2026, 1, 1)}, "no time zone"),
        ({"user": 7}, "user=7"),
        ({"title": ""}, "title is empty"),
    ],
)
def test_what_no_page_can_be_is_refused_before_a_request(
    memory_rig: Rig, asked: dict[str, Any], reason: str
) -> None:
    sessions = memory_rig.sessions()
    with pytest.raises(InvalidSettings, match=reason):
        sessions.browse(**asked)
    assert sessions.requests.total == 0
