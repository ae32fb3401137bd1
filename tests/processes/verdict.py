"""What must hold of a history that many have written, however their work went."""

from __future__ import annotations

from collections import defaultdict

from s3sessions import History, Message
from tests.processes.crew import Crew


def check_every_acknowledged_message(crew: Crew, history: History) -> None:
    """Each is there once, at the index that its writer was told, in its writer's own order."""
    found: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
    for append in appends_of(history):
        first = append[0].payload
        found[first["writer"]].append((first["n"], [message.index for message in append]))
    for member in crew.members:
        told = [(append.n, append.indexes) for append in member.acknowledged]
        assert found[member.writer] == told, f"writer {member.writer}"
    write_ids = [message.write_id for message in history.messages]
    assert len(set(write_ids)) == len(write_ids)


def check_dense(history: History) -> None:
    """No index is left out."""
    assert history.holes == ()
    assert [m.index for m in history.messages] == list(range(len(history.messages)))


def check_each_extends_what_it_had_seen(history: History) -> None:
    """The message before each is the one that its writer had seen last."""
    seen = [message.payload["after"] for message in history.messages]
    assert seen == [None, *(message.write_id for message in history.messages[:-1])]


def appends_of(history: History) -> list[list[Message]]:
    """Cut a history into appends; a batch must stand together, whole and in order."""
    appends: list[list[Message]] = []
    for message in history.messages:
        if message.payload.get("position", 0) == 0:
            appends.append([message])
        else:
            appends[-1].append(message)
    for append in appends:
        first = append[0].payload
        for at, message in enumerate(append):
            assert message.payload == ({**first, "position": at} if len(append) > 1 else first)
        assert len(append) == first.get("of", 1)
    return appends
