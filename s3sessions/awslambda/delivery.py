"""What comes in for a session, and what it came to: the same whatever it came by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3sessions.models import Message
from s3sessions.record import Record, field

__all__ = ["Answer", "Delivery"]


class Delivery(Record):
    """One event for one session; delivered again, it has the same write id.

    Attributes:
        session_id: of the session, there already or not.
        agent_id: of the agent in it.
        write_id: its name: a request id, a message id, an idempotency key.
        body: what was sent.
        named_tenant: what the sender claims to be, if anything; only compared, never believed.
        event: as Lambda gave it.
    """

    session_id: str
    agent_id: str
    write_id: str
    body: Mapping[str, Any]
    named_tenant: str | None = None
    event: Any = field(default=None, repr=False)


class Answer(Record):
    """What a delivery came to.

    Attributes:
        message: that ends the turn, as it is stored.
        is_redelivery: whether it was answered before, and is only said again.
        interrupts: what an agent waits to be told before it goes on (Strands' interrupts: `id`,
            `name`, `reason`); empty where the turn has ended.
    """

    session_id: str
    agent_id: str
    message: Message
    is_redelivery: bool
    interrupts: tuple[Mapping[str, Any], ...] = ()
