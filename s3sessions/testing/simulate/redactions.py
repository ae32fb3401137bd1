"""What must hold where somebody takes the content out of a message, or the message out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from s3sessions.testing.simulate.facts import Facts
from s3sessions.testing.simulate.ledger import Change


def redacted(facts: Facts) -> Iterator[str]:
    """Check that what was taken out is served to nobody, and stands in no object.

    A packing that has read it before and writes its segment behind the redaction leaves a copy if
    it dies then. In the end somebody has packed again, and it is gone, too.
    """
    for change in facts.ledger.changes:
        if change.ended is None or not _takes_out(facts, change):
            continue
        secrets = _secrets(facts, change)
        yield from _served(facts, change, secrets)
        yield from _held(facts, change, secrets, change.ended, written_before=change.began)
        # What arrives behind a deletion belongs to nobody, and stays until the doctor looks.
        if not facts.ledger.demolitions:
            yield from _held(facts, change, secrets, None, written_before=None)


def _takes_out(facts: Facts, change: Change) -> bool:
    """Tell whether it takes a content out for good.

    Of a removal its writer must not be told that it has failed: it would say the same again.
    """
    if change.version.startswith("redact "):
        return True
    acknowledged = facts.ledger.spoken[change.token].acknowledged
    return not change.version and acknowledged is not None and acknowledged < change.began


def _secrets(facts: Facts, redaction: Change) -> set[str]:
    """Give the versions that stood there before a redaction began."""
    return {""} | {
        change.version
        for change in facts.ledger.changes
        if change.token == redaction.token
        and change.ended is not None
        and change.ended < redaction.began
    }


def _served(facts: Facts, change: Change, secrets: set[str]) -> Iterator[str]:
    for reading in facts.ledger.readings:
        if reading.began < (change.ended or 0) or reading.kind == "follow":
            continue
        for sighting in reading.sightings:
            if sighting.token == change.token and sighting.version in secrets:
                yield f"{reading.reader} saw {change.token} as it was before {change.version!r}"


def _held(
    facts: Facts,
    change: Change,
    secrets: set[str],
    moment: int | None,
    *,
    written_before: int | None,
) -> Iterator[str]:
    """Look into the objects at a moment, None for the end; of these what was written before."""
    for key, (tick, data) in _objects(facts, moment).items():
        if written_before is not None and tick >= written_before:
            continue
        for message in _messages(key, data):
            if message.get("token") == change.token and message.get("version", "") in secrets:
                yield f"{key} holds {change.token} as it was before {change.version!r}"


def _objects(facts: Facts, moment: int | None) -> dict[str, tuple[int, bytes]]:
    there: dict[str, tuple[int, bytes]] = {}
    for tick, key, data in facts.written:
        if moment is not None and tick > moment:
            break
        if data is None:
            there.pop(key, None)
        else:
            there[key] = tick, data
    return there


def _messages(key: str, data: bytes) -> list[dict[str, Any]]:
    """Give the payloads that an object holds, whether they count or not."""
    lines = data.split(b"\n")[1:-1] if "/archive/" in key else [data]
    is_any = "/archive/" in key or "/messages/" in key
    return [json.loads(line)["message"] for line in lines] if is_any else []
