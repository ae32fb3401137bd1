"""What each role does, with every verb that it is there for; each scene has a prefix of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from s3sessions import Conflict, PruneOutcome, SessionDeleted, Sessions
from s3sessions.export import (
    export_anthropic,
    export_conversations,
    export_markdown,
    export_openai,
    export_strands,
    import_conversations,
)
from s3sessions.ports import Request
from s3sessions.settings import Settings
from tests.servers.s3_server import S3Server

USER: Final = {"role": "user", "content": "hello"}
OLD: Final = timedelta(days=1)
MARKED: Final = json.dumps(
    {"session_id": "s", "s3sessions": {"v": 1, "deleted_at": "2026-11-20T09:00:00+00:00"}}
)


@dataclass(frozen=True)
class Export:
    """Where exports go.

    Attributes:
        url: of a bucket.
        endpoint_url: of its server.
        folder: for files.
    """

    url: str
    endpoint_url: str
    folder: Path


@dataclass
class Meanwhile:
    """What somebody else does right behind the first request like one, while a verb is under way.

    Attributes:
        verb: of the request.
        key: what its key ends in.
        act: what is done.
    """

    verb: str = ""
    key: str = ""
    act: Callable[[], object] | None = None

    def at(self, verb: str, key: str, act: Callable[[], object]) -> None:
        self.verb, self.key, self.act = verb, key, act

    def __call__(self, request: Request) -> None:
        if self.act is not None and request.verb == self.verb and request.key.endswith(self.key):
            act, self.act = self.act, None
            act()


@dataclass(frozen=True)
class Stage:
    """Where a scene plays, a prefix of its own.

    Attributes:
        server: behind the wire.
        bucket: on that.
        prefix: of all keys.
        sessions: of the role, on the wire.
        others: the same place, where nobody listens.
        meanwhile: what others do while the role does something.
        export: where exports go, on the wire.
    """

    server: S3Server
    bucket: str
    prefix: str
    sessions: Any
    others: Sessions
    meanwhile: Meanwhile
    export: Export

    def grow_old(self) -> None:
        """Make what moto holds here two days old."""
        for bucket in s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets.values():
            for name, key in bucket.keys.items():
                if name.startswith(self.prefix):
                    key.last_modified -= 2 * OLD


Scene: TypeAlias = Callable[[Stage], None]


def speak(stage: Stage) -> None:
    sessions = stage.sessions
    sessions.prepare()
    sessions.create("empty")
    assert sessions.prefix
    assert sessions.transport
    assert sessions.new_id()
    chat = sessions.open("s", title="A lamp", user="anna")
    chat.append(USER)
    chat.append_many([USER, USER])
    with chat.turn():
        chat.confirm([chat.append(USER)])
    history = sessions.open("s").restore(last=1)
    assert len(history.messages) == 1
    chat.restore()
    chat.save_state({"step": 1})
    stage.others.open("s").append(USER)
    assert len(chat.refresh()) == 1
    assert len(list(chat.iterate())) == 5
    assert chat.read(0).payload == USER
    assert chat.requests.total
    assert sessions.requests.total
    sessions.close()


def write_again_under_a_key(stage: Stage) -> None:
    for _ in range(2):
        stage.sessions.open("s").append(USER, write_id="request-1/0")


def change(stage: Stage) -> None:
    chat = stage.sessions.open("s")
    chat.append(USER, status="partial")
    chat.complete(0, USER)
    chat.append_many([USER, USER])
    chat.update(chat.read(1), {**USER, "n": 1})
    chat.redact(1)
    chat.redact(2)
    chat.remove(2)


def change_what_is_packed(stage: Stage) -> None:
    _talk_at_length(stage)
    assert stage.others.open("s").compact(pack=True, min_age=0).segments
    chat = stage.sessions.open("s")
    assert len(chat.restore().messages) == 101
    chat.redact(0)
    chat.remove(1)


def hide(stage: Stage) -> None:
    chat = stage.sessions.open("s")
    chat.append_many([USER] * 4)
    chat.truncate(3)
    chat.summarize("so far", keep_last=1)
    chat.replace([USER, USER])
    chat.clear()


def take_back(stage: Stage) -> None:
    chat = stage.sessions.open("s")
    said = chat.append(USER)
    stage.others.delete("s")
    late = chat.append(USER)
    with pytest.raises(SessionDeleted):
        chat.confirm([said, late])


def fork_what_is_deleted(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    stage.others.open("s").summarize("so far")
    for behind in ("session_child/session.json", "children/branch_child.json"):
        stage.meanwhile.at("put", behind, lambda: stage.others.delete("child"))
        with pytest.raises(Conflict):
            stage.sessions.fork("s", "child")


def save_what_is_deleted(stage: Stage) -> None:
    chat = stage.sessions.open("s")
    chat.append(USER)
    chat.restore()
    stage.meanwhile.at("put", "history.json", partial(_begin_to_delete, stage))
    with pytest.raises(SessionDeleted):
        chat.summarize("so far")
    stage.others.delete("s")
    graph = stage.sessions.multi_agent("s", "graph")
    assert graph.restore() is None
    _begin_to_delete(stage)
    with pytest.raises(SessionDeleted):
        graph.save({"node": 1})


def _begin_to_delete(stage: Stage) -> None:
    with stage.server.client() as s3:
        s3.put_object(Bucket=stage.bucket, Key=f"{stage.prefix}session_s/session.json", Body=MARKED)


def describe(stage: Stage) -> None:
    sessions = stage.sessions
    sessions.open("s").append(USER)
    sessions.describe("s", title="A lamp")
    sessions.end("s")
    sessions.reopen("s")
    assert sessions.info("s").messages == 1


def fork(stage: Stage) -> None:
    sessions = stage.sessions
    sessions.open("s").append(USER)
    sessions.fork("s", "branch")
    sessions.fork("s", "shorter", kind="compression", messages=[USER])
    sessions.fork("s", "task", kind="delegate")
    assert len(sessions.children("s")) == 3
    assert sessions.tip("s") == "shorter"
    assert sessions.resume("s") == "s"


def keep_a_graph(stage: Stage) -> None:
    stage.sessions.open("s").append(USER)
    graph = stage.sessions.multi_agent("s", "graph")
    graph.save({"node": 1})
    assert graph.restore() == {"node": 1}
    assert graph.requests.total


def take_in(stage: Stage) -> None:
    file = stage.export.folder / "said.jsonl"
    file.write_text(json.dumps({"id": "s", "messages": [USER, USER]}))
    for _ in range(2):
        assert not import_conversations(stage.sessions.inner, [file]).failures
    assert len(stage.others.open("s").restore().messages) == 2


def browse(stage: Stage) -> None:
    stage.others.open("s", title="A lamp").append(USER)
    stage.others.multi_agent("s", "graph").save({"node": 1})
    stage.others.fork("s", "branch")
    sessions = stage.sessions
    assert [ref.id for ref in sessions.list()] == ["branch", "s"]
    assert list(sessions.agents("s")) == ["default"]
    assert list(sessions.multi_agents("s")) == ["graph"]
    assert len(sessions.sizes()) == len(sessions.browse(usage=True, children=True)) == 2
    assert sessions.stats().sessions == 2
    assert sessions.latest().id in ("s", "branch")
    assert sessions.resolve("s") == "s"
    assert sessions.info("s").messages == 1
    assert sessions.children("s")
    assert sessions.tip("s") == sessions.resume("s") == "s"
    assert list(sessions.doctor()) == []
    assert len(list(sessions.prune(OLD, dry_run=True))) == 2


def read(stage: Stage) -> None:
    _talk_at_length(stage)
    assert stage.others.open("s").compact(pack=True, min_age=0).segments
    chat = stage.sessions.open("s")
    assert len(list(chat.iterate())) == len(chat.restore().messages) == 101
    assert chat.refresh() == []
    assert chat.read(3)
    assert stage.sessions.multi_agent("s", "graph").restore() is None
    assert not stage.sessions.open("nobody").restore(last=20).messages


def export_to_files(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    lines: list[bytes] = []
    sessions = stage.sessions.inner
    for export in (export_conversations, export_openai, export_anthropic):
        assert export(sessions, lines.append).messages == 1
    assert export_markdown(sessions, stage.export.folder / "markdown").messages == 1


def export_to_s3(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    settings = Settings.load(url=stage.export.url, endpoint_url=stage.export.endpoint_url)
    for _ in range(2):
        assert export_strands(stage.sessions.inner, settings=settings).messages == 1


def delete(stage: Stage) -> None:
    sessions = stage.others
    sessions.open("s").append(USER)
    sessions.open("s", "second").append(USER)
    sessions.fork("s", "branch")
    sessions.fork("branch", "leaf")
    stage.sessions.delete("s", agent="second")
    stage.sessions.delete("branch")
    stage.sessions.delete("s")


def pack(stage: Stage) -> None:
    _talk_at_length(stage)
    assert stage.sessions.open("s").compact(min_age=0, pack=True).segments


def compact(stage: Stage) -> None:
    others = stage.others.open("s")
    others.append_many([USER] * 3)
    others.replace([USER])
    others.append_many([USER, USER])
    others.clear()
    assert stage.sessions.open("s").compact(min_age=0).objects


def prune(stage: Stage) -> None:
    stage.others.create("empty")
    stage.others.open("s").append(USER)
    stage.grow_old()
    results = list(stage.sessions.prune(OLD, empty=True))
    assert [result.outcome for result in results] == [PruneOutcome.DELETED] * 2


def purge_by_age(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    stage.grow_old()
    (result,) = stage.sessions.prune(OLD, purge=True)
    assert result.outcome == PruneOutcome.DELETED


def sweep(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    stage.grow_old()
    assert stage.sessions.sweep(OLD).totals.deleted == 1


def purge(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    stage.others.open("s", "second").append(USER)
    with stage.server.client() as s3:
        s3.create_multipart_upload(Bucket=stage.bucket, Key=f"{stage.prefix}session_s/upload")
    assert stage.sessions.purge("s", agent="second").complete
    assert stage.sessions.purge("s").complete


def purge_what_is_held(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    key = f"{stage.prefix}session_s/agents/agent_default/messages/message_0.json"
    with stage.server.client() as s3:
        s3.put_object_legal_hold(Bucket=stage.bucket, Key=key, LegalHold={"Status": "ON"})
    assert not stage.sessions.purge("s").complete


def check(stage: Stage) -> None:
    assert stage.sessions.check().ok


def repair(stage: Stage) -> None:
    stage.others.open("s").append(USER)
    with stage.server.client() as s3:
        s3.delete_object(Bucket=stage.bucket, Key=f"{stage.prefix}session_s/session.json")
    assert [found.repaired for found in stage.sessions.doctor(repair=True)] == [True]


def _talk_at_length(stage: Stage) -> None:
    """Say enough for one block to be packed."""
    chat = stage.others.open("s")
    chat.append_many([USER] * 100)
    chat.append(USER)


WRITING: Final = (
    *(speak, write_again_under_a_key, change, change_what_is_packed, hide),
    *(take_in, take_back, save_what_is_deleted, describe, fork, keep_a_graph),
)
READING: Final = (browse, read, export_to_files)
EXPORTING: Final = (*READING, export_to_s3)
ERASING: Final = (
    *(delete, pack, compact, prune, purge_by_age, sweep, purge, purge_what_is_held, check),
)
