"""Everything that the doctor can find, planted."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from s3sessions import SessionNotFound, Sessions
from s3sessions.health import Finding, FindingKind
from tests.rig import Rig

Plant = Callable[[Rig], None]

DAY = 86_400
AGENT = "session_s/agents/agent_default/"


def spoken(rig: Rig, count: int = 3, session_id: str = "s", **options: Any) -> None:
    chat = rig.sessions().open(session_id, **options)
    for n in range(count):
        chat.append({"role": "user", "content": f"text {n}"})


def diagnosed(rig: Rig, *, repair: bool = False, session_id: str | None = None) -> list[Finding]:
    """Look a day and a minute later: what is new now is old then."""
    sessions = rig.sessions(clock=lambda: time.time() + DAY + 60)
    return list(sessions.doctor(session_id, repair=repair))


def kinds(findings: list[Finding]) -> list[FindingKind]:
    return [finding.kind for finding in findings]


def message(index: int, payload: dict[str, Any] | None = None, **stamp: Any) -> bytes:
    """A message object as another process has written it."""
    fields = {
        "message": payload or {"role": "user", "content": f"planted {index}"},
        "message_id": index,
        "redact_message": None,
        "created_at": "2026-11-21T09:00:00+00:00",
        "updated_at": "2026-11-21T09:00:00+00:00",
        "s3sessions": {"v": 1, "write_id": f"planted-{index}", **stamp},
    }
    return json.dumps(fields).encode()


def plant_message(
    rig: Rig, index: int, payload: dict[str, Any] | None = None, **stamp: Any
) -> None:
    rig.plant(f"{AGENT}messages/message_{index}.json", message(index, payload, **stamp))


def member(index: int, commit: int, position: int = 1, batch: str = "b") -> dict[str, Any]:
    return {"batch": {"id": batch, "commit": commit, "position": position}}


def commit(index: int, *indexes: int, batch: str = "b") -> dict[str, Any]:
    fields = {"id": batch, "commit": index, "position": 0, "indexes": [index, *indexes]}
    return {"batch": fields}


def changed(rig: Rig, key: str, change: Callable[[dict[str, Any]], None]) -> None:
    document = json.loads(rig.body(key))
    change(document)
    rig.plant(key, json.dumps(document).encode())


def deleted_by_mark(rig: Rig) -> None:
    changed(
        rig,
        "session_s/session.json",
        lambda d: d["s3sessions"].update(deleted_at="2026-11-21T09:00:00Z", deletion="mark"),
    )


def agent_deleted_by_mark(rig: Rig) -> None:
    mark = {"deleted_at": "2026-11-21T09:00:00Z", "deletion": "mark"}
    changed(
        rig,
        "session_s/session.json",
        lambda d: d["s3sessions"].update(deleted_agents={"default": mark}),
    )


def born_later(rig: Rig) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    changed(rig, "session_s/session.json", lambda d: d.update(created_at=later))
    rig.remove(f"{AGENT}messages/message_0.json")


def documents_alone(rig: Rig) -> None:
    rig.remove("session_s/session.json")
    for n in range(3):
        rig.remove(f"{AGENT}messages/message_{n}.json")


def leased(expires_at: str) -> bytes:
    fields = {"holder": "turn", "taken_at": "2026-11-21T09:00:00+00:00", "expires_at": expires_at}
    return json.dumps({**fields, "s3sessions": {"v": 1}}).encode()


def expired_lease(rig: Rig) -> None:
    rig.plant(f"{AGENT}lease.json", leased("2026-11-21T09:01:00+00:00"))


def garbled_lease(rig: Rig) -> None:
    rig.plant(f"{AGENT}lease.json", b"not json")


def doubled(rig: Rig) -> None:
    payload = {"role": "user", "content": "once"}
    plant_message(rig, 3, payload, write_id="request-7/0")
    plant_message(rig, 4)
    plant_message(rig, 5, payload, write_id="request-7/0")


def reused_write_id(rig: Rig) -> None:
    plant_message(rig, 3, {"role": "user", "content": "one"}, write_id="request-7/0")
    plant_message(rig, 4, {"role": "user", "content": "two"}, write_id="request-7/0")


def absurd_index(rig: Rig) -> None:
    plant_message(rig, 10**12)


def history(first: int, **fields: Any) -> bytes:
    """A history.json as another process has written it; `life` is the session's."""
    stamp = {"v": 1, "write_id": "planted", "life": fields.pop("life", None)}
    stamp = {name: value for name, value in stamp.items() if value is not None}
    return json.dumps({"first": first, **fields, "s3sessions": stamp}).encode()


def unnamed_replacement(rig: Rig) -> None:
    replaces = {"batch": {**commit(3, 4)["batch"], "replaces": True}}
    plant_message(rig, 4, **member(4, 3))
    plant_message(rig, 3, **replaces)


def unfinished_fork(rig: Rig) -> None:
    changed(
        rig,
        "session_s/session.json",
        lambda d: d["s3sessions"].update(
            parent="p", fork={"kind": "branch"}, unfinished={"at": "2026-11-21T09:00:00Z"}
        ),
    )


def marker(child_id: str) -> bytes:
    fields = {"child_id": child_id, "kind": "branch", "s3sessions": {"v": 1, "life": "gone"}}
    return json.dumps(fields).encode()


MESSAGES = f"{AGENT}messages/"
HISTORY = f"{AGENT}history.json"
NEWER = b'{"message": {}, "s3sessions": {"v": 99}}'
DAMAGE: dict[str, tuple[Plant, FindingKind, str, bool]] = {
    "interrupted deletion": (
        deleted_by_mark,
        FindingKind.INTERRUPTED_DELETION,
        "session_s/session.json",
        True,
    ),
    "interrupted deletion of an agent": (
        agent_deleted_by_mark,
        FindingKind.INTERRUPTED_DELETION,
        "session_s/session.json",
        True,
    ),
    "session.json missing": (
        lambda rig: rig.remove("session_s/session.json"),
        FindingKind.MISSING_DOCUMENT,
        "session_s/session.json",
        True,
    ),
    "agent.json missing": (
        lambda rig: rig.remove(f"{AGENT}agent.json"),
        FindingKind.MISSING_DOCUMENT,
        f"{AGENT}agent.json",
        True,
    ),
    "ghost of an earlier life": (
        born_later,
        FindingKind.GHOST,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "documents alone": (documents_alone, FindingKind.GHOST, "session_s/session.json", False),
    "expired lease": (expired_lease, FindingKind.EXPIRED_LEASE, f"{AGENT}lease.json", True),
    "garbled lease": (garbled_lease, FindingKind.EXPIRED_LEASE, f"{AGENT}lease.json", True),
    "newer lease": (
        lambda rig: rig.plant(f"{AGENT}lease.json", NEWER),
        FindingKind.NEWER_VERSION,
        f"{AGENT}lease.json",
        False,
    ),
    "doubled": (doubled, FindingKind.DUPLICATE_WRITE_ID, f"{MESSAGES}message_5.json", True),
    "write id used twice": (
        reused_write_id,
        FindingKind.DUPLICATE_WRITE_ID,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "empty message": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", b""),
        FindingKind.CORRUPT_OBJECT,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "other JSON": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", b"[1]"),
        FindingKind.CORRUPT_OBJECT,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "corrupt session.json": (
        lambda rig: rig.plant("session_s/session.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        "session_s/session.json",
        False,
    ),
    "corrupt agent.json": (
        lambda rig: rig.plant(f"{AGENT}agent.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        f"{AGENT}agent.json",
        False,
    ),
    "corrupt document of a graph": (
        lambda rig: rig.plant("session_s/multi_agents/multi_agent_g/multi_agent.json", b"{"),
        FindingKind.CORRUPT_OBJECT,
        "session_s/multi_agents/multi_agent_g/multi_agent.json",
        False,
    ),
    "newer message": (
        lambda rig: rig.plant(f"{MESSAGES}message_1.json", NEWER),
        FindingKind.NEWER_VERSION,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "foreign object": (
        lambda rig: rig.plant(f"{MESSAGES}notes.txt", b"?"),
        FindingKind.FOREIGN_OBJECT,
        f"{MESSAGES}notes.txt",
        False,
    ),
    "an index with a leading zero": (
        lambda rig: rig.plant(f"{MESSAGES}message_03.json", message(3)),
        FindingKind.FOREIGN_OBJECT,
        f"{MESSAGES}message_03.json",
        False,
    ),
    "object beside the sessions": (
        lambda rig: rig.plant("session_list.txt", b"?"),
        FindingKind.FOREIGN_OBJECT,
        "session_list.txt",
        False,
    ),
    "an id that nobody spells so": (
        lambda rig: rig.plant("session_%41/session.json", b"{}"),
        FindingKind.FOREIGN_OBJECT,
        "session_%41/",
        False,
    ),
    "replacement that history.json does not name": (
        unnamed_replacement,
        FindingKind.DEAD_BATCH,
        f"{MESSAGES}message_3.json",
        False,
    ),
    "corrupt history.json": (
        lambda rig: rig.plant(HISTORY, b"{"),
        FindingKind.CORRUPT_OBJECT,
        HISTORY,
        True,
    ),
    "newer history.json": (
        lambda rig: rig.plant(HISTORY, b'{"first": 1, "s3sessions": {"v": 99}}'),
        FindingKind.NEWER_VERSION,
        HISTORY,
        False,
    ),
    "history.json of an earlier life": (
        lambda rig: rig.plant(HISTORY, history(2, life="another")),
        FindingKind.GHOST,
        HISTORY,
        True,
    ),
    "a beginning behind the end": (
        lambda rig: rig.plant(HISTORY, history(4)),
        FindingKind.BEGINNING_PAST_END,
        HISTORY,
        True,
    ),
    "unfinished fork": (
        unfinished_fork,
        FindingKind.UNFINISHED_FORK,
        "session_s/session.json",
        False,
    ),
    "marker of a child that is gone": (
        lambda rig: rig.plant("session_s/children/branch_gone.json", marker("gone")),
        FindingKind.STALE_MARKER,
        "session_s/children/branch_gone.json",
        True,
    ),
    "hole": (
        lambda rig: rig.remove(f"{MESSAGES}message_1.json"),
        FindingKind.HOLE,
        f"{MESSAGES}message_1.json",
        False,
    ),
    "hole at the beginning": (
        lambda rig: rig.remove(f"{MESSAGES}message_0.json"),
        FindingKind.HOLE,
        f"{MESSAGES}message_0.json",
        False,
    ),
    "a member of a batch is missing": (
        lambda rig: plant_message(rig, 3, **commit(3, 4)),
        FindingKind.HOLE,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "absurd index": (
        absurd_index,
        FindingKind.ABSURD_INDEX,
        f"{MESSAGES}message_{10**12}.json",
        False,
    ),
    "dead batch": (
        lambda rig: plant_message(rig, 4, **member(4, 3)),
        FindingKind.DEAD_BATCH,
        f"{MESSAGES}message_4.json",
        False,
    ),
    "stale partial message": (
        lambda rig: plant_message(rig, 3, status="partial"),
        FindingKind.STALE_PARTIAL,
        f"{MESSAGES}message_3.json",
        False,
    ),
    "unanswered call": (
        lambda rig: plant_message(
            rig, 3, {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t1"}}]}
        ),
        FindingKind.UNANSWERED_CALL,
        f"{MESSAGES}message_3.json",
        False,
    ),
}


def readable(rig: Rig) -> list[Any]:
    try:
        history = rig.sessions().open("s").restore(on_corrupt="report")
    except SessionNotFound:
        return []
    return list(history.payloads)


def all_damage_at_once(rig: Rig) -> None:
    for number, (plant, *_) in enumerate(DAMAGE.values()):
        rig_of = Rig(rig.name, rig.colour, rig.url, rig.options, rig.raw, f"{rig.prefix}t{number}/")
        fill = Sessions(store=rig.raw).under(f"t{number}").open("s")
        for n in range(3):
            fill.append({"role": "user", "content": f"text {n}"})
        plant(rig_of)
