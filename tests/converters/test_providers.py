"""One conversation as each provider writes it, and what a conversion leaves out."""

from __future__ import annotations

import base64
import copy
from typing import Any

import pytest

from s3sessions.converters import Conversion, Dropped, to_anthropic, to_openai, to_strands

PNG = b"\x89PNG\r\n"
PNG_TEXT = base64.b64encode(PNG).decode()
PDF = b"%PDF-1.4"
PDF_TEXT = base64.b64encode(PDF).decode()

OPENAI: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Which town is this, and how warm is it?"},
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_TEXT}"}},
            {
                "type": "file",
                "file": {
                    "filename": "guide.pdf",
                    "file_data": f"data:application/pdf;base64,{PDF_TEXT}",
                },
            },
        ],
    },
    {
        "role": "assistant",
        "content": "Bergen. I look it up.",
        "tool_calls": [
            {
                "id": "call_1",
                "type": "function",
                "function": {"name": "weather", "arguments": '{"town":"Bergen"}'},
            },
            {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
        ],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "11 °C"},
    {"role": "tool", "tool_call_id": "call_2", "content": "12:00"},
    {"role": "assistant", "content": "11 °C."},
]

ANTHROPIC: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Which town is this, and how warm is it?"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": PNG_TEXT},
            },
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF_TEXT},
                "title": "guide.pdf",
            },
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "text", "text": "Bergen. I look it up."},
            {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"town": "Bergen"}},
            {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "call_1", "content": "11 °C"},
            {"type": "tool_result", "tool_use_id": "call_2", "content": "12:00"},
        ],
    },
    {"role": "assistant", "content": "11 °C."},
]

STRANDS: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"text": "Which town is this, and how warm is it?"},
            {"image": {"format": "png", "source": {"bytes": PNG}}},
            {"document": {"name": "guide", "format": "pdf", "source": {"bytes": PDF}}},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"text": "Bergen. I look it up."},
            {"toolUse": {"toolUseId": "call_1", "name": "weather", "input": {"town": "Bergen"}}},
            {"toolUse": {"toolUseId": "call_2", "name": "now", "input": {}}},
        ],
    },
    {
        "role": "user",
        "content": [
            {
                "toolResult": {
                    "toolUseId": "call_1",
                    "status": "success",
                    "content": [{"text": "11 °C"}],
                }
            },
            {
                "toolResult": {
                    "toolUseId": "call_2",
                    "status": "success",
                    "content": [{"text": "12:00"}],
                }
            },
        ],
    },
    {"role": "assistant", "content": [{"text": "11 °C."}]},
]

# A name of a document is a file name to the one and no more than a name to the other.
ANTHROPIC_OF_STRANDS = copy.deepcopy(ANTHROPIC)
ANTHROPIC_OF_STRANDS[0]["content"][2]["title"] = "guide"


def whats(conversion: Conversion) -> list[str]:
    return [each.what for each in conversion.dropped]


@pytest.mark.parametrize("payloads", [OPENAI, ANTHROPIC, STRANDS], ids=["openai", "anthropic", "s"])
def test_a_conversation_of_any_shape_becomes_one_of_openai(payloads: list[Any]) -> None:
    converted = to_openai(payloads)
    assert converted.messages == OPENAI
    assert (converted.system, converted.dropped) == (None, ())


@pytest.mark.parametrize(
    ("payloads", "expected"),
    [(OPENAI, ANTHROPIC), (ANTHROPIC, ANTHROPIC), (STRANDS, ANTHROPIC_OF_STRANDS)],
    ids=["openai", "anthropic", "strands"],
)
def test_a_conversation_of_any_shape_becomes_one_of_anthropic(
    payloads: list[Any], expected: list[Any]
) -> None:
    converted = to_anthropic(payloads)
    assert converted.messages == expected
    assert (converted.system, converted.dropped) == (None, ())


@pytest.mark.parametrize("payloads", [OPENAI, ANTHROPIC, STRANDS], ids=["openai", "anthropic", "s"])
def test_a_conversation_of_any_shape_becomes_one_of_strands(payloads: list[Any]) -> None:
    converted = to_strands(payloads)
    assert converted.messages == STRANDS
    assert (converted.system, converted.dropped) == (None, ())


def test_each_message_says_which_payload_it_comes_from() -> None:
    assert to_anthropic(OPENAI).positions == [0, 1, 2, 4]
    assert to_openai(ANTHROPIC).positions == [0, 1, 2, 2, 3]
    assert to_openai(ANTHROPIC, system="Be brief.").positions == [None, 0, 1, 2, 2, 3]


def test_what_is_in_the_shape_already_stays_the_same_object() -> None:
    message: dict[str, Any] = {"role": "assistant", "content": None, "reasoning": "hm", "x": 1}
    assert to_openai([message]).messages[0] is message
    plain = {"role": "user", "content": "hello", "name": "Kari"}
    assert to_openai([plain]).messages[0] is to_anthropic([plain]).messages[0] is plain


def test_instructions_are_messages_of_openai_and_stand_apart_with_the_others() -> None:
    rules: list[dict[str, Any]] = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
    ]
    hello = {"role": "user", "content": "hello"}
    converted = to_anthropic([*rules, hello], system="You are Kari.")
    assert converted.system == "You are Kari.\n\nBe brief.\n\nBe kind."
    assert (converted.messages, converted.dropped) == ([hello], ())
    back = to_openai(converted.messages, system=converted.system)
    assert back.messages == [{"role": "system", "content": converted.system}, hello]
    assert to_strands([hello, rules[0]]).dropped == (Dropped(1, "place among the messages"),)


def test_reasoning_goes_where_it_is_taken_back() -> None:
    signed = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    sealed = {"type": "redacted_thinking", "data": "c2VhbA=="}
    said = {"type": "text", "text": "4"}
    answer = {"role": "assistant", "content": [signed, sealed, said]}
    strands = to_strands([answer])
    assert strands.messages[0]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": b"c2VhbA=="}},
        {"text": "4"},
    ]
    assert to_anthropic(strands.messages).messages == [answer]
    assert to_openai([answer]).messages == [{"role": "assistant", "content": "4"}]
    assert whats(to_openai([answer])) == ["reasoning", "reasoning"]


def test_reasoning_without_a_signature_is_nothing_that_anthropic_takes() -> None:
    answer = {"role": "assistant", "content": "4", "reasoning_content": "hm"}
    converted = to_anthropic([answer])
    assert (converted.messages, whats(converted)) == (
        [{"role": "assistant", "content": "4"}],
        ["reasoning"],
    )
    assert to_strands([answer]).messages[0]["content"][0] == {
        "reasoningContent": {"reasoningText": {"text": "hm"}}
    }


def test_a_failed_result_says_so_where_there_is_a_place() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": "no"}
    failed = {"role": "user", "content": [result]}
    strands = to_strands([failed])
    assert strands.messages[0]["content"][0]["toolResult"]["status"] == "error"
    assert to_anthropic(strands.messages).messages == [failed]
    assert whats(to_openai([failed])) == ["error status"]


def test_the_calls_of_one_turn_and_their_results_come_together() -> None:
    """Neighbours of one role are one turn to Anthropic, and to nobody else."""
    call = {"type": "tool_use", "name": "f", "input": {}}
    result = {"type": "tool_result", "content": "4"}
    apart = [
        {"role": "assistant", "content": [{"type": "text", "text": "Both."}]},
        {"role": "assistant", "content": [{**call, "id": "t1"}]},
        {"role": "assistant", "content": [{**call, "id": "t2"}]},
        {"role": "user", "content": [{**result, "tool_use_id": "t1"}]},
        {"role": "user", "content": [{**result, "tool_use_id": "t2"}]},
    ]
    asked = to_openai(apart).messages[1]
    assert [each["id"] for each in asked["tool_calls"]] == ["t1", "t2"]
    assert [message["role"] for message in to_openai(apart).messages] == [
        *("assistant", "assistant", "tool", "tool")
    ]
    assert [len(message["content"]) for message in to_strands(apart).messages] == [1, 2, 2]
    assert to_anthropic(apart).messages == apart


def test_arguments_that_are_no_object_are_kept_and_reported() -> None:
    function = {"name": "f", "arguments": "town=Bergen"}
    call = {"id": "t", "type": "function", "function": function}
    converted = to_anthropic([{"role": "assistant", "content": None, "tool_calls": [call]}])
    assert converted.messages[0]["content"][0]["input"] == {"arguments": "town=Bergen"}
    assert whats(converted) == ["arguments that are no object"]


def test_json_of_a_result_becomes_its_text() -> None:
    result = {"toolUseId": "t", "status": "success", "content": [{"json": {"a": [1]}}]}
    payload = {"role": "user", "content": [{"toolResult": result}]}
    assert to_openai([payload]).messages[0]["content"] == '{"a":[1]}'
    assert to_anthropic([payload]).messages[0]["content"][0]["content"] == '{"a":[1]}'


def test_an_address_goes_where_it_can_be_followed() -> None:
    url = "https://example.com/a.png"
    source = {"type": "url", "url": url}
    seen = {"role": "user", "content": [{"type": "image", "source": source}]}
    image = {"type": "image_url", "image_url": {"url": url}}
    assert to_openai([seen]).messages == [{"role": "user", "content": [image]}]
    assert to_anthropic(to_openai([seen]).messages).messages == [seen]
    assert to_strands([seen]).dropped == (Dropped(0, "image"),)
    s3 = {"s3Location": {"uri": "s3://bucket/a.mp4"}}
    film = {"role": "user", "content": [{"video": {"format": "mp4", "source": s3}}]}
    assert whats(to_openai([film])) == whats(to_anthropic([film])) == ["video"]


def test_sound_is_nothing_that_anthropic_takes() -> None:
    audio = {"type": "input_audio", "input_audio": {"data": PNG_TEXT, "format": "wav"}}
    heard = {"role": "user", "content": [audio, {"type": "text", "text": "What is this?"}]}
    strands = to_strands([heard])
    assert strands.messages[0]["content"] == [
        {"audio": {"format": "wav", "source": {"bytes": PNG}}},
        {"text": "What is this?"},
    ]
    assert to_openai(strands.messages).messages == [heard]
    assert whats(to_anthropic([heard])) == ["audio"]


def test_text_documents_are_text_to_anthropic() -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "é"}
    block = {"type": "document", "source": source, "title": "notes"}
    read = {"role": "user", "content": [block]}
    document = {"name": "notes", "format": "txt", "source": {"bytes": "é".encode()}}
    assert to_strands([read]).messages[0]["content"] == [{"document": document}]
    assert to_anthropic(to_strands([read]).messages).messages == [read]


def test_tools_that_the_provider_runs_itself_are_left_out_with_their_results() -> None:
    answer = {
        "role": "assistant",
        "content": [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "q"}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {"type": "text", "text": "Found.", "citations": [{"type": "web"}]},
        ],
        "usage": {"input_tokens": 3},
    }
    converted = to_openai([answer])
    assert converted.messages == [{"role": "assistant", "content": "Found."}]
    assert sorted(whats(converted)) == [
        *("citations", "server_tool_use", "usage", "web_search_tool_result")
    ]


@pytest.mark.parametrize("convert", [to_openai, to_anthropic, to_strands])
@pytest.mark.parametrize(
    "payload",
    [{}, {"type": "checkpoint"}, {"from": "human", "value": "hi"}, {"role": 7, "content": "x"}, 7],
)
def test_a_message_of_no_known_shape_is_left_out_and_reported(convert: Any, payload: Any) -> None:
    converted = convert([payload, OPENAI[4]])
    assert len(converted.messages) == 1
    assert converted.dropped == (Dropped(0, "message of no known shape"),)


@pytest.mark.parametrize("content", ["", [], [{"type": "text", "text": ""}]])
def test_a_message_of_nothing_is_left_out_and_reported(content: Any) -> None:
    converted = to_strands([{"role": "assistant", "content": content}])
    assert (converted.messages, whats(converted)) == ([], ["message without content"])
