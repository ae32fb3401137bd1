"""Handlers over the artefact's `s3sessions.awslambda`, whose model is asked over a wire."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

from s3sessions import Sessions
from s3sessions.awslambda import LambdaTurn, SessionFunction

MADE: list[Sessions] = []


def make_sessions() -> Sessions:
    MADE.append(Sessions())
    return MADE[-1]


wait = float(os.environ.get("WAIT", "5"))
function = SessionFunction(sessions=make_sessions, wait=wait, metrics=None)
MODEL = urlsplit(os.environ["MODEL_URL"]).netloc


def ask_model(messages: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Send the conversation to the model; gives its answer."""
    connection = HTTPConnection(MODEL, timeout=60)
    try:
        connection.request("POST", "/", json.dumps(messages))
        answer: Mapping[str, Any] = json.load(connection.getresponse())
    finally:
        connection.close()
    return answer


def speak(turn: LambdaTurn) -> Mapping[str, Any]:
    """Store what was said, ask the model, and leave its answer to be stored."""
    turn.append({"role": "user", "content": turn.body["message"]})
    return ask_model(list(turn.messages))


http = function.http(speak)
direct = function.direct(speak)
sqs = function.sqs(speak)


def counting(event: Any, context: Any) -> dict[str, Any]:
    """Take the turn, and tell how often the client of the store was made."""
    answer = http(event, context)
    return {**answer, "clients": len(MADE)}
