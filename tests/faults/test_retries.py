"""How often a request goes out: within a budget where it may help, once where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from s3sessions import AccessDenied, InvalidSettings, S3SessionsError, StoreUnavailable
from tests.faults.fire import Fire
from tests.faults.storms import BROKEN, SLOW_DOWN
from tests.servers.faults import Fault
from tests.servers.wire import Answer, ResetAfter, ResetBefore, Rule

SDK_TRIES = 5
TRIES = 3


@pytest.fixture
def warm(weed_fire: Fire) -> Iterator[tuple[Fire, Any]]:
    """A handle that knows its tail, so that an append is one PUT."""
    with weed_fire.sessions() as sessions:
        chat = sessions.open("s")
        chat.append({"n": 0})
        weed_fire.wire.reset()
        yield weed_fire, chat


def sendings(fire: Fire, fault: Fault) -> int:
    """Most times that one try of the SDK sends a request."""
    # aiohttp sends a PUT once more of its own accord where a kept connection was reset.
    return 2 if fire.colour == "async" and isinstance(fault, (ResetBefore, ResetAfter)) else 1


def puts_of(fire: Fire) -> int:
    return fire.wire.counts().get("PutObject", 0)


@pytest.mark.parametrize("fault", [SLOW_DOWN, BROKEN, ResetBefore(), ResetAfter()], ids=repr)
def test_an_append_that_never_gets_an_answer_gives_up_at_its_budget(
    warm: tuple[Fire, Any], fault: Fault
) -> None:
    fire, chat = warm
    fire.wire.rules([Rule(fault)])
    with pytest.raises(StoreUnavailable) as caught:
        chat.append({"n": 1})
    assert SDK_TRIES <= puts_of(fire) <= SDK_TRIES * TRIES * sendings(fire, fault)
    fire.wire.rules([])
    assert chat.append({"n": 1}, write_id=caught.value.write_id).index == 1
    assert fire.restore().payloads == [{"n": 0}, {"n": 1}]


@pytest.mark.parametrize(
    ("refusal", "error"),
    [
        (Answer(403, "AccessDenied"), AccessDenied),
        (Answer(403, "SignatureDoesNotMatch"), S3SessionsError),
        (Answer(404, "NoSuchBucket"), InvalidSettings),
        (Answer(400, "InvalidArgument"), InvalidSettings),
    ],
    ids=lambda value: getattr(value, "code", ""),
)
def test_what_another_try_would_not_change_is_asked_once(
    warm: tuple[Fire, Any], refusal: Answer, error: type[S3SessionsError]
) -> None:
    fire, chat = warm
    fire.wire.rules([Rule(refusal)])
    with pytest.raises(error):
        chat.append({"n": 1})
    assert fire.wire.counts() == {"PutObject": 1}
    assert fire.restore().payloads == [{"n": 0}]


@pytest.mark.parametrize("lost", range(1, SDK_TRIES * 2))
def test_an_append_whose_answers_are_lost_is_stored_once(warm: tuple[Fire, Any], lost: int) -> None:
    fire, chat = warm
    fire.wire.rules([Rule(ResetAfter(), "PutObject", count=lost)])
    assert chat.append({"n": 1}).index == 1
    assert chat.append({"n": 2}).index == 2
    assert fire.restore().payloads == [{"n": 0}, {"n": 1}, {"n": 2}]
