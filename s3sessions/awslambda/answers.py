"""An answer as it is sent: the same fields by whatever way it goes."""

from __future__ import annotations

from typing import Any

from s3sessions.awslambda.delivery import Answer
from s3sessions.values import encode_value

__all__ = ["answer_fields"]


def answer_fields(answer: Answer) -> dict[str, Any]:
    """Give the JSON object that an answer is sent as; `bytes` in it stand as they are stored."""
    fields: dict[str, Any] = {
        "session_id": answer.session_id,
        "agent_id": answer.agent_id,
        "index": answer.message.index,
        "message": encode_value(answer.message.payload),
        "redelivered": answer.is_redelivery,
    }
    if answer.interrupts:
        fields["interrupts"] = [encode_value(dict(each)) for each in answer.interrupts]
    return fields
