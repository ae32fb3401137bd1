"""Changing one message in place, and what each change means on a version that it has not seen.

The object that counts is changed: the message's own, or the segment that holds it. What is taken
out is then taken out of the copies that do not count, too.

A message that is to go goes in whatever version. One that is to be completed must still be
partial. An update means the version that its caller read, and no other. A message that readers do
not see, a void or a member of a batch that was not committed, is not there to be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3sessions.codec import PARTIAL, usage_fields
from s3sessions.dao.copies import Copies
from s3sessions.dao.drafting import Drafting
from s3sessions.dao.original import Original
from s3sessions.dao.packed_copies import PackedCopies
from s3sessions.dao.rewriting import Rewriting, is_visible, not_found
from s3sessions.dao.scope import Scope
from s3sessions.errors import Conflict, InvalidMessage
from s3sessions.keys import AgentKeys
from s3sessions.models import Message
from s3sessions.usage import Usage


async def update(
    scope: Scope, agent: AgentKeys, message: Message, payload: Mapping[str, Any]
) -> Message:
    """Replace the payload of the version that was read; see `AgentSession.update`."""
    draft, now = Drafting(scope).one(payload, ""), scope.now()
    if message.etag is None:
        raise InvalidMessage(f"message {message.index} has no etag: read it, then update it")

    async def rewrite(original: Original) -> bytes:
        if not original.is_version(message):
            raise Conflict(
                f"message {message.index} was changed since it was read: read it again",
                key=agent.message(message.index),
            )
        await _check_there(scope, agent, original)
        return original.updated(draft.body, now)

    held = await Rewriting(scope, agent, message.index, rewrite, "message_updated").run()
    return held.original.message


async def redact(
    scope: Scope, agent: AgentKeys, index: int, replacement: Mapping[str, Any] | None
) -> Message:
    """Take the content out of a message and its copies; see `AgentSession.redact`."""
    draft = None if replacement is None else Drafting(scope).one(replacement, "")
    now = scope.now()

    async def rewrite(original: Original) -> bytes | None:
        await _check_there(scope, agent, original)
        message = original.message
        if message.redacted_at is not None and draft is None:
            return None
        if message.redacted_at is not None and draft and message.payload == draft.payload:
            return None
        return original.redacted(None if draft is None else draft.body, now)

    rewriting = Rewriting(scope, agent, index, rewrite, "message_redacted")
    return await _rewrite_with_copies(rewriting)


async def complete(
    scope: Scope, agent: AgentKeys, index: int, payload: Mapping[str, Any], usage: Usage | None
) -> Message:
    """Finish a partial message; see `AgentSession.complete`."""
    draft, now = Drafting(scope).one(payload, "", usage=usage), scope.now()

    async def rewrite(original: Original) -> bytes | None:
        await _check_there(scope, agent, original)
        message = original.message
        # What was taken out must not come back with the end of a stream that knows nothing of it.
        if message.redacted_at is not None:
            raise Conflict(f"message {index} was redacted", key=agent.message(index))
        if message.status == PARTIAL:
            return original.completed(draft.body, now, **usage_fields(draft.usage, None))
        if message.payload == draft.payload and usage in (None, message.usage):
            return None
        raise Conflict(
            f"message {index} is complete already, and says something else: read it again",
            key=agent.message(index),
        )

    held = await Rewriting(scope, agent, index, rewrite, "message_completed").run()
    return held.original.message


async def remove(scope: Scope, agent: AgentKeys, index: int) -> Message:
    """Overwrite a message with a void, and give that; see `AgentSession.remove`."""
    now = scope.now()

    async def rewrite(original: Original) -> bytes | None:
        if original.is_emptied:
            return None
        if not original.is_void:
            await _check_there(scope, agent, original)
        return original.voided(now)

    return await _rewrite_with_copies(Rewriting(scope, agent, index, rewrite, "message_removed"))


async def _rewrite_with_copies(rewriting: Rewriting) -> Message:
    """Take a content out of what counts, then out of what does not.

    After a crash in between the rest is done by the next one, which finds the message done.
    """
    held = await rewriting.run()
    scope, agent, message = rewriting.scope, rewriting.agent, held.original.message
    await PackedCopies(scope, agent, held, rewriting.rewrite).change()
    await Copies(scope, agent, message).redact()
    return message


async def _check_there(scope: Scope, agent: AgentKeys, original: Original) -> None:
    """Raise MessageNotFound where readers see nothing."""
    if original.is_void or not await is_visible(scope, agent, original.message):
        raise not_found(agent, original.message.index)
