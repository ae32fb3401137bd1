from __future__ import annotations

import json
import shlex
from pathlib import Path

from tests.cli.commands import Run, Say


def test_the_table_has_one_line_a_session_with_the_newest_first(run: Run, say: Say) -> None:
    say("older", "one", "two")
    say("newer", "three", agent="support")
    say("newer", "four", agent="billing")
    head, *rows = run("ls").out.splitlines()
    assert head.split() == ["id", "agents", "messages", "size", "last", "active"]
    assert [row.split()[0] for row in rows] == ["newer", "older"]
    assert rows[0].split()[1:4] == ["2", "agents", "2"]
    assert rows[1].split()[1:3] == ["default", "2"]


def test_sessions_are_sorted_by_id_messages_or_bytes(run: Run, say: Say) -> None:
    say("b", "x" * 5000)
    say("a", "1", "2", "3")
    say("c", "1", "2")
    for order, expected in (("id", "abc"), ("messages", "acb"), ("bytes", "bac")):
        rows = run("ls", "--sort", order).out.splitlines()[1:]
        assert "".join(row.split()[0] for row in rows) == expected


def test_columns_stay_aligned_where_characters_are_two_columns_wide(run: Run, say: Say) -> None:
    say("父と祖父", "hello")
    say("plain id", "hello")
    rows = run("ls", "--sort", "id").out.splitlines()
    # Each of the four wide characters takes two columns but is one in the string.
    assert rows[1].index("default") == rows[0].index("agents")
    assert rows[2].index("default") == rows[0].index("agents") - 4


def test_json_is_one_document_a_line_and_nothing_else(run: Run, say: Say) -> None:
    say("one", "hello")
    say("two", "hello", "there")
    ended = run("ls", "--json", "--sort", "id")
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [(item["id"], item["agents"], item["messages"]) for item in found] == [
        ("one", ["default"], 1),
        ("two", ["default"], 2),
    ]
    assert all(item["bytes"] > 0 and item["last_active"] for item in found)


def test_an_empty_place_says_so_on_standard_error_only(run: Run, url: str) -> None:
    ended = run("ls")
    assert (ended.code, ended.out) == (0, "")
    assert url in ended.err


def test_a_limit_says_how_many_are_left(run: Run, say: Say) -> None:
    for name in "abc":
        say(name, "hello")
    ended = run("ls", "--limit", "2")
    assert len(ended.out.splitlines()) == 3
    assert "1 more" in ended.err


def test_limited_ids_say_how_to_go_on_and_going_on_gives_the_rest_once(run: Run, say: Say) -> None:
    names = {f"session {number}" for number in range(7)}
    for name in names:
        say(name, "hello")
    found, arguments = [], ["ls", "--ids", "--limit", "3"]
    while arguments:
        ended = run(*arguments)
        found += ended.out.splitlines()
        arguments = shlex.split(ended.err.partition("s3sessions ")[2])
    assert len(found) == len(names)
    assert set(found) == names


def test_ids_cost_one_list_and_no_read(run: Run, say: Say) -> None:
    for name in "abc":
        say(name, "hello")
    ended = run("ls", "--ids", "-v")
    assert ended.err.count("verb=") == 1
    assert 'verb="list"' in ended.err


def test_a_token_of_no_list_is_wrong_use(run: Run) -> None:
    assert run("ls", "--ids", "--after", "nonsense").code == 2


def test_info_shows_the_session_and_json_gives_the_same(run: Run, say: Say) -> None:
    say("order-42", "hello", "there", title="A broken lamp", user="anna")
    say("order-42", "hm", agent="billing")
    text = run("info", "order")
    assert text.code == 0
    for expected in ("order-42", "A broken lamp", "anna", "billing, 1 message", "default, 2"):
        assert expected in text.out
    document = json.loads(run("info", "order-42", "--json").out)
    assert document["title"] == "A broken lamp"
    assert document["agents"] == {"billing": 1, "default": 2}


def test_info_of_no_session_ends_with_code_3_and_of_several_with_2(run: Run, say: Say) -> None:
    say("order-42", "hello")
    say("order-43", "hello")
    assert run("info", "lamp").code == 3
    ended = run("info", "order")
    assert ended.code == 2
    assert "order-42" in ended.err


def test_info_of_an_unreadable_session_document_ends_with_code_4(
    run: Run, say: Say, tmp_path: Path
) -> None:
    say("one", "hello")
    (tmp_path / "store" / "session_one" / "session.json").write_text("{")
    ended = run("info", "one")
    assert ended.code == 4
    assert "session.json" in ended.err
    assert "messages" in ended.out


def test_stats_count_everything(run: Run, say: Say) -> None:
    say("one", "hello", "there")
    say("two", "hello", agent="support")
    document = json.loads(run("stats", "--json").out)
    assert (document["sessions"], document["agents"], document["messages"]) == (2, 2, 3)
    assert "sessions" in run("stats").out
