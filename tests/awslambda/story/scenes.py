"""The three steps: cold containers, a crash and its redelivery, two callers at once."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.awslambda.for_real.events import said
from tests.awslambda.story.stage import Stage
from tests.servers.lambda_runtime import Outcome
from tests.servers.wire import Hold, Rule

ANNA: Final = "anna"
SAYING: Final = ("My name is Anna.", "Where is order A17?", "What is my name?")
QUESTION: Final = "And where is order B42?"

HELD_SECONDS: Final = 30
"""Longest that something on the wire is waited for."""

DOOMED_SECONDS: Final = 3.0
"""Time-out of the container that is killed: so long it could have lived."""

IMPATIENT_SECONDS: Final = 1.5


def talk_to_cold_containers(stage: Stage) -> None:
    """Send each message to a container that has never seen the session."""
    stage.step("A conversation over three cold containers")
    function = stage.function
    for text in SAYING:
        with function.start() as container:
            outcome = container.invoke(said(ANNA, text))
            stage.say(
                f"Container {container.pid}, cold after {milliseconds(container.init_seconds)}, "
                f"is told “{text}” and answers “{answer_of(outcome)}” in "
                f"{milliseconds(outcome.seconds)}: {stage.spell_cost()}."
            )
    stage.say("Each is gone when the next one starts. The bucket holds:")
    stage.show_bucket(ANNA)
    messages = stage.messages(ANNA)
    stage.check(
        "the third container knows what only the first was told", "Anna" in answer_of(outcome)
    )
    stage.check(
        f"{len(messages)} messages, in order, none twice, none lost",
        [message.index for message in messages] == list(range(8)),
    )


def crash_and_deliver_again(stage: Stage) -> None:
    """Kill a container in the middle of a turn, and let its event come again."""
    stage.step("A crash in the middle of a turn, and the event comes again")
    before = len(stage.messages(ANNA))
    function = stage.function
    hold = Hold(before_server=False)
    result = before + 2
    stage.wire.rules([Rule(hold, operation="PutObject", key=f"*/message_{result}.json", count=1)])
    with function.start() as container:
        turn = container.begin(said(ANNA, QUESTION), request_id="event-4", timeout=DOOMED_SECONDS)
        reached = hold.passed.wait(HELD_SECONDS)
        container.crash()
        lost = container.finish(turn)
    hold.released.set()
    stage.wire.rules([])
    stage.spell_cost()
    stage.say(
        f"Container {container.pid} is asked “{QUESTION}”. It is killed with SIGKILL when the "
        f"bucket has message {result}, the tool's result, and before it is told so."
    )
    stage.show_bucket(ANNA, since=before)
    stage.check("the caller has no answer", reached and not lost.ok)
    with function.start() as container:
        again = container.invoke(said(ANNA, QUESTION), request_id="event-4")
        stage.say(
            f"Lambda delivers the same event to container {container.pid}. It waits until the "
            f"dead one's time is over and answers “{answer_of(again)}”, after "
            f"{milliseconds(again.seconds)}: {stage.spell_cost()}."
        )
        calls = stage.count_model_calls()
        third = container.invoke(said(ANNA, QUESTION), request_id="event-4")
        is_unasked = stage.count_model_calls() == calls
        stage.say(
            f"And once more: the same answer in {milliseconds(third.seconds)}, from the bucket: "
            f"{stage.spell_cost()}."
        )
    stage.show_bucket(ANNA, since=before)
    messages = stage.messages(ANNA)
    stage.check(
        "no message twice, none lost: the question, the call, its result and the answer",
        [message.index for message in messages] == list(range(before + 4))
        and "B42" in answer_of(again),
    )
    stage.check(
        "the third delivery was answered with what the second had stored, without a model",
        is_unasked
        and body_of(third)["redelivered"]
        and body_of(third)["index"] == body_of(again)["index"],
    )


def call_at_once(stage: Stage) -> None:
    """Let two callers, and one who cannot wait, speak in a session at the same moment."""
    stage.step("Two callers of one session at once")
    function, session = stage.function, "shared"
    hold = Hold(before_server=True)
    stage.wire.rules([Rule(hold, operation="PutObject", key="*/message_1.json", count=1)])
    with function.start() as one, function.start() as other:
        first = one.begin(said(session, "My name is Boris."))
        reached = hold.reached.wait(HELD_SECONDS)
        calls = stage.count_model_calls()
        with function.start() as third:
            refused = third.invoke(said(session, "Hurry up!"), timeout=IMPATIENT_SECONDS)
        is_unasked = stage.count_model_calls() == calls
        second = other.begin(said(session, "What is my name?"))
        hold.released.set()
        answers = [answer_of(one.finish(first)), answer_of(other.finish(second))]
    stage.wire.rules([])
    cost = stage.spell_cost()
    headers = {name.lower(): value for name, value in refused.payload["headers"].items()}
    stage.say(
        f"While container {one.pid} is at its turn, container {third.pid}, which has "
        f"{IMPATIENT_SECONDS:g} s in all, is told {refused.payload['statusCode']} with "
        f"Retry-After: {headers.get('retry-after')}: {answer_of(refused)}."
    )
    stage.say(
        f"Container {other.pid}, which has time, waits for its turn and then answers "
        f"“{answers[1]}”. All three: {cost}."
    )
    stage.show_bucket(session)
    said_by_users = [
        block["text"]
        for message in stage.messages(session)
        if message.payload["role"] == "user"
        for block in message.payload["content"]
    ]
    stage.check("the second caller's agent knew what the first was told", "Boris" in answers[1])
    stage.check(
        "who was refused left nothing, and was refused before a model was called",
        reached
        and is_unasked
        and refused.payload["statusCode"] == 409
        and said_by_users == ["My name is Boris.", "What is my name?"],
    )


def body_of(outcome: Outcome) -> dict[str, Any]:
    """Give the body of an answer over HTTP; one that has none says why."""
    if not outcome.ok:
        return {"message": {"content": [{"text": f"({outcome.error_type})"}]}}
    body: dict[str, Any] = json.loads(outcome.payload["body"])
    return body


def answer_of(outcome: Outcome) -> str:
    """Give the text of an answer; of a refusal what it says."""
    body = body_of(outcome)
    if "message" not in body:
        return str(body.get("detail"))
    return " ".join(block["text"] for block in body["message"]["content"] if "text" in block)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"
