"""What an agent is asked: the `message` of a body, as Strands takes it.

Whoever sends it is not to be trusted. What it says is stored, and goes to the model with each later
turn: what a model would refuse would end the session for good.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from s3sessions.errors import InvalidMessage

__all__ = ["Prompt", "check_responses", "interrupts_answered", "prompt_of"]

Prompt: TypeAlias = str | list[dict[str, Any]]
"""A text, or content blocks."""

_IMAGES: Final = frozenset({"gif", "jpeg", "png", "webp"})
_VIDEOS: Final = frozenset({"flv", "mkv", "mov", "mp4", "mpeg", "mpg", "three_gp", "webm", "wmv"})
_DOCUMENTS: Final = frozenset({"csv", "doc", "docx", "html", "md", "pdf", "txt", "xls", "xlsx"})
# As Amazon Bedrock takes it.
_NAME: Final = re.compile(r"(?! )(?:[A-Za-z0-9()\[\]-]| (?! )){1,200}(?<! )")


def prompt_of(body: Mapping[str, Any]) -> Prompt:
    """Give the text or the content blocks of a body.

    Raises:
        InvalidMessage: it has no `message`, or one that an agent is not to be asked.
    """
    message = body.get("message")
    if _is_text(message) or _are_blocks(message):
        prompt: Prompt = message  # type: ignore[assignment]
        return prompt
    raise InvalidMessage(
        "`message` is to be a text that is not blank, or a list of content blocks: text; image, "
        "video (format, source with bytes); document (name, too, and a text beside it); "
        "interruptResponse (interruptId, response)"
    )


def interrupts_answered(prompt: Prompt) -> list[str]:
    """Give the ids of the interrupts that a prompt responds to."""
    if isinstance(prompt, str):
        return []
    responses = [block["interruptResponse"] for block in prompt if "interruptResponse" in block]
    return [response["interruptId"] for response in responses]


def check_responses(prompt: Prompt, interrupts: Sequence[str]) -> None:
    """Raise InvalidMessage for a prompt that is not what an agent with these interrupts waits for.

    One that was told in part may be told the same again.
    """
    answered = interrupts_answered(prompt)
    if not interrupts:
        if answered:
            raise InvalidMessage("the agent waits for no interruptResponse: send a message")
        return
    if not answered or len(answered) != len(prompt) or not set(answered) <= set(interrupts):
        raise InvalidMessage(
            "the agent waits to be told something: send a message of interruptResponse blocks for "
            f"{', '.join(interrupts)}, and nothing else"
        )


def _are_blocks(message: Any) -> bool:
    if not isinstance(message, list) or not message or not all(map(_is_block, message)):
        return False
    kinds = {kind for block in message for kind in block}
    return "document" not in kinds or "text" in kinds


def _is_block(block: Any) -> bool:
    if not isinstance(block, dict) or len(block) != 1:
        return False
    ((kind, content),) = block.items()
    return kind in _KINDS and _KINDS[kind](content)


def _is_text(content: Any) -> bool:
    return isinstance(content, str) and bool(content.strip())


def _is_image(content: Any) -> bool:
    return _has(content, "format", "source") and _is_file(content, _IMAGES)


def _is_video(content: Any) -> bool:
    return _has(content, "format", "source") and _is_file(content, _VIDEOS)


def _is_document(content: Any) -> bool:
    if not _has(content, "format", "name", "source") or not _is_file(content, _DOCUMENTS):
        return False
    return isinstance(content["name"], str) and _NAME.fullmatch(content["name"]) is not None


def _is_response(content: Any) -> bool:
    return _has(content, "interruptId", "response") and isinstance(content["interruptId"], str)


def _is_file(content: Any, formats: frozenset[str]) -> bool:
    # Bytes alone: a location would be read with the rights of the function, wherever it points.
    source = content["source"]
    is_known = isinstance(content["format"], str) and content["format"] in formats
    return is_known and _has(source, "bytes") and _is_filled(source["bytes"])


def _is_filled(data: Any) -> bool:
    return isinstance(data, bytes) and bool(data)


def _has(content: Any, *names: str) -> bool:
    """Tell whether it has just these fields."""
    return isinstance(content, dict) and content.keys() == set(names)


# Not toolUse and toolResult: who sends messages must not be able to make up what tools have said.
_KINDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "text": _is_text,
    "image": _is_image,
    "video": _is_video,
    "document": _is_document,
    "interruptResponse": _is_response,
}
