"""What each verb costs: the contract, counted at the wire between a real SDK and a server.

The same figures are what the port's own counter tells on a store without a wire.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.behaviour.counting import Counted
from tests.rig import Rig


def test_constructors_and_open_ask_nothing(counted: Counted) -> None:
    def act(sessions: Any) -> None:
        for n in range(100):
            sessions.under("tenant").open(f"s{n}", title="T")

    assert counted.cost(act) == {}


def test_the_first_append_of_a_new_session_is_one_list_one_get_and_three_puts(
    counted: Counted,
) -> None:
    assert counted.cost(lambda s: s.open("s").append({})) == {"list": 1, "get": 1, "put": 3}


def test_an_append_by_a_fresh_handle_is_one_list_one_get_and_one_put(counted: Counted) -> None:
    counted.fill(2)
    assert counted.cost(lambda s: s.open("s").append({})) == {"list": 1, "get": 1, "put": 1}


@pytest.mark.parametrize("length", [1, 12])
def test_an_append_by_a_handle_that_knows_its_tail_is_one_put(
    counted: Counted, length: int
) -> None:
    counted.fill(length)
    sessions = counted.rig.sessions()
    fresh, restored = sessions.open("s"), sessions.open("s")
    fresh.append({})
    restored.restore()
    assert counted.cost(lambda _: restored.append({}), sessions) == {"put": 1}
    assert counted.cost(lambda _: restored.append({}, write_id="w"), sessions) == {"put": 1}


def test_a_restore_is_one_list_and_one_get_for_each_object(counted: Counted) -> None:
    counted.fill(7)
    documents = 2
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 1, "get": 7 + documents}
    assert counted.cost(lambda s: s.open("s").restore(last=3)) == {"list": 1, "get": 3 + documents}
    assert counted.cost(lambda s: list(s.open("s").iterate())) == {"list": 1, "get": 7 + 1}


def test_a_restore_from_a_start_is_one_get_for_each_object_from_there_on(counted: Counted) -> None:
    counted.fill(7)
    counted.rig.sessions().open("s").save_state({}, fields={"window": 4})
    documents = 2
    expected = {"list": 1, "get": 3 + documents}
    assert counted.cost(lambda s: s.open("s").restore(start=4)) == expected
    told = counted.cost(lambda s: s.open("s").restore(start=lambda fields: fields["window"]))
    assert told == expected
    nowhere = {"list": 1, "get": 2}
    assert counted.cost(lambda s: s.open("new").restore(start=lambda fields: 0)) == nowhere


def test_a_restore_of_what_nobody_spoke_in_is_one_list_and_one_get(counted: Counted) -> None:
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 1, "get": 1}


def test_the_first_append_after_an_empty_restore_is_three_puts(counted: Counted) -> None:
    sessions = counted.rig.sessions()
    chat = sessions.open("s")
    chat.restore()
    assert counted.cost(lambda _: chat.append({}), sessions) == {"put": 3}


def test_a_state_costs_a_put_when_it_changes_and_nothing_when_not(counted: Counted) -> None:
    counted.fill(1)
    sessions = counted.rig.sessions()
    chat = sessions.open("s")
    assert counted.cost(lambda _: chat.save_state({"a": 1}), sessions) == {"get": 2, "put": 1}
    assert counted.cost(lambda _: chat.save_state({"a": 1}), sessions) == {}
    assert counted.cost(lambda _: chat.save_state({"a": 2}), sessions) == {"put": 1}
    assert counted.cost(lambda _: chat.save_state({"a": 2}, fields={"f": 1}), sessions) == {
        "put": 1
    }
    assert counted.cost(lambda _: chat.save_state({}, fields={"f": 1}), sessions) == {}
    new = sessions.open("new")
    assert counted.cost(lambda _: new.save_state({"a": 1}), sessions) == {"get": 2, "put": 2}


def test_what_an_agent_begins_with_costs_no_request_of_its_own(counted: Counted) -> None:
    sessions = counted.rig.sessions()
    chat = sessions.open("s", agent_fields=lambda: {"state": {"a": 1}, "f": 1})
    first = {"list": 1, "get": 1, "put": 3}
    assert counted.cost(lambda _: chat.append({}), sessions) == first
    assert counted.cost(lambda _: chat.save_state({"a": 1}, fields={"f": 1}), sessions) == {}


def test_reading_one_message_is_one_get(counted: Counted) -> None:
    counted.fill(3)
    assert counted.cost(lambda s: s.open("s").read(1)) == {"get": 1}


def test_looking_at_sessions_is_lists_and_no_get_but_of_documents(counted: Counted) -> None:
    for name in ("a", "b", "bc"):
        counted.fill(2, name)
    assert counted.cost(lambda s: list(s.list())) == {"list": 1}
    assert counted.cost(lambda s: s.agents("a")) == {"list": 1}
    assert counted.cost(lambda s: s.stats()) == {"list": 1}
    assert counted.cost(lambda s: s.sizes()) == {"list": 1}
    assert counted.cost(lambda s: s.info("a")) == {"list": 1, "get": 1}
    assert counted.cost(lambda s: s.resolve("a")) == {"list": 1}
    assert counted.cost(lambda s: s.latest()) == {"list": 1, "get": 2}


def test_creating_a_session_is_one_put(counted: Counted) -> None:
    assert counted.cost(lambda s: s.create("s")) == {"put": 1}


def test_deleting_a_small_session_is_nine_requests_whatever_it_holds(counted: Counted) -> None:
    counted.fill(10)
    assert counted.cost(lambda s: s.delete("s")) == {
        "get": 3,
        "put": 1,
        "list": 2,
        "delete_many": 1,
        "delete": 1,
    }


def test_describing_and_ending_a_session_is_one_get_and_one_put(counted: Counted) -> None:
    counted.fill(2)
    changed = {"get": 1, "put": 1}
    assert counted.cost(lambda s: s.describe("s", title="A lamp", tags=["vip"])) == changed
    assert counted.cost(lambda s: s.describe("s", title="A lamp")) == {"get": 1}
    assert counted.cost(lambda s: s.end("s", "solved")) == changed
    assert counted.cost(lambda s: s.end("s", "again")) == {"get": 1}
    assert counted.cost(lambda s: s.reopen("s")) == changed


def test_forks_cost_a_put_for_each_object_and_are_found_by_one_list(counted: Counted) -> None:
    counted.fill(3)
    documents, markers = 3, 1
    assert counted.cost(lambda s: s.fork("s", agent="default")) == {
        "list": 3,
        "get": 3 + 4,
        "put": 3 + documents + markers,
    }
    assert counted.cost(lambda s: s.children("s")) == {"list": 1}
    assert counted.cost(lambda s: s.tip("s")) == {"list": 1, "get": 1}


def test_a_page_of_sessions_is_a_list_and_two_gets_for_each(counted: Counted) -> None:
    for name in ("a", "b", "c"):
        counted.fill(1, name)
        counted.rig.sessions().open(name).append({"role": "user", "content": "hello"})
    assert counted.cost(lambda s: s.browse(limit=2)) == {"list": 1, "get": 2 * 3}, "no text first"
    assert counted.cost(lambda s: s.browse(user="nobody")) == {"list": 1, "get": 3}


def test_long_histories_cost_a_list_for_each_thousand_and_two_that_go_out_beside_them(
    memory_rig: Rig,
) -> None:
    counted = Counted(memory_rig, None)
    counted.fill(2_500)
    # agent.json is listed with the messages: 2,501 keys. Documents are asked for before the list
    # has come to its end, history.json too, which is not there.
    documents = 3
    assert counted.cost(lambda s: s.open("s").restore()) == {"list": 5, "get": 2_500 + documents}
    assert counted.cost(lambda s: s.open("s").restore(last=50)) == {
        "list": 5,
        "get": 50 + documents,
    }
    assert counted.cost(lambda s: s.open("s").append({})) == {"list": 5, "get": 1, "put": 1}
    assert counted.cost(lambda s: s.stats()) == {"list": 3}
    assert counted.cost(lambda s: s.delete("s")) == {
        "get": 4,
        "put": 1,
        "list": 6,
        "delete_many": 3,
        "delete": 1,
    }


def test_two_thousand_five_hundred_sessions_are_listed_in_three_requests(memory_rig: Rig) -> None:
    for n in range(2_500):
        memory_rig.plant(f"session_{n}/session.json", b"{}")
    counted = Counted(memory_rig, None)
    assert counted.cost(lambda s: list(s.list())) == {"list": 3}


def test_a_thousand_messages_of_a_kilobyte_are_a_thousand_puts_of_little_more(
    memory_rig: Rig,
) -> None:
    sessions = memory_rig.sessions()
    chat = sessions.open("s")
    for _ in range(1_000):
        chat.append({"role": "user", "content": "x" * 1_000})
    assert sessions.requests.by_verb == {"list": 1, "get": 1, "put": 1_002}
    assert chat.requests == sessions.requests
    assert sessions.requests.sent < 1_500_000


@pytest.mark.parametrize(("inits", "silent"), [(10_985, 3_564), (1_000, 568)])
def test_sessions_that_nobody_speaks_in_cost_nothing_and_do_not_exist(
    memory_rig: Rig, inits: int, silent: int
) -> None:
    sessions = memory_rig.sessions()
    unused = 0
    for n in range(inits):
        chat = sessions.open(f"session-{n}", user="u", title="T")
        if n * silent % inits < silent:
            unused += 1
            assert chat.requests.total == 0
        else:
            chat.append({"role": "user", "content": "hello"})
    assert unused == silent
    stats = sessions.stats()
    spoken = inits - silent
    assert (stats.sessions, stats.empty, stats.messages) == (spoken, 0, spoken)
    assert sessions.requests.by_verb["put"] == 3 * spoken
