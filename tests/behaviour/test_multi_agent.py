"""What the document of a graph or a swarm promises, on every store and in both colours."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions import (
    Conflict,
    CorruptObject,
    InvalidId,
    InvalidMessage,
    SessionDeleted,
    Sessions,
    UnsupportedVersion,
)
from s3sessions.keys import MAX_KEY_BYTES, Kind, Root
from tests.behaviour.conftest import WITH_VERSIONS
from tests.rig import Rig

SESSION = "session_s/session.json"
DOCUMENT = "session_s/multi_agents/multi_agent_g/multi_agent.json"
FIRST_SAVE = {"get": 2, "put": 2}

BODY: dict[str, Any] = {
    "type": "graph",
    "id": "g",
    "status": "executing",
    "node_results": {"a": {"execution_time": 12, "accumulated_usage": {"inputTokens": 3}}},
    "next_nodes_to_execute": ["b"],
    "current_task": [{"text": "look 🙂"}, {"image": {"source": {"bytes": b"\x00\xff"}}}],
    "looks_like_a_marker": {"__bytes_encoded__": True, "data": "AA=="},
}
# As Strands writes it: indented, bytes as markers, no stamp.
THEIRS = json.dumps(
    {
        "type": "swarm",
        "id": "g",
        "current_task": [{"image": {"__bytes_encoded__": True, "data": "AP8="}}],
        "looks_like_a_marker": {"__bytes_encoded__": True, "data": "no base64"},
    },
    indent=2,
).encode()
MARKED = b'{"session_id":"s","s3sessions":{"v":1,"deleted_at":"2026-01-01T00:00:00+00:00"}}'


def graph(rig: Rig, **options: Any) -> Any:
    """Give the handle of another process."""
    return rig.sessions(**options).multi_agent("s", "g")


# What is saved and restored


def test_a_body_that_was_saved_is_restored_by_another_process(rig: Rig) -> None:
    graph(rig).save(BODY)
    assert graph(rig).restore() == BODY
    assert rig.keys() == [DOCUMENT, SESSION]


def test_where_nobody_saved_there_is_none_and_nothing_is_written(rig: Rig) -> None:
    assert graph(rig).restore() is None
    assert rig.sessions().multi_agents("s") == ()
    assert rig.keys() == []


def test_a_body_is_replaced_as_a_whole(memory_rig: Rig) -> None:
    handle = graph(memory_rig)
    handle.save(BODY)
    handle.save({"status": "completed"})
    assert handle.restore() == graph(memory_rig).restore() == {"status": "completed"}


def test_a_handle_that_never_restored_replaces_what_is_there(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    graph(memory_rig).save({"status": "completed"})
    assert graph(memory_rig).restore() == {"status": "completed"}


def test_an_empty_body_is_a_body(memory_rig: Rig) -> None:
    graph(memory_rig).save({})
    assert graph(memory_rig).restore() == {}


def test_what_is_stored_is_the_body_field_by_field_and_our_stamp(memory_rig: Rig) -> None:
    graph(memory_rig).save({"type": "graph", "current_task": b"\x00"})
    stored = json.loads(memory_rig.body(DOCUMENT))
    stamp = stored.pop("s3sessions")
    assert stamp.keys() == {"v", "write_id"}
    assert stored == {
        "type": "graph",
        "current_task": {"__bytes_encoded__": True, "data": "AA=="},
    }


def test_a_body_of_strands_is_restored_and_replaced(rig: Rig) -> None:
    rig.plant(DOCUMENT, THEIRS)
    handle = graph(rig)
    body = handle.restore()
    assert body["current_task"] == [{"image": b"\x00\xff"}]
    assert body["looks_like_a_marker"] == {"__bytes_encoded__": True, "data": "no base64"}
    body["status"] = "completed"
    handle.save(body)
    assert graph(rig).restore() == body


def test_what_a_caller_does_with_a_restored_body_is_not_what_is_known_to_be_stored(
    memory_rig: Rig,
) -> None:
    graph(memory_rig).save(BODY)
    handle = graph(memory_rig)
    body = handle.restore()
    body["node_results"]["a"]["execution_time"] = 13
    handle.save(body)
    body["node_results"]["a"]["execution_time"] = 14
    handle.save(body)
    assert graph(memory_rig).restore() == body


def test_true_one_and_one_point_nought_are_not_the_same(memory_rig: Rig) -> None:
    handle = graph(memory_rig)
    for value in (1, True, 1.0, 0, False):
        handle.save({"value": value})
        stored = graph(memory_rig).restore()["value"]
        assert (type(stored), stored) == (type(value), value)


# What it costs


def test_a_restore_is_two_gets(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    for handle in (graph(memory_rig), memory_rig.sessions().multi_agent("nobody", "g")):
        handle.restore()
        assert handle.requests.by_verb == {"get": 2}


def test_a_save_after_a_restore_or_a_save_is_one_conditional_put(rig: Rig) -> None:
    graph(rig).save(BODY)
    handle = graph(rig)
    handle.restore()
    for step in range(5):
        handle.save({**BODY, "step": step})
        assert handle.requests.by_verb == {"get": 2, "put": step + 1}


def test_a_first_save_brings_session_json_with_it_where_it_is_missing(rig: Rig) -> None:
    handle = graph(rig)
    handle.save(BODY)
    assert handle.requests.by_verb == FIRST_SAVE
    second = rig.sessions().multi_agent("s", "h")
    second.save(BODY)
    assert second.requests.by_verb == {"get": 2, "put": 1}
    assert rig.sessions().multi_agents("s") == ("g", "h")


@pytest.mark.parametrize("theirs", [False, True], ids=["ours", "of Strands"])
def test_a_body_that_is_what_is_stored_costs_nothing(memory_rig: Rig, theirs: bool) -> None:
    memory_rig.sessions().open("s").append({})
    if theirs:
        memory_rig.plant(DOCUMENT, THEIRS)
    else:
        graph(memory_rig).save(BODY)
    before = memory_rig.body(DOCUMENT)
    handle = graph(memory_rig)
    body = handle.restore()
    for _ in range(3):
        handle.save(body)
    assert handle.requests.by_verb == {"get": 2}
    assert memory_rig.body(DOCUMENT) == before


def test_a_handle_costs_nothing_until_it_is_used(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    handle = sessions.multi_agent("s", "g")
    assert (handle.session_id, handle.multi_agent_id) == ("s", "g")
    assert sessions.requests.total == handle.requests.total == 0


# Others


def test_a_body_that_another_changed_is_never_written_over(rig: Rig) -> None:
    graph(rig).save({"step": 0})
    ours, theirs = graph(rig), graph(rig)
    assert ours.restore() == theirs.restore() == {"step": 0}
    theirs.save({"step": "theirs"})
    for _ in range(2):
        with pytest.raises(Conflict, match="restore it, then go on"):
            ours.save({"step": "ours"})
    assert graph(rig).restore() == {"step": "theirs"}
    assert ours.restore() == {"step": "theirs"}
    ours.save({"step": "ours"})
    assert graph(rig).restore() == {"step": "ours"}


def test_of_two_that_begin_one_is_told(rig: Rig) -> None:
    ours, theirs = graph(rig), graph(rig)
    assert ours.restore() is theirs.restore() is None
    theirs.save({"step": "theirs"})
    with pytest.raises(Conflict):
        ours.save({"step": "ours"})
    assert graph(rig).restore() == {"step": "theirs"}


def test_a_body_that_strands_changed_is_never_written_over(memory_rig: Rig) -> None:
    handle = graph(memory_rig)
    handle.save(BODY)
    memory_rig.plant(DOCUMENT, THEIRS)
    with pytest.raises(Conflict):
        handle.save({"step": 1})
    assert memory_rig.body(DOCUMENT) == THEIRS


def test_an_older_body_that_somebody_brought_back_is_not_written_over(memory_rig: Rig) -> None:
    handle = graph(memory_rig)
    handle.save({"step": 1})
    older = memory_rig.body(DOCUMENT)
    handle.save({"step": 2})
    memory_rig.plant(DOCUMENT, older)
    with pytest.raises(Conflict):
        handle.save({"step": 3})
    assert memory_rig.body(DOCUMENT) == older


def test_a_body_that_went_with_its_session_does_not_come_back(rig: Rig) -> None:
    handle = graph(rig)
    handle.save(BODY)
    rig.sessions().delete("s")
    for _ in range(2):
        with pytest.raises(Conflict):
            handle.save({"step": 1})
    assert rig.keys() == []
    assert handle.restore() is None
    handle.save({"step": 1})
    assert rig.keys() == [DOCUMENT, SESSION]


def test_that_there_is_none_is_believed_no_longer_than_the_end_of_a_history(
    memory_rig: Rig,
) -> None:
    now = [1_000_000.0]
    memory_rig.sessions().open("s").append({})
    handle = memory_rig.sessions(trust=60, clock=lambda: now[0]).multi_agent("s", "g")
    assert handle.restore() is None
    memory_rig.plant(SESSION, MARKED)
    now[0] += 60
    with pytest.raises(SessionDeleted):
        handle.save(BODY)
    assert DOCUMENT not in memory_rig.keys()


def test_of_many_writers_none_loses_what_it_saved(racing_rig: Rig) -> None:
    def count_up() -> None:
        handle = graph(racing_rig)
        for _ in range(10):
            while True:
                body = handle.restore() or {"count": 0}
                with suppress(Conflict):
                    handle.save({"count": body["count"] + 1})
                    break

    with ThreadPoolExecutor(6) as threads:
        for done in [threads.submit(count_up) for _ in range(6)]:
            done.result()
    assert graph(racing_rig).restore() == {"count": 60}


# Damage and bad input


DAMAGED = {
    "empty": (b"", CorruptObject),
    "torn": (b'{"type": "gra', CorruptObject),
    "no object": (b"[1]", CorruptObject),
    "no base64": (
        b'{"x":{"__bytes_encoded__":true,"data":"?"},"s3sessions":{"v":1}}',
        CorruptObject,
    ),
    "newer": (b'{"s3sessions":{"v":2}}', UnsupportedVersion),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_document_that_cannot_be_read_is_named_and_never_written_over(
    memory_rig: Rig, name: str
) -> None:
    data, error = DAMAGED[name]
    memory_rig.sessions().open("s").append({})
    restored = graph(memory_rig)
    restored.restore()
    memory_rig.plant(DOCUMENT, data)
    for act in (graph(memory_rig).restore, lambda: graph(memory_rig).save(BODY)):
        with pytest.raises(error, match=r"multi_agent\.json"):
            act()
    with pytest.raises((error, Conflict)):
        restored.save(BODY)
    assert memory_rig.body(DOCUMENT) == data


def test_a_damaged_session_json_is_done_without(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    memory_rig.plant(SESSION, b"{")
    handle = graph(memory_rig)
    assert handle.restore() == BODY
    handle.save({"step": 1})
    assert memory_rig.body(SESSION) == b"{"


def test_a_session_of_a_newer_version_is_not_to_be_continued(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    memory_rig.plant(SESSION, b'{"session_id":"s","s3sessions":{"v":2}}')
    with pytest.raises(UnsupportedVersion):
        graph(memory_rig).restore()
    with pytest.raises(UnsupportedVersion):
        graph(memory_rig).save({"step": 1})


def test_a_session_json_that_is_missing_is_written_with_the_next_save(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    memory_rig.remove(SESSION)
    graph(memory_rig).save(BODY)
    assert SESSION in memory_rig.keys()
    memory_rig.remove(SESSION)
    handle = graph(memory_rig)
    assert handle.restore() == BODY
    handle.save({"step": 1})
    assert SESSION in memory_rig.keys()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"x": {1}}, r"body\.x is of type set"),
        ({"x": float("nan")}, r"body\.x is nan"),
        ({1: "x"}, "keys of a JSON object are strings"),
        ({"x": "\ud800"}, "lone surrogate"),
        ([1], "a body is a mapping, not list"),
        (None, "a body is a mapping, not NoneType"),
        ({"s3sessions": {}}, "the field 's3sessions'"),
        ({"x": "x" * 2_000}, "the limit is 1,000"),
    ],
    ids=lambda value: "" if isinstance(value, str) else repr(value)[:20],
)
def test_a_body_that_cannot_be_stored_is_refused_before_any_request(
    memory_rig: Rig, body: Any, text: str
) -> None:
    handle = graph(memory_rig, max_message_bytes=1_000)
    with pytest.raises(InvalidMessage, match=text):
        handle.save(body)
    assert handle.requests.total == 0


# Deletion, and the rest of a session


def test_a_session_takes_its_multi_agents_with_it(rig: Rig) -> None:
    check_multi_agents_go_with_their_session(rig, "delete")


@pytest.mark.parametrize("rig", WITH_VERSIONS, ids="-".join, indirect=True)
def test_a_purge_takes_multi_agents_too(rig: Rig) -> None:
    check_multi_agents_go_with_their_session(rig, "purge")


def check_multi_agents_go_with_their_session(rig: Rig, verb: str) -> None:
    rig.sessions().open("s").append({})
    graph(rig).save(BODY)
    rig.sessions().multi_agent("sa", "g").save(BODY)
    getattr(rig.sessions(), verb)("s")
    assert rig.keys() == [key.replace("session_s/", "session_sa/") for key in (DOCUMENT, SESSION)]


@pytest.mark.parametrize("agent", ["a", "g"])
def test_a_deletion_of_an_agent_leaves_the_multi_agents(rig: Rig, agent: str) -> None:
    rig.sessions().open("s", agent=agent).append({})
    handle = graph(rig)
    handle.save(BODY)
    rig.sessions().delete("s", agent=agent)
    assert rig.keys() == [DOCUMENT, SESSION]
    assert graph(rig).restore() == BODY
    handle.save({"step": 1})


def test_a_deletion_of_an_agent_of_the_same_id_is_none_of_ours(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    document = json.loads(memory_rig.body(SESSION))
    document["s3sessions"]["deleted_agents"] = {"g": {"deleted_at": "2026-01-01T00:00:00+00:00"}}
    memory_rig.plant(SESSION, json.dumps(document).encode())
    assert graph(memory_rig).restore() == BODY
    graph(memory_rig).save({"step": 1})


@pytest.mark.parametrize("is_there", [False, True])
def test_a_session_that_is_being_deleted_is_neither_read_nor_written(
    memory_rig: Rig, is_there: bool
) -> None:
    if is_there:
        graph(memory_rig).save(BODY)
    handle = graph(memory_rig)
    handle.restore()
    memory_rig.plant(SESSION, MARKED)
    before = memory_rig.keys()
    with pytest.raises(SessionDeleted):
        graph(memory_rig).restore()
    with pytest.raises(SessionDeleted):
        graph(memory_rig).save({"step": 1})
    with pytest.raises(SessionDeleted):
        handle.restore()
    with pytest.raises(SessionDeleted):
        handle.save({"step": 1})
    assert memory_rig.keys() == before


def test_a_first_save_into_a_session_that_was_marked_meanwhile_is_taken_back(rig: Rig) -> None:
    handle = graph(rig)
    assert handle.restore() is None
    rig.plant(SESSION, MARKED)
    for _ in range(2):
        with pytest.raises(SessionDeleted):
            handle.save(BODY)
        assert rig.keys() == [SESSION]
        assert rig.body(SESSION) == MARKED
    assert handle.requests.by_verb["put"] == 2
    rig.sessions().delete("s")
    handle.save(BODY)
    assert rig.keys() == [DOCUMENT, SESSION]


def test_the_rest_of_a_session_goes_on_beside_it(rig: Rig) -> None:
    graph(rig).save(BODY)
    sessions = rig.sessions()
    sessions.open("s").append({"role": "user"})
    assert sessions.agents("s") == ("default",)
    assert sessions.info("s").foreign == sessions.stats().foreign == 0
    assert list(sessions.doctor("s")) == []
    assert [session.id for session in sessions.list()] == ["s"]


def test_a_doctor_finds_nothing_wrong_with_a_graph_alone(memory_rig: Rig) -> None:
    graph(memory_rig).save(BODY)
    assert list(memory_rig.sessions().doctor()) == []


# Ids


@pytest.mark.parametrize("name", ["..", "a/b", "new\nline", "é", "%2F", "x" * 240, "multi_agent_x"])
def test_an_id_of_any_text_round_trips(sync_rig: Rig, name: str) -> None:
    sync_rig.sessions().multi_agent(name, name).save({"id": name})
    sessions = sync_rig.sessions()
    assert sessions.multi_agents(name) == (name,)
    assert sessions.multi_agent(name, name).restore() == {"id": name}
    assert sessions.delete(name).objects == 2
    assert sync_rig.keys() == []


def test_ids_are_listed_sorted_and_those_of_others_are_not_among_them(rig: Rig) -> None:
    for name in ("b", "a", "a b"):
        rig.sessions().multi_agent("s", name).save({})
    rig.sessions().multi_agent("sa", "c").save({})
    rig.sessions().open("s", agent="d").append({})
    rig.plant("session_s/multi_agents/notes/x.txt", b"?")
    sessions = rig.sessions()
    assert sessions.multi_agents("s") == ("a", "a b", "b")
    assert sessions.requests.by_verb == {"list": 1}


@pytest.mark.parametrize(
    "name", ["", "x" * 241, "é" * 121, "/" * 81, "\ud800", None, 7], ids=lambda n: repr(n)[:12]
)
def test_an_id_that_no_key_can_hold_is_refused_before_any_request(name: str) -> None:
    sessions = Sessions("memory://")
    with pytest.raises(InvalidId):
        sessions.multi_agent("s", name)
    with pytest.raises(InvalidId):
        sessions.multi_agent(name, "g")
    assert sessions.requests.total == 0


def test_ids_that_fit_alone_but_not_together_are_refused() -> None:
    deep = Sessions("memory://")
    for _ in range(3):
        deep = deep.under("x" * 200)
    deep.multi_agent("s" * 160, "g" * 190)
    with pytest.raises(InvalidId, match="multi-agent id together make keys longer than 1024"):
        deep.multi_agent("s" * 160, "g" * 230)


@given(st.text(min_size=1, max_size=80), st.text(min_size=1, max_size=80))
def test_building_and_parsing_a_key_are_inverse(session: str, multi_agent: str) -> None:
    root = Root.of("p/q")
    try:
        key = root.session(session).multi_agent(multi_agent).document
    except InvalidId:
        return
    assert key.startswith("p/q/session_")
    assert key.count("/") == 5
    assert len(key.encode()) <= MAX_KEY_BYTES
    place = root.parse(key)
    assert place is not None
    assert (place.kind, place.session_id, place.agent_id, place.multi_agent_id) == (
        Kind.MULTI_AGENT,
        session,
        None,
        multi_agent,
    )


@given(st.text(alphabet=st.sampled_from("%/2Ff a_.é\n"), max_size=8))
def test_a_name_is_a_multi_agents_only_if_it_would_be_written_so(segment: str) -> None:
    root = Root.of("")
    key = f"session_s/multi_agents/multi_agent_{segment}/multi_agent.json"
    place = root.parse(key)
    assert place is not None
    if place.kind is Kind.MULTI_AGENT:
        assert root.session("s").multi_agent(place.multi_agent_id or "").document == key
    else:
        assert (place.kind, place.multi_agent_id) == (Kind.FOREIGN, None)
