"""Sessions and their messages as pages that fit into a response."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from s3sessions.awslambda.http_request import HttpRequest
from s3sessions.awslambda.http_response import ENVELOPE_BYTES, fits, respond, room_for
from s3sessions.awslambda.refusals import AnswerTooLarge, BadRequest
from s3sessions.awslambda.response_size import bytes_of
from s3sessions.errors import InvalidSettings, SessionNotFound
from s3sessions.models import Message
from s3sessions.values import encode_value, format_time

if TYPE_CHECKING:
    from s3sessions.sync import AgentSession, Sessions

__all__ = ["list_page", "read_page"]

_MOST: Final = 1000
_MOST_INDEX: Final = 10**18 - 1
_HOW_TO_PAGE: Final = "ask for fewer with ?last=, or for pages with ?start= and ?limit="


def list_page(sessions: Sessions, request: HttpRequest, _: str) -> dict[str, Any]:
    """List ids of sessions: `?limit=` (100, at most 1,000), and `?token=` to go on.

    Requests: 1 LIST for each 1,000 sessions.

    Raises:
        BadRequest: a limit or a token that is none.
    """
    limit = _number(request, "limit", 1, _MOST) or 100
    token = request.query.get("token")
    try:
        found = sessions.list(token=token)
        ids = [ref.id for ref in islice(found, limit)]
        reached = found.token
        after = None if next(found, None) is None else reached
    except InvalidSettings:
        if token is None:
            raise
        raise BadRequest("token is not one that a list of sessions gave") from None
    return respond(request.source, 200, {"sessions": ids, "token": after})


def read_page(sessions: Sessions, request: HttpRequest, session_id: str) -> dict[str, Any]:
    """Read messages: the newest with `?last=` (50, at most 1,000), or from `?start=` on.

    From a start on, `?limit=` (at most 1,000) and the size of a response end the page, between two
    batches; `next` is the start of the next one, null at the end. `?agent=` names the agent.

    Requests: of the newest those of `AgentSession.restore`, of the others of `iterate`.

    Raises:
        BadRequest: a number that is none, or `last` beside the others.
        SessionNotFound: there is no such session.
        AnswerTooLarge: they do not fit; says how to page.
    """
    last = _number(request, "last", 1, _MOST)
    start = _number(request, "start", 0, _MOST_INDEX)
    limit = _number(request, "limit", 1, _MOST)
    if last is not None and (start is not None or limit is not None):
        raise BadRequest("last gives the newest messages, start and limit a page: give one of them")
    chat = sessions.open(session_id, request.query.get("agent", "default"))
    if start is None and limit is None:
        return _newest(chat, request, 50 if last is None else last)
    return _from(chat, request, start or 0, _MOST if limit is None else limit)


def _newest(chat: AgentSession, request: HttpRequest, last: int) -> dict[str, Any]:
    history = chat.restore(last=last, on_corrupt="report")
    if not history.messages and "session" in history.missing:
        raise SessionNotFound("there is no such session")
    fields = _fields(chat, map(_item, history.messages), len(history.corrupt))
    response = respond(request.source, 200, {**fields, "next_index": history.next_index})
    if not fits(request.source, response):
        raise _too_large(request, f"the newest {last} messages are", _HOW_TO_PAGE)
    return response


def _from(chat: AgentSession, request: HttpRequest, start: int, limit: int) -> dict[str, Any]:
    found = chat.iterate(start=start)
    page: list[dict[str, Any]] = []
    room = room_for(request.source) - 2 * ENVELOPE_BYTES
    following = None
    for commit, batch in groupby(found, key=_position):
        items = [_item(message) for message in batch]
        room -= sum(map(_size, items))
        if page and (room < 0 or len(page) + len(items) > limit):
            following = commit
            break
        if room < 0:
            way_out = f"read it from the store, and go on with ?start={commit + 1}"
            raise _too_large(request, f"message {commit}, or its batch, is", way_out)
        page += items
    if not page and "session" in chat.restore(last=1, on_corrupt="report").missing:
        raise SessionNotFound("there is no such session")
    fields = _fields(chat, page, len(found.corrupt))
    return respond(request.source, 200, {**fields, "next": following})


def _position(message: Message) -> int:
    """Give where a message is read: with its batch."""
    return message.index if message.batch is None else message.batch.commit


def _item(message: Message) -> dict[str, Any]:
    return {
        "index": message.index,
        "created_at": format_time(message.created_at),
        "status": message.status,
        "message": encode_value(message.payload),
    }


def _fields(chat: AgentSession, items: Iterable[dict[str, Any]], corrupt: int) -> dict[str, Any]:
    return {
        "session_id": chat.session_id,
        "agent_id": chat.agent_id,
        "messages": list(items),
        "unreadable": corrupt,
    }


def _size(item: dict[str, Any]) -> int:
    """Give the bytes of an item and its comma in a response."""
    return bytes_of(json.dumps(item, ensure_ascii=False)) + 1


def _number(request: HttpRequest, name: str, least: int, most: int) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    # isdigit alone takes digits of other scripts, too.
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= number <= most:
        raise BadRequest(f"{name} must be a whole number from {least} to {most}")
    return number


def _too_large(request: HttpRequest, what: str, way_out: str) -> AnswerTooLarge:
    room = room_for(request.source)
    return AnswerTooLarge(f"{what} over the {room} bytes that a response may have: {way_out}")
