"""An import that was cut off, at any request and in any way, is run again and ends the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s3sessions import AccessDenied, Sessions, StoreUnavailable
from s3sessions.export import ImportProgress, import_conversations
from s3sessions.export.conversation import Conversation
from s3sessions.export.resume import Placement
from s3sessions.ports import Request
from s3sessions.stores.memory import MemoryStore
from tests.export.endings import Killed, breaks_down, dies_after, dies_before
from tests.export.places import (
    CONVERSATIONS,
    LOG_RECORDS,
    counts,
    exported,
    objects,
    still,
    talk,
    texts,
    written,
)
from tests.interposed import Hook, Interposed


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A session of two agents, one of a single message, and an export with times and a state."""
    sessions = Sessions(store=MemoryStore())
    sessions.open("exported", title="T", metadata={"k": b"\x00"}).append({"n": 1})
    sessions.open("exported").append({"n": 2})
    sessions.open("exported").save_state({"step": 2})
    export = exported(sessions, tmp_path)
    rows = [
        talk("two", "a", "b", agent_id="main", created_at="2024-05-01"),
        talk("two", "c", agent_id="sub"),
        talk("two", "d", agent_id="main"),
        talk("one", "x", source="o/r"),
    ]
    return [written(tmp_path, *rows), export]


def outcome(files: list[Path]) -> dict[str, bytes]:
    store = MemoryStore()
    import_conversations(still(store), files, width=1)
    return objects(store)


@pytest.mark.parametrize("end", [dies_before, dies_after, breaks_down])
@pytest.mark.parametrize("cuts", [1, 2])
def test_an_import_cut_off_at_any_request_and_run_again_ends_with_the_same_objects(
    files: list[Path], end: Callable[[int], Hook], cuts: int
) -> None:
    expected = outcome(files)
    number = 0
    while True:
        number += 1
        store = MemoryStore()
        ended_early = False
        for _ in range(cuts):
            try:
                import_conversations(still(Interposed(store, end(number))), files, width=1)
            except (Killed, StoreUnavailable):
                ended_early = True
        if not ended_early:
            break
        report = import_conversations(still(store), files, width=1)
        assert report.failures == ()
        assert objects(store) == expected, f"cut at request {number}"
    assert number > 25


def test_an_answer_to_a_message_that_is_lost_once_is_no_reason_to_stop(files: list[Path]) -> None:
    expected = outcome(files)
    total = 0
    number = 0
    while number <= total:
        number += 1
        seen: list[str] = []

        def lose_one(verb: str, key: str, call: Callable[[], Any]) -> Any:
            seen.append(key)  # noqa: B023
            result = call()
            if len(seen) == number and verb == "put" and "/messages/" in key:  # noqa: B023
                raise StoreUnavailable("answer was lost", key=key)
            return result

        store = MemoryStore()
        report = import_conversations(still(Interposed(store, lose_one)), files, width=1)
        import_conversations(still(store), files, width=1)
        total = len(seen)
        assert report.failures == ()
        assert objects(store) == expected, f"answer {number} was lost"
    assert number > 25


def test_an_error_of_the_whole_store_stops_the_import(files: list[Path]) -> None:
    def deny(verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == "put":
            raise AccessDenied("may not write", key=key, action="s3:PutObject")
        return call()

    store = MemoryStore()
    with pytest.raises(AccessDenied, match="may not write"):
        import_conversations(still(Interposed(store, deny)), files)
    assert objects(store) == {}


def test_a_conversation_that_is_given_up_stops_after_the_message_at_hand() -> None:
    stop = threading.Event()

    def give_up(request: Request) -> None:
        if request.key.endswith("message_2.json"):
            stop.set()

    sessions = Sessions(store=MemoryStore(), on_request=give_up)
    messages = [{"n": n} for n in range(100)]
    placement = Placement(sessions, Conversation("s", "default", messages), stop)
    placement.run()
    assert placement.written == 3
    assert sessions.open("s").restore().payloads == messages[:3]


def test_an_interruption_ends_all_threads_and_leaves_what_can_be_completed(tmp_path: Path) -> None:
    rows = [talk(f"s{n}", *map(str, range(20))) for n in range(40)]
    path = written(tmp_path, *rows)
    store = MemoryStore()
    before = threading.active_count()

    def interrupt(progress: ImportProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_conversations(Sessions(store=store), [path], width=2, on_progress=interrupt)
    assert threading.active_count() == before
    assert 20 <= len(objects(store)) <= 4 * 22
    sessions = Sessions(store=store)
    import_conversations(sessions, [path])
    assert all(texts(sessions, f"s{n}") == [str(m) for m in range(20)] for n in range(40))


def test_an_import_reads_no_further_where_the_store_fails(tmp_path: Path) -> None:
    asked: set[str] = set()

    def fail(verb: str, key: str, call: Callable[[], Any]) -> Any:
        asked.add(key.split("/")[0])
        raise StoreUnavailable("no answer", key=key)

    path = written(tmp_path, *(talk(f"s{n}", "x") for n in range(1_000)))
    with pytest.raises(StoreUnavailable):
        import_conversations(still(Interposed(MemoryStore(), fail)), [path], width=4)
    assert 1 <= len(asked) <= 2 * 4


CHILD = """
import sys
from s3sessions import Sessions
from s3sessions.export import import_conversations
import_conversations(
    Sessions(sys.argv[1]), sys.argv[2:], width=4, on_progress=lambda p: print(p, flush=True)
)
"""


@pytest.mark.parametrize("number", [1, 4, 9])
def test_a_killed_process_leaves_nothing_that_the_next_does_not_complete(
    tmp_path: Path, number: int
) -> None:
    url = f"file://{tmp_path}/sessions"
    paths = [str(CONVERSATIONS), str(LOG_RECORDS)]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, url, *paths], stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        for _ in range(number):
            assert child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
    whole = f"file://{tmp_path}/whole"
    with Sessions(url) as sessions, Sessions(whole) as others:
        import_conversations(sessions, paths)
        import_conversations(others, paths)
        assert counts(import_conversations(sessions, paths))["written"] == 0
        assert sessions.stats().messages == 101
        for ref in others.list():
            for agent in others.agents(ref.id):
                mine, theirs = (s.open(ref.id, agent).restore() for s in (sessions, others))
                assert mine.payloads == theirs.payloads
                assert mine.metadata == theirs.metadata
                assert [m.write_id for m in mine.messages] == [m.write_id for m in theirs.messages]
            assert sessions.agents(ref.id) == others.agents(ref.id)
