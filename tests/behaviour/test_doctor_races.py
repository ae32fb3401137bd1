"""What changes while the doctor repairs it stays as somebody else made it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from s3sessions import Sessions
from s3sessions.health import Finding
from tests.behaviour.planting import (
    AGENT,
    DAY,
    MESSAGES,
    deleted_by_mark,
    doubled,
    expired_lease,
    leased,
    message,
    readable,
    spoken,
)
from tests.interposed import Interposed
from tests.rig import Rig


class Meanwhile:
    """Does something once, right before the n-th request of a kind goes out."""

    def __init__(self, verb: str, ending: str, act: Callable[[], None], *, skip: int = 0) -> None:
        self._verb, self._ending, self._act, self._skip = verb, ending, act, skip

    def __call__(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        if verb == self._verb and key.endswith(self._ending):
            if self._skip == 0:
                self._act()
            self._skip -= 1
        return call()


def raced(rig: Rig, meanwhile: Meanwhile) -> list[Finding]:
    store = Interposed(rig.raw, meanwhile)
    later = time.time() + DAY
    return list(Sessions(store=store, clock=lambda: later).doctor("s", repair=True))


@pytest.mark.parametrize("reads", [1, 2])
def test_a_new_life_that_began_meanwhile_is_not_deleted(memory_rig: Rig, reads: int) -> None:
    spoken(memory_rig)
    deleted_by_mark(memory_rig)

    def begin_anew() -> None:
        Sessions(store=memory_rig.raw).delete("s")
        spoken(memory_rig, 2)

    raced(memory_rig, Meanwhile("get", "session.json", begin_anew, skip=reads))
    assert len(readable(memory_rig)) == 2


def test_a_lease_that_was_renewed_meanwhile_stays(memory_rig: Rig) -> None:
    spoken(memory_rig)
    expired_lease(memory_rig)
    renewed = leased("2999-01-01T00:00:00+00:00")
    renew = Meanwhile(
        "delete", "lease.json", lambda: memory_rig.plant(f"{AGENT}lease.json", renewed)
    )
    (finding,) = raced(memory_rig, renew)
    assert not finding.repaired
    assert "not repaired" in finding.remedy
    assert memory_rig.body(f"{AGENT}lease.json") == renewed


EDITED = message(5, {"role": "user", "content": "edited"}, write_id="request-7/0")


@pytest.mark.parametrize(
    ("verb", "there"), [("get", EDITED), ("put", EDITED), ("get", b"{")], ids=str
)
def test_a_message_that_was_changed_meanwhile_stays(
    memory_rig: Rig, verb: str, there: bytes
) -> None:
    spoken(memory_rig)
    doubled(memory_rig)

    def change() -> None:
        memory_rig.plant(f"{MESSAGES}message_5.json", there)

    (finding,) = raced(memory_rig, Meanwhile(verb, "message_5.json", change, skip=verb == "get"))
    assert not finding.repaired
    assert memory_rig.body(f"{MESSAGES}message_5.json") == there


def test_no_document_is_made_for_a_session_that_was_deleted_meanwhile(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.remove("session_s/session.json")

    def delete() -> None:
        Sessions(store=memory_rig.raw).delete("s")

    meanwhile = Meanwhile("list", "agents/", delete)
    (finding,) = raced(memory_rig, meanwhile)
    assert not finding.repaired
    assert memory_rig.keys() == []


def test_a_document_that_somebody_made_meanwhile_is_kept(memory_rig: Rig) -> None:
    spoken(memory_rig)
    memory_rig.remove("session_s/session.json")
    theirs = b'{"session_id": "s", "title": "theirs"}'

    def create() -> None:
        memory_rig.plant("session_s/session.json", theirs)

    (finding,) = raced(memory_rig, Meanwhile("put", "session.json", create))
    assert finding.repaired
    assert memory_rig.body("session_s/session.json") == theirs
