"""What a turn promises, on every store and in both colours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from s3sessions import InvalidSettings, SessionBusy, Sessions
from tests.rig import Driven, Rig

LEASE = "session_s/agents/agent_default/lease.json"


@contextmanager
def turn(chat: Any, **arguments: float) -> Iterator[Any]:
    """A turn of either colour, in blocking code."""
    made = chat.turn(**arguments)
    if not isinstance(chat, Driven):
        with made as begun:
            yield begun
        return
    run = chat._runner.run
    begun = run(made.__aenter__())
    try:
        yield begun
    except BaseException as error:
        run(made.__aexit__(type(error), error, error.__traceback__))
        raise
    run(made.__aexit__(None, None, None))


def test_a_second_invocation_is_told_who_has_the_turn_and_for_how_long(rig: Rig) -> None:
    with turn(rig.sessions().open("s"), lease=30) as held:
        second = rig.sessions().open("s")
        busy = pytest.raises(SessionBusy, match="another invocation has the turn")
        with busy as caught, turn(second):
            pytest.fail("two have the turn")
        assert caught.value.holder == held.holder
        assert 0 < caught.value.seconds_left <= 30
        assert caught.value.key is not None
        assert caught.value.key.endswith(LEASE)
    with turn(second) as taken:
        assert taken.holder != held.holder


def test_a_turn_costs_one_put_and_one_delete(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    with turn(chat) as held:
        assert chat.requests.by_verb == {"put": 1}
        chat.append({"n": 0})
        chat.append({"n": 1})
        before = chat.requests.by_verb
    assert chat.requests.by_verb == {**before, "delete": 1}
    assert before == {"put": 1 + 4, "list": 1, "get": 1}
    assert not held.lost
    assert LEASE not in rig.keys()


def test_a_turn_in_which_nobody_spoke_leaves_nothing_behind(rig: Rig) -> None:
    with turn(rig.sessions().open("s")):
        assert rig.keys() == [LEASE]
    assert rig.keys() == []


def test_a_turn_is_given_back_when_its_body_fails(rig: Rig) -> None:
    with pytest.raises(ZeroDivisionError), turn(rig.sessions().open("s")):
        raise ZeroDivisionError
    assert LEASE not in rig.keys()


def test_a_turn_is_of_one_agent(memory_rig: Rig) -> None:
    sessions = memory_rig.sessions()
    with turn(sessions.open("s", agent="a")), turn(sessions.open("s", agent="b")):
        assert len(memory_rig.keys()) == 2


def test_a_handle_has_one_turn_at_a_time_and_as_many_as_it_likes(memory_rig: Rig) -> None:
    chat = memory_rig.sessions().open("s")
    holders = set()
    for _ in range(3):
        with turn(chat) as held:
            holders.add(held.holder)
            with pytest.raises(InvalidSettings, match="in a turn already"), turn(chat):
                pytest.fail("a turn in a turn")
            assert LEASE in memory_rig.keys()
    assert len(holders) == 3


@pytest.mark.parametrize(
    "arguments",
    [{"lease": 0}, {"lease": -1}, {"wait": -1}, {"wait": float("inf")}, {"lease": float("nan")},
     {"wait": True}, {"lease": "60"}],
)  # fmt: skip
def test_times_that_cannot_work_are_refused_before_any_request(
    memory_rig: Rig, arguments: dict[str, Any]
) -> None:
    chat = memory_rig.sessions().open("s")
    with pytest.raises(InvalidSettings, match="wait=|lease="):
        chat.turn(**arguments)
    assert chat.requests.total == 0


def test_the_lease_says_who_since_when_and_until_when(memory_rig: Rig) -> None:
    clock = 1_800_000_000.0
    with turn(memory_rig.sessions(clock=lambda: clock).open("s"), lease=20) as held:
        body = json.loads(memory_rig.body(LEASE))
        assert body == {
            "holder": held.holder,
            "taken_at": "2027-01-15T08:00:00.000000+00:00",
            "expires_at": "2027-01-15T08:00:20.000000+00:00",
            "s3sessions": {"v": 1},
        }
        assert held.expires_at == datetime(2027, 1, 15, 8, 0, 20, tzinfo=UTC)


def test_those_who_ignore_turns_lose_nothing_and_are_not_held_up(rig: Rig) -> None:
    chat = rig.sessions().open("s")
    with turn(chat):
        chat.append({"n": 0})
        rig.sessions().open("s").append({"n": 1})
        chat.append({"n": 2})
    assert [p["n"] for p in rig.sessions().open("s").restore().payloads] == [0, 1, 2]


def test_a_lease_is_nobodys_message_and_goes_with_its_session(rig: Rig) -> None:
    sessions = rig.sessions()
    chat = sessions.open("s")
    chat.append({"n": 0})
    with turn(sessions.open("s")) as held:
        history = rig.sessions().open("s").restore()
        assert (len(history.messages), history.foreign, history.corrupt) == (1, 0, ())
        assert sessions.info("s").messages == 1
        sessions.delete("s")
        assert rig.keys() == []
    assert not held.lost
    assert rig.keys() == []


HOLDER = """
import sys
from s3sessions import Sessions
chat = Sessions(sys.argv[1]).open("s")
with chat.turn(lease=float(sys.argv[2])) as turn:
    chat.append({"n": 0})
    print(turn.holder, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("ending", ["kill", "end"])
def test_a_turn_of_another_process_is_waited_for_and_taken_over_after_a_crash(
    tmp_path: Path, ending: str
) -> None:
    url = f"file://{tmp_path}/sessions"
    lease = "1.5" if ending == "kill" else "60"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url, lease],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        name = holder.stdout.readline().strip()
        chat = Sessions(url).open("s")
        with pytest.raises(SessionBusy) as caught:
            chat.turn().__enter__()
        assert caught.value.holder == name
        if ending == "kill":
            holder.kill()
        else:
            holder.stdin.close()
        with chat.turn(wait=30) as taken:
            assert taken.holder != name
            assert chat.append({"n": 1}).index == 1
