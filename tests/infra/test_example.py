"""The example of infra/example, as Lambda calls it: send, list, read, delete; and which model."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.awslambda.contexts import LambdaContext
from tests.awslambda.events import function_url
from tests.infra.templates import INFRA

MODULES = ("handler", "models", "stand_in")


@pytest.fixture(autouse=True)
def at_the_root_of_the_zip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(INFRA / "example"))
    monkeypatch.setenv("S3SESSIONS_URL", (tmp_path / "sessions").as_uri())
    monkeypatch.setenv("MODEL", "stand-in")
    yield
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def call() -> Callable[..., tuple[int, Any]]:
    """Call the function by its URL; gives the status and the body of the answer."""
    handler = importlib.import_module("handler").handler

    def send(method: str, path: str, body: Any = None, **given: Any) -> tuple[int, Any]:
        text = None if body is None else json.dumps(body)
        answer = handler(function_url(method, path, text, **given), LambdaContext())
        return answer["statusCode"], json.loads(answer["body"])

    return send


def said(answer: Any) -> str:
    return str(answer["message"]["content"][0]["text"])


def test_it_remembers_what_it_was_told(call: Callable[..., tuple[int, Any]]) -> None:
    assert call("POST", "/sessions/ada", {"message": "My name is Ada."})[0] == 200
    status, answer = call("POST", "/sessions/ada", {"message": "What is my name?"})
    assert (status, said(answer)) == (200, "Your name is Ada.")
    assert said(call("POST", "/sessions/bob", {"message": "Who am I?"})[1]) == (
        "You have not told me your name."
    )


def test_it_looks_up_an_order_with_its_tool(call: Callable[..., tuple[int, Any]]) -> None:
    _, answer = call("POST", "/sessions/ada", {"message": "Where is order A-42?"})
    assert said(answer) == "Order A-42 left the warehouse this morning."
    _, read = call("GET", "/sessions/ada")
    kinds = [next(iter(each["message"]["content"][0])) for each in read["messages"]]
    assert kinds == ["text", "toolUse", "toolResult", "text"]


def test_sessions_are_listed_read_and_deleted(call: Callable[..., tuple[int, Any]]) -> None:
    for name in ("ada", "bob"):
        call("POST", f"/sessions/{name}", {"message": "hello"})
    listed = call("GET", "/sessions")[1]["sessions"]
    assert listed == ["ada", "bob"]
    assert call("DELETE", "/sessions/ada")[0] == 200
    assert call("GET", "/sessions/ada")[0] == 404
    assert len(call("GET", "/sessions")[1]["sessions"]) == 1


@pytest.mark.parametrize("chosen", ["gpt", "no_such_module:model", "json:no_such_name", "json:"])
def test_a_model_that_is_none_fails_in_init_with_its_name(
    chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODEL", chosen)
    with pytest.raises(SystemExit, match=f"MODEL={chosen}"):
        importlib.import_module("handler")


def test_a_model_of_ones_own_is_made_by_its_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL", "stand_in:StandInModel")
    handler = importlib.import_module("handler")
    assert type(handler.MODEL).__name__ == "StandInModel"


def test_bedrock_is_the_model_that_nobody_has_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL")
    monkeypatch.setenv("BEDROCK_MODEL_ID", "global.anthropic.claude-sonnet-4-6")
    model: Any = importlib.import_module("models").chosen_model()
    assert type(model).__name__ == "BedrockModel"
    assert model.get_config()["model_id"] == "global.anthropic.claude-sonnet-4-6"
