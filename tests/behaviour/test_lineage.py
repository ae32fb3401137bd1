"""Forks: what a child begins with, that it shares nothing, and what finds it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from s3sessions import (
    AlreadyExists,
    AmbiguousAgent,
    Child,
    InvalidId,
    InvalidMessage,
    InvalidSettings,
    SessionNotFound,
    Sessions,
)
from tests.rig import Rig

SUMMARY = {"role": "user", "content": "we fixed the lamp"}
KEPT = {"role": "assistant", "content": "anything else?"}


def speak(rig: Rig, session_id: str, count: int = 3, **details: Any) -> Any:
    chat = rig.sessions().open(session_id, **details)
    for n in range(count):
        chat.append({"n": n})
    return chat


def payloads(rig: Rig, session_id: str, agent: str = "default") -> list[Any]:
    found: list[Any] = rig.sessions().open(session_id, agent=agent).restore().payloads
    return found


def under(rig: Rig, session_id: str) -> dict[str, bytes]:
    return {key: rig.body(key) for key in rig.keys() if key.startswith(f"session_{session_id}/")}


# What a child begins with


def test_a_branch_begins_with_what_was_said_and_shares_nothing(rig: Rig) -> None:
    chat = speak(rig, "p", title="A lamp", user="anna", tags=["refund"], metadata={"desk": [3]})
    chat.append({"picture": b"\x00png"}, write_id="event-1")
    chat.save_state({"step": {"at": 3}})
    rig.sessions().open("p", agent="two", agent_metadata={"tool": "x"}).append({"of": "two"})
    before = under(rig, "p")
    child = rig.sessions().fork("p", "c")
    assert child == "c"
    history = rig.sessions().open("c").restore()
    assert history.payloads == [{"n": 0}, {"n": 1}, {"n": 2}, {"picture": b"\x00png"}]
    assert (history.state, history.missing, history.holes) == ({"step": {"at": 3}}, (), ())
    assert payloads(rig, "c", "two") == [{"of": "two"}]
    assert rig.sessions().open("c", agent="two").restore().metadata == {"tool": "x"}
    info = rig.sessions().info("c")
    assert (info.parent, info.title, info.user, info.tags) == ("p", "A lamp", "anna", ("refund",))
    assert info.metadata == {"desk": [3]}
    # Each goes on by itself.
    rig.sessions().open("c").append({"to": "the child"})
    rig.sessions().open("c").save_state({"step": {"at": 9}})
    rig.sessions().describe("c", title="Another lamp")
    after = under(rig, "p")
    marker = "session_p/children/branch_c.json"
    assert {key: body for key, body in after.items() if key != marker} == before
    chat.append({"to": "the parent"})
    assert len(payloads(rig, "c")) == 5
    assert [child.id for child in rig.sessions().children("p")] == ["c"]


def test_a_branch_numbers_anew_and_keeps_who_wrote_when_but_not_what_it_cost(
    memory_rig: Rig,
) -> None:
    chat = memory_rig.sessions().open("p")
    then = datetime(2024, 5, 1, tzinfo=UTC)
    chat.append({"n": "removed"})
    first = chat.append({"n": 0}, created_at=then, usage={"inputTokens": 12})
    chat.append_many([{"n": 1}, {"n": 2}], usage=[{"cost": 0.5}, None])
    secret = chat.append({"content": "secret"})
    chat.append({"n": 4}, status="partial")
    chat.remove(0)
    chat.redact(secret.index)
    memory_rig.sessions().fork("p", "c")
    history = memory_rig.sessions().open("c").restore()
    messages = history.messages
    assert [message.index for message in messages] == [0, 1, 2, 3, 4]
    assert messages[0].write_id == first.write_id
    assert messages[0].created_at == then
    assert [m.batch for m in messages] == [None] * 5
    assert [m.usage for m in messages] == [None] * 5
    assert history.usage == {}
    assert messages[3].redacted_at is not None
    assert messages[4].status == "partial"
    assert not any(b"secret" in body for body in under(memory_rig, "c").values())
    # The child goes on where it ends.
    assert memory_rig.sessions().open("c").append({"n": 5}).index == 5


def test_a_branch_until_an_index_ends_below_it_and_cuts_no_batch(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("p")
    chat.append({"n": 0})
    chat.append_many([{"n": 1}, {"n": 2}])
    chat.append({"n": 3})
    sessions = memory_rig.sessions()
    for until, expected in ((0, []), (1, [0]), (2, [0, 1, 2]), (3, [0, 1, 2]), (99, [0, 1, 2, 3])):
        child = sessions.fork("p", f"c{until}", until=until)
        assert [m["n"] for m in payloads(memory_rig, child)] == expected


def test_a_branch_of_one_agent_leaves_the_others_behind(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 2)
    memory_rig.sessions().open("p", agent="two").append({"of": "two"})
    sessions = memory_rig.sessions()
    sessions.fork("p", "c", agent="two")
    assert sessions.agents("c") == ("two",)
    with pytest.raises(AmbiguousAgent) as caught:
        sessions.fork("p", "d", until=1)
    assert caught.value.ids == ("default", "two")
    assert sessions.fork("p", "d", until=1, agent="default") == "d"
    with pytest.raises(SessionNotFound, match="agent 'three' does not exist"):
        sessions.fork("p", "e", agent="three")
    assert {ref.id for ref in sessions.list()} == {"p", "c", "d"}


def test_a_branch_of_a_summarised_history_begins_with_the_summary(memory_rig: Rig) -> None:
    chat = speak(memory_rig, "p", 6)
    chat.restore()
    chat.summarize("five were said", keep_last=2)
    memory_rig.sessions().fork("p", "c")
    history = memory_rig.sessions().open("c").restore()
    assert history.payloads == [{"n": 4}, {"n": 5}]
    assert (history.summary.text, history.summary.covers_to) == ("five were said", 0)
    assert [message.index for message in history.messages] == [0, 1]
    assert history.first == 0
    chat.summarize("all was said", keep_last=2)
    memory_rig.sessions().fork("p", "d")
    assert memory_rig.sessions().open("d").restore().summary.text == "all was said"
    assert memory_rig.sessions().open("c").restore().summary.text == "five were said"


def test_what_a_conversation_manager_has_removed_is_counted_anew(memory_rig: Rig) -> None:
    chat = speak(memory_rig, "p", 6)
    chat.remove(1)
    manager = {"__name__": "SlidingWindowConversationManager", "removed_message_count": 4}
    chat.save_state({}, fields={"conversation_manager_state": manager})
    memory_rig.sessions().fork("p", "c")
    memory_rig.sessions().fork("p", "d", kind="compression", messages=[SUMMARY])
    for child, removed in (("c", 3), ("d", 0)):
        fields = memory_rig.sessions().open(child).restore().agent_fields
        assert fields["conversation_manager_state"] == {**manager, "removed_message_count": removed}


def test_a_session_written_by_strands_is_forked_too(memory_rig: Rig) -> None:
    time = "2025-01-02T03:04:05.000000+00:00"
    times = {"created_at": time, "updated_at": time}
    agent = "session_p/agents/agent_a/"
    memory_rig.plant("session_p/session.json", json.dumps({"session_id": "p", **times}).encode())
    fields = {"agent_id": "a", "state": {"x": 1}, "conversation_manager_state": {}}
    memory_rig.plant(agent + "agent.json", json.dumps({**fields, **times}).encode())
    said = {"role": "user", "content": [{"text": "my secret"}]}
    redacted = {"role": "user", "content": [{"text": "[gone]"}]}
    message = {"message": said, "message_id": 0, "redact_message": redacted, **times}
    memory_rig.plant(agent + "messages/message_0.json", json.dumps(message).encode())
    memory_rig.sessions().fork("p", "c")
    history = memory_rig.sessions().open("c", agent="a").restore()
    assert history.payloads == [redacted]
    assert history.state == {"x": 1}
    assert history.messages[0].created_at == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert not any(b"my secret" in body for body in under(memory_rig, "c").values())


def test_a_compression_begins_with_its_messages_at_once_and_ends_the_parent(rig: Rig) -> None:
    chat = speak(rig, "p", title="A lamp", user="anna")
    chat.save_state({"step": 3})
    child = rig.sessions().fork("p", kind="compression", messages=[SUMMARY, KEPT])
    history = rig.sessions().open(child).restore()
    assert (history.payloads, history.state) == ([SUMMARY, KEPT], {"step": 3})
    info = rig.sessions().info("p")
    assert info.end_reason == "compression"
    assert info.messages == 3
    info = rig.sessions().info(child)
    assert (info.parent, info.title, info.user, info.ended_at) == ("p", "A lamp", "anna", None)


def test_the_first_reason_for_which_a_session_ended_stays(memory_rig: Rig) -> None:
    speak(memory_rig, "p")
    memory_rig.sessions().end("p", "solved")
    memory_rig.sessions().fork("p", "c", kind="compression", messages=[SUMMARY])
    assert memory_rig.sessions().info("p").end_reason == "solved"


def test_a_delegate_begins_with_its_messages_or_with_none(memory_rig: Rig) -> None:
    speak(memory_rig, "p", user="anna").save_state({"step": 3})
    sessions = memory_rig.sessions()
    task = {"role": "user", "content": "find the invoice"}
    sessions.fork("p", "c", kind="delegate", agent="finder", messages=[task], title="Invoice")
    assert payloads(memory_rig, "c", "finder") == [task]
    assert sessions.open("c", agent="finder").restore().state == {}
    assert (sessions.info("c").title, sessions.info("c").user) == ("Invoice", "anna")
    sessions.fork("p", "d", kind="delegate")
    assert sessions.info("d").messages == 0
    assert sessions.info("p").ended_at is None
    sessions.open("d").append({"role": "user"})
    assert payloads(memory_rig, "d") == [{"role": "user"}]


def test_an_id_is_made_for_a_child_and_details_stand_over_the_parent_s(memory_rig: Rig) -> None:
    speak(memory_rig, "p", title="A lamp", user="anna", metadata={"a": 1})
    sessions = memory_rig.sessions()
    child = sessions.fork("p", title="Another try", user=None, metadata={"b": 2})
    info = sessions.info(child)
    assert (info.title, info.user, info.metadata) == ("Another try", None, {"b": 2})
    assert child != sessions.fork("p")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kind": "copy"}, InvalidSettings),
        ({"messages": [SUMMARY]}, InvalidSettings),
        ({"kind": "compression"}, InvalidSettings),
        ({"kind": "compression", "messages": []}, InvalidSettings),
        ({"kind": "compression", "messages": [SUMMARY], "until": 1}, InvalidSettings),
        ({"kind": "delegate", "messages": [{"x": {1}}]}, InvalidMessage),
        ({"until": -1}, InvalidSettings),
        ({"until": True}, InvalidSettings),
        ({"parent": "q"}, InvalidSettings),
        ({"agent_metadata": {}}, InvalidSettings),
        ({"title": "x" * 101}, InvalidSettings),
        ({"child_id": "x" * 240, "kind": "compression", "messages": [SUMMARY]}, InvalidId),
        ({"child_id": ""}, InvalidId),
        ({"agent": "x" * 241}, InvalidId),
    ],
    ids=str,
)
def test_what_cannot_be_forked_so_is_refused_before_any_request(
    options: dict[str, Any], error: type[Exception]
) -> None:
    sessions = Sessions("memory://")
    with pytest.raises(error):
        sessions.fork("p", **options)
    assert sessions.requests.total == 0


def test_a_parent_that_is_not_there_has_no_child(memory_rig: Rig) -> None:
    with pytest.raises(SessionNotFound):
        memory_rig.sessions().fork("p", "c")
    assert memory_rig.keys() == []


def test_an_id_that_is_taken_is_not_forked_onto(memory_rig: Rig) -> None:
    speak(memory_rig, "p")
    speak(memory_rig, "taken", 1)
    sessions = memory_rig.sessions()
    sessions.fork("p", "c")
    before = {key: memory_rig.body(key) for key in memory_rig.keys()}
    for child, options in (
        ("taken", {}),
        ("p", {}),
        ("c", {"kind": "delegate"}),
    ):
        with pytest.raises(AlreadyExists):
            sessions.fork("p", child, **options)
    with pytest.raises(AlreadyExists):
        sessions.fork("taken", "c")
    memory_rig.remove("session_taken/session.json")
    before.pop("session_taken/session.json")
    with pytest.raises(AlreadyExists):
        sessions.fork("p", "taken")
    assert {key: memory_rig.body(key) for key in memory_rig.keys()} == before


def test_a_fork_that_has_ended_is_not_made_again(memory_rig: Rig) -> None:
    chat = speak(memory_rig, "p")
    memory_rig.sessions().fork("p", "c")
    memory_rig.sessions().open("c").append({"n": "child's"})
    chat.append({"n": 3})
    assert memory_rig.sessions().fork("p", "c") == "c"
    assert [m["n"] for m in payloads(memory_rig, "c")] == [0, 1, 2, "child's"]


# What finds it again


def test_children_are_listed_by_their_markers_oldest_first(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 1)
    speak(memory_rig, "p2", 1)
    sessions = memory_rig.sessions()
    for child, kind in (("z/1", "branch"), ("a", "delegate"), ("m", "compression")):
        sessions.fork("p", child, kind=kind, messages=[SUMMARY] if kind == "compression" else None)
    sessions.fork("p2", "other")
    memory_rig.plant("session_p/children/notes.txt", b"not ours")
    memory_rig.plant("session_p/children/twig_x.json", b"{}")
    found = memory_rig.sessions()
    assert [(child.id, child.kind) for child in found.children("p")] == [
        ("z/1", "branch"),
        ("a", "delegate"),
        ("m", "compression"),
    ]
    assert all(isinstance(child, Child) for child in found.children("p"))
    assert found.requests.by_verb == {"list": 2}
    assert found.children("nobody") == ()
    findings = [f.key for f in found.doctor("p") if f.kind == "foreign_object"]
    assert findings == ["session_p/children/notes.txt", "session_p/children/twig_x.json"]


def chain(rig: Rig, length: int) -> list[str]:
    speak(rig, "c0", 1)
    sessions = rig.sessions()
    for n in range(length):
        sessions.fork(f"c{n}", f"c{n + 1}", kind="compression", messages=[SUMMARY])
    return [f"c{n}" for n in range(length + 1)]


def test_a_chain_of_compressions_leads_to_its_tip(memory_rig: Rig) -> None:
    chain(memory_rig, 5)
    sessions = memory_rig.sessions()
    assert sessions.tip("c0") == "c5"
    assert sessions.requests.by_verb == {"list": 6, "get": 6}
    assert sessions.tip("c3") == "c5"
    assert sessions.tip("c5") == "c5"


def test_branches_and_delegates_are_not_followed(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 1)
    sessions = memory_rig.sessions()
    sessions.fork("p", "branch")
    sessions.fork("p", "delegate", kind="delegate", messages=[SUMMARY])
    assert sessions.tip("p") == "p"
    sessions.fork("p", "goes on", kind="compression", messages=[SUMMARY])
    sessions.fork("goes on", "aside")
    assert sessions.tip("p") == "goes on"


def test_of_several_compressions_the_newest_that_is_there_is_followed(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 1)
    sessions = memory_rig.sessions()
    for child in ("b", "a"):
        sessions.fork("p", child, kind="compression", messages=[SUMMARY])
    assert sessions.tip("p") == "a"
    # As a crash between the two would leave it: the marker stands, the child does not.
    memory_rig.remove("session_a/session.json")
    assert sessions.tip("p") == "b"
    body = memory_rig.body("session_b/session.json")
    memory_rig.plant(
        "session_b/session.json", body.replace(b'"life"', b'"unfinished":{"x":1},"life"')
    )
    assert sessions.tip("p") == "p"


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_cycle_ends_where_it_has_met_every_session(memory_rig: Rig, length: int) -> None:
    names = chain(memory_rig, length)
    memory_rig.plant(f"session_{names[-1]}/children/compression_c0.json", b"{}")
    sessions = memory_rig.sessions()
    assert sessions.tip("c0") == names[-1]
    assert sessions.resume("c0") == "c0"
    assert sessions.requests.total < 30


def test_a_chain_without_an_end_is_followed_for_a_hundred_sessions(memory_rig: Rig) -> None:
    body = b'{"session_id": "x", "session_type": "AGENT", "s3sessions": {"v": 1}}'
    for n in range(150):
        memory_rig.plant(f"session_{n}/session.json", body)
        memory_rig.plant(f"session_{n}/children/compression_{n + 1}.json", b"{}")
    assert memory_rig.sessions().tip("0") == "100"


def test_a_session_that_is_not_there_has_no_tip(memory_rig: Rig) -> None:
    for find in (memory_rig.sessions().tip, memory_rig.sessions().resume):
        with pytest.raises(SessionNotFound):
            find("nobody")


def test_resume_leads_from_an_empty_parent_to_the_child_with_messages(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    sessions.create("p")
    sessions.fork("p", "empty", kind="compression", messages=[SUMMARY])
    sessions.open("empty").remove(0)
    sessions.fork("empty", "spoken", kind="compression", messages=[SUMMARY])
    sessions.fork("spoken", "later", kind="compression", messages=[SUMMARY])
    assert sessions.resume("p") == "spoken"
    assert sessions.resume("spoken") == "spoken"
    assert sessions.tip("p") == "later"


def test_resume_of_a_session_with_messages_is_itself(memory_rig: Rig) -> None:
    speak(memory_rig, "p")
    memory_rig.sessions().fork("p", "c", kind="compression", messages=[SUMMARY])
    sessions = memory_rig.sessions()
    assert sessions.resume("p") == "p"
    assert sessions.requests.by_verb == {"list": 3, "get": 3}


def test_resume_where_nobody_has_spoken_is_the_session_itself(memory_rig: Rig) -> None:
    memory_rig.sessions().create("p")
    assert memory_rig.sessions().resume("p") == "p"


# What a deletion leaves


@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_deleting_a_parent_leaves_its_children_without_one(memory_rig: Rig, verb: str) -> None:
    speak(memory_rig, "p")
    sessions = memory_rig.sessions()
    sessions.fork("p", "b")
    sessions.fork("p", "c", kind="compression", messages=[SUMMARY])
    getattr(sessions, verb)("p")
    assert {ref.id for ref in sessions.list()} == {"b", "c"}
    for child, count in (("b", 3), ("c", 1)):
        assert sessions.info(child).parent is None
        assert len(payloads(memory_rig, child)) == count
    speak(memory_rig, "p", 1)
    assert sessions.children("p") == ()
    sessions.delete("b")
    assert payloads(memory_rig, "p") == [{"n": 0}]


@pytest.mark.parametrize("verb", ["delete", "purge"])
def test_deleting_a_child_takes_its_marker_along(memory_rig: Rig, verb: str) -> None:
    speak(memory_rig, "p")
    sessions = memory_rig.sessions()
    sessions.fork("p", "b")
    sessions.fork("p", "c", kind="compression", messages=[SUMMARY])
    before = {key: body for key, body in under(memory_rig, "p").items() if "_c.json" not in key}
    getattr(sessions, verb)("c")
    assert under(memory_rig, "p") == before
    assert sessions.tip("p") == "p"
    # The id is free for another.
    sessions.fork("p", "c")
    assert [(child.id, child.kind) for child in sessions.children("p")] == [
        ("b", "branch"),
        ("c", "branch"),
    ]


def test_deleting_an_agent_concerns_no_child(memory_rig: Rig) -> None:
    speak(memory_rig, "p")
    sessions = memory_rig.sessions()
    sessions.fork("p", "b")
    sessions.delete("p", agent="default")
    assert sessions.info("b").parent == "p"
    assert len(sessions.children("p")) == 1


def test_lineage_stays_under_its_name(memory_rig: Rig) -> None:
    tenant = memory_rig.sessions().under("tenant")
    tenant.open("p").append({"n": 0})
    tenant.fork("p", "c")
    assert [child.id for child in tenant.children("p")] == ["c"]
    assert memory_rig.sessions().children("p") == ()
    assert {ref.id for ref in tenant.list()} == {"p", "c"}


# What it costs


def test_a_fork_costs_what_it_says(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 40)

    def cost(act: Callable[[Any], object]) -> dict[str, int]:
        sessions = memory_rig.sessions()
        act(sessions)
        found: dict[str, int] = dict(sessions.requests.by_verb)
        return found

    # session.json twice, agent.json, session.json of the iteration, 40 messages.
    branch = {"list": 4, "get": 44, "put": 44}
    assert cost(lambda s: s.fork("p")) == branch
    assert cost(lambda s: s.fork("p", agent="default")) == {**branch, "list": 3}
    assert cost(lambda s: s.fork("p", "c")) == {"list": 5, "get": 45, "put": 44}
    assert cost(lambda s: s.fork("p", "c")) == {"list": 1, "get": 2}
    assert cost(lambda s: s.fork("p", kind="delegate")) == {"get": 2, "put": 3}
    compress: Callable[[Any], object] = lambda s: s.fork(  # noqa: E731
        "p", kind="compression", messages=[SUMMARY, KEPT]
    )
    assert cost(compress) == {"list": 1, "get": 4, "put": 7}
    assert cost(compress) == {"list": 1, "get": 4, "put": 6}, "it has ended already"
    assert cost(lambda s: s.children("p")) == {"list": 1}


def test_what_has_no_family_is_deleted_at_the_same_cost(memory_rig: Rig) -> None:
    speak(memory_rig, "p")
    sessions = memory_rig.sessions()
    sessions.fork("p", "c")
    alone, child, parent = memory_rig.sessions(), memory_rig.sessions(), memory_rig.sessions()
    speak(memory_rig, "alone")
    alone.delete("alone")
    child.delete("c")
    assert child.requests.by_verb == {
        **alone.requests.by_verb,
        "get": alone.requests.by_verb["get"] + 1,
        "delete": 2,
    }
    sessions.fork("p", "d")
    parent.delete("p")
    assert parent.requests.by_verb == {
        **alone.requests.by_verb,
        "get": alone.requests.by_verb["get"] + 1,
        "put": 2,
    }


def test_a_branch_is_copied_a_window_at_a_time(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 30)
    under_way = [0, 0]

    def watch(request: Any) -> None:
        if "session_c/" in request.key and "message_" in request.key:
            under_way[0] += 1
        if "session_p/" in request.key and "message_" in request.key:
            under_way[1] = max(under_way[1], 1 + request_index(request.key) - under_way[0])

    memory_rig.sessions(width=4, on_request=watch).fork("p", "c")
    assert under_way[0] == 30
    assert under_way[1] <= 8, "as many as are read at once, and those that are written"


def request_index(key: str) -> int:
    return int(key.rpartition("_")[2].removesuffix(".json"))


def test_times_of_a_fork_are_its_own(memory_rig: Rig) -> None:
    speak(memory_rig, "p", 1, created_at=datetime(2024, 1, 1, tzinfo=UTC))
    sessions = memory_rig.sessions()
    sessions.fork("p", "c")
    created = sessions.info("c").created_at
    assert datetime.now(UTC) - created < timedelta(minutes=1)
    sessions.fork("p", "d", created_at=datetime(2024, 2, 1, tzinfo=UTC))
    assert sessions.info("d").created_at == datetime(2024, 2, 1, tzinfo=UTC)
