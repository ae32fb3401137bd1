"""Purge that is killed, refused or overtaken, step by step, on a store that keeps versions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from s3sessions import SessionNotFound, Sessions, StoreUnavailable
from s3sessions.ports import ABSENT
from s3sessions.versions import VersionOutcome
from tests.dao.deleting import KillAt, KilledError
from tests.interposed import Interposed
from tests.versioned_memory import VersionedMemory, held

MESSAGE = "session_s/agents/agent_one/messages/message_{}.json"
DOCUMENT = "session_s/session.json"
MOST_REQUESTS = 60


def filled(count: int = 3) -> VersionedMemory:
    memory = VersionedMemory()
    sessions = Sessions(store=memory)
    for agent in ("one", "two"):
        chat = sessions.open("s", agent=agent)
        for n in range(count):
            chat.append({"n": n})
        chat.save_state({"step": 1})
    memory.begin_upload("session_s/agents/agent_one/upload")
    memory.begin_upload("session_sa/upload")
    sessions.open("sa").append({"n": 0})
    return memory


def left(memory: VersionedMemory, prefix: str = "session_s/") -> list[str]:
    """Everything that is there under a prefix, current or not."""
    page = memory.versions.list_versions(prefix)
    uploads = memory.versions.list_uploads(prefix).uploads
    return [version.key for version in page.versions] + [upload.key for upload in uploads]


def seen(memory: VersionedMemory, agent: str = "one") -> int:
    """How many messages a reader sees: none also where the session is not there."""
    try:
        return len(Sessions(store=memory).open("s", agent=agent).restore().messages)
    except SessionNotFound:
        return 0


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("agent", [None, "one"], ids=["session", "agent"])
def test_a_purge_killed_at_any_request_is_run_again_and_ends(
    agent: str | None, after: bool
) -> None:
    for request in range(1, MOST_REQUESTS):
        memory = filled()
        store = Interposed(memory, KillAt(request, after=after))
        try:
            Sessions(store=store).purge("s", agent=agent)
        except KilledError:
            pass
        else:
            assert request > 12
            break
        assert seen(memory) in (0, 3), "readers see all or nothing"
        try:
            assert Sessions(store=memory).purge("s", agent=agent).complete
        except SessionNotFound:
            assert not left(memory, "session_s/agents/agent_one/")
        if agent is None:
            assert left(memory) == []
        else:
            assert left(memory, "session_s/agents/agent_one/") == []
            assert seen(memory, "two") == 3
        assert len(left(memory, "session_sa/")) == 4
    else:
        pytest.fail("the purge never ended")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_purge_brings_nothing_back_however_it_is_killed(after: bool) -> None:
    for request in range(1, MOST_REQUESTS):
        memory = filled()
        Sessions(store=memory).delete("s")
        try:
            Sessions(store=Interposed(memory, KillAt(request, after=after))).purge("s")
        except KilledError:
            assert memory.list("session_s/").entries == []
        else:
            break
    else:
        pytest.fail("the purge never ended")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_an_answer_lost_at_any_request_is_an_error_and_the_next_purge_ends(after: bool) -> None:
    for request in range(1, MOST_REQUESTS):
        memory = filled()
        lose = KillAt(request, after=after, error=StoreUnavailable("no answer"))
        try:
            Sessions(store=Interposed(memory, lose)).purge("s")
        except StoreUnavailable:
            pass
        else:
            break
        with suppress(SessionNotFound):
            assert Sessions(store=memory).purge("s").complete
        assert left(memory) == []
    else:
        pytest.fail("the purge never ended")


def test_the_session_document_s_own_versions_go_last() -> None:
    memory = filled()
    others: list[bool] = []

    def watch(verb: str, key: str, call: Callable[[], Any]) -> Any:
        before = left(memory)
        result = call()
        if verb == "delete_versions" and before.count(DOCUMENT) != left(memory).count(DOCUMENT):
            others.append(set(before) != {DOCUMENT})
        return result

    Sessions(store=Interposed(memory, watch)).purge("s")
    assert others == [False, False]


def test_a_marker_stays_while_a_version_under_it_is_held() -> None:
    memory = filled()
    memory.kept.refusals[MESSAGE.format(1)] = held(MESSAGE.format(1))
    sessions = Sessions(store=memory)
    receipt = sessions.purge("s")
    assert not receipt.complete
    assert sessions.requests.by_verb["list_versions"] == 2, "what is refused is asked for once"
    assert {key for key, _, _ in receipt.left} == {MESSAGE.format(1)}
    assert sorted(reason for _, _, reason in receipt.left) == [
        "kept: without it the version under it would be current again",
        "version is held by a legal hold",
    ]
    assert memory.list("session_s/").entries == []
    memory.kept.refusals.clear()
    receipt = Sessions(store=memory).purge("s")
    assert (receipt.complete, receipt.objects, receipt.versions, receipt.markers) == (True, 0, 1, 1)
    assert left(memory) == []


def test_what_is_written_meanwhile_is_reported_and_never_touched() -> None:
    memory = filled()
    late = Sessions(store=memory).open("s", agent="one")
    late.restore()
    pending = [True]

    def write(verb: str, key: str, call: Callable[[], Any]) -> Any:
        result = call()
        if verb == "list_versions" and pending:
            pending.clear()
            late.append({"n": "from a warm handle"})
            Sessions(store=memory).open("s", agent="three").append({"n": "new life"})
        return result

    receipt = Sessions(store=Interposed(memory, write)).purge("s")
    current = {entry.key for entry in memory.list("session_s/").entries}
    assert {key for key, _, _ in receipt.left} == current
    assert all("purge again" in reason for _, _, reason in receipt.left)
    assert Sessions(store=memory).open("s", agent="three").restore().payloads == [{"n": "new life"}]
    assert Sessions(store=memory).purge("s").complete
    assert left(memory) == []


@pytest.mark.parametrize(("times", "complete"), [(2, True), (1000, False)])
def test_what_the_store_cannot_do_now_is_tried_again_and_then_reported(
    times: int, complete: bool
) -> None:
    memory = filled()
    spared = MESSAGE.format(1)
    refusals = iter([StoreUnavailable("slow down")] * times)

    def spare(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "delete_versions":
            memory.kept.refusals[spared] = error = next(refusals, None)
            if error is None:
                memory.kept.refusals.clear()
        return call()

    receipt = Sessions(store=Interposed(memory, spare)).purge("s")
    assert receipt.complete is complete
    assert [(key, reason) for key, _, reason in receipt.left] == (
        []
        if complete
        else [
            (spared, "kept: without it the version under it would be current again"),
            (spared, "slow down"),
        ]
    )


def test_a_version_that_is_gone_though_its_answer_was_an_error_holds_nothing_back() -> None:
    memory = filled()

    def lose(verb: str, key: str, call: Callable[[], Any]) -> Any:
        outcomes = call()
        if verb != "delete_versions":
            return outcomes
        error = StoreUnavailable("no answer")
        return [VersionOutcome(o.key, o.version_id, error) for o in outcomes]

    assert Sessions(store=Interposed(memory, lose)).purge("s").complete
    assert left(memory) == []


def test_a_store_that_keeps_listing_what_it_erased_is_not_believed() -> None:
    memory = filled()

    def forget(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "abort_upload":
            return None
        return call()

    receipt = Sessions(store=Interposed(memory, forget)).purge("s")
    assert [(key, reason) for key, _, reason in receipt.left] == [
        ("session_s/agents/agent_one/upload", "this upload is listed still")
    ]
    assert not receipt.complete


def test_what_a_marker_alone_is_left_of_is_purged_and_then_nothing_is_there() -> None:
    memory = VersionedMemory()
    memory.put("session_s/x", b"foreign", only_if=ABSENT)
    memory.delete("session_s/x")
    for version in memory.versions.list_versions("session_s/").versions:
        if not version.is_marker:
            memory.kept.versions["session_s/x"] = memory.kept.versions["session_s/x"][1:]
    assert Sessions(store=memory).purge("s").markers == 1
    with pytest.raises(SessionNotFound):
        Sessions(store=memory).purge("s")


def test_of_two_purges_at_once_both_end() -> None:
    memory = filled()

    def purge() -> None:
        with suppress(SessionNotFound):
            Sessions(store=memory).purge("s")

    for request in range(1, MOST_REQUESTS):
        memory = filled()
        other = KillAt(request, after=False, instead=purge)
        with suppress(SessionNotFound):
            assert Sessions(store=Interposed(memory, other)).purge("s").complete
        assert left(memory) == []
        if not other.struck:
            return
    pytest.fail("the purge never ended")
