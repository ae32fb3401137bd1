"""Agents of Strands in turns on Lambda: asked, kept, and never asked twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from strands import Agent, ToolContext, tool

from s3sessions import (
    AppendConflict,
    DeadlineExceeded,
    InvalidMessage,
    InvalidSettings,
    SessionBusy,
    SessionDeleted,
    Sessions,
)
from s3sessions.awslambda import InvalidAnswer, LambdaTurn, agent_turn
from s3sessions.awslambda.refusals import BadRequest
from s3sessions.integrations.strands import S3SessionManager
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import LEASE, Function, keys, stored
from tests.integrations.strands.agents import (
    Scripted,
    Step,
    agent_of,
    calls,
    clock,
    says,
    texts,
)

RAN: list[str] = []


@tool(context=True)
def transfer(tool_context: ToolContext) -> str:
    """Move money, once somebody has agreed."""
    said = tool_context.interrupt("agree", reason={"amount": 7})
    RAN.append(str(said))
    return f"moved: {said}"


@pytest.fixture(autouse=True)
def _nothing_has_run() -> None:
    RAN.clear()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


class Builder:
    """Builds an agent for each turn, whose model does what the steps say.

    Attributes:
        built: the agents, in order.
    """

    def __init__(self, *steps: Step, **options: Any) -> None:
        self.built: list[Agent] = []
        self._steps = steps
        self._options = {"tools": [clock, transfer], **options}

    def __call__(self, turn: LambdaTurn) -> Agent:
        self.built.append(agent_of(turn.manager(), *self._steps, **self._options))
        return self.built[-1]

    @property
    def heard(self) -> list[Any]:
        """What the models heard, in all turns."""
        models: list[Any] = [agent.model for agent in self.built]
        return [texts(messages) for model in models for messages in model.heard]


def function(store: Any, *steps: Step, **options: Any) -> tuple[Function, Builder]:
    builder = Builder(*steps)
    return Function(store, agent_turn(builder), **options), builder


def said(store: Any) -> list[str]:
    return texts([message.payload for message in stored(store)])


def test_an_agent_answers_a_turn_and_goes_on_in_the_next(store: MemoryStore) -> None:
    first, _ = function(store, says("one"))
    answer = first("hi", name="r1")
    assert texts([answer.message.payload]) == ["one"]
    assert answer.message == stored(store)[-1]
    second, builder = function(store, says("two"))
    second("and now", name="r2")
    assert builder.heard == [["hi", "one", "and now"]]
    assert said(store) == ["hi", "one", "and now", "two"]
    assert LEASE not in keys(store)


def test_an_agent_may_be_asked_by_content_blocks(store: MemoryStore) -> None:
    talk, builder = function(store)
    blocks = [{"text": "look"}, {"image": image()}, {"document": document()}]
    talk(body={"message": blocks})
    (message,) = builder.built[0].messages[:1]
    assert message["content"] == blocks
    assert stored(store)[0].payload["content"] == blocks


LOCATION = {"location": {"type": "s3", "uri": "s3://bucket/session_of_another"}}


def image(**changes: Any) -> dict[str, Any]:
    return {"format": "png", "source": {"bytes": b"\x89PNG"}, **changes}


def document(**changes: Any) -> dict[str, Any]:
    return {"format": "txt", "name": "notes (1)", "source": {"bytes": b"hello"}, **changes}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": None},
        {"message": ""},
        {"message": "  "},
        {"message": 7},
        {"message": {"text": "hi"}},
        {"message": []},
        {"message": ["hi"]},
        {"message": [{}]},
        {"message": [{"text": 7}]},
        {"message": [{"text": "a", "image": {}}]},
        {"message": [{"toolResult": {"toolUseId": "t1", "content": []}}]},
        {"message": [{"toolUse": {"toolUseId": "t1", "name": "transfer", "input": {}}}]},
        {"message": [{"interruptResponse": {"response": "yes"}}]},
        {"message": [{"text": ""}]},
        {"message": [{"text": " "}]},
        {"message": [{"text": "look", "image": image()}]},
        {"message": [{"image": {}}]},
        {"message": [{"image": {"format": "png"}}]},
        {"message": [{"image": image(format=5)}]},
        {"message": [{"image": image(format="exe")}]},
        {"message": [{"image": image(source="x")}]},
        {"message": [{"image": image(source={"bytes": "x"})}]},
        {"message": [{"image": image(source={"bytes": b""})}]},
        {"message": [{"image": image(source=LOCATION)}]},
        {"message": [{"image": image(source={"bytes": b"x", **LOCATION})}]},
        {"message": [{"video": {"format": "mp4", "source": LOCATION}}]},
        {"message": [{"text": "read"}, {"document": document(source=LOCATION)}]},
        {"message": [{"text": "read"}, {"document": document(name="")}]},
        {"message": [{"text": "read"}, {"document": document(name="a  b")}]},
        {"message": [{"text": "read"}, {"document": document(name="a/b.txt")}]},
        {"message": [{"document": document()}]},
    ],
)
def test_what_is_no_message_is_refused_before_any_request(store: MemoryStore, body: Any) -> None:
    talk, builder = function(store)
    with pytest.raises(InvalidMessage, match="`message` is to be a text"):
        talk(body=body)
    assert (builder.built, talk.sessions.requests.total) == ([], 0)


def test_a_turn_of_an_agent_restores_once(store: MemoryStore) -> None:
    talk, _ = function(store)
    talk("hi", name="r1")
    before = talk.sessions.requests.by_verb
    talk("hi", name="r2")
    after = talk.sessions.requests.by_verb
    documents, messages, look = 2, 2, 1
    assert {verb: after[verb] - before.get(verb, 0) for verb in after} == {
        "list": 1,
        "get": documents + messages + look,
        "put": 1 + 2,
        "delete": 1,
    }


def test_an_event_that_was_answered_is_answered_again_without_a_model(store: MemoryStore) -> None:
    function(store, says("first"))[0]("hi", name="r1")
    function(store, says("second"))[0]("more", name="r2")
    talk, builder = function(store, says("another"))
    again = talk("hi", name="r1")
    assert again.is_redelivery
    assert texts([again.message.payload]) == ["first"]
    assert builder.heard == []
    assert said(store) == ["hi", "first", "more", "second"]


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("nth", range(1, 7))
def test_a_process_may_die_at_any_write_and_the_event_comes_again(nth: int, fault: Fault) -> None:
    store = FaultyStore(MemoryStore())

    def build(turn: LambdaTurn) -> Agent:
        def think() -> Any:
            is_told = "toolResult" in agent.messages[-1]["content"][0]
            return says("at noon") if is_told else calls("clock")

        agent = agent_of(turn.manager(), think, think, tools=[clock])
        return agent

    talk = agent_turn(build)
    now = 1_800_000_000.0
    Function(store, talk, clock=lambda: now)("what time is it?", name="r0")
    store.add(Rule(fault, verb="put", nth=nth, count=None))
    try:
        Function(store, talk, clock=lambda: now)("and now?", name="r1")
    except Crash:
        now += 32
    store.clear()
    answer = Function(store, talk, clock=lambda: now)("and now?", name="r1")
    assert texts([answer.message.payload]) == ["at noon"]
    turn = ["<toolUse>", "<toolResult>", "at noon"]
    assert said(store) == ["what time is it?", *turn, "and now?", *turn]


def test_a_turn_that_was_cut_off_is_asked_anew_where_others_have_spoken_since() -> None:
    store, now = FaultyStore(MemoryStore()), 1_800_000_000.0
    store.add(Rule(Fault.CRASH_BEFORE, verb="put", key="*/message_2.json", count=None))
    with pytest.raises(Crash):
        function(store, calls("clock"), clock=lambda: now)[0]("the time?", name="r1")
    store.clear()
    now += 32
    function(store, says("between"), clock=lambda: now)[0]("and I?", name="r2")
    answer = function(store, says("at noon"), clock=lambda: now)[0]("the time?", name="r1")
    assert texts([answer.message.payload]) == ["at noon"]
    assert not answer.is_redelivery
    begun = ["the time?", "<toolUse>", "<toolResult>", "and I?", "between"]
    assert said(store) == [*begun, "the time?", "at noon"]


def test_what_an_agent_waits_to_be_told_is_the_answer_until_it_is_told(store: MemoryStore) -> None:
    asked = function(store, calls("transfer"))[0]("send 7", name="r1")
    (interrupt,) = asked.interrupts
    assert (interrupt["name"], interrupt["reason"]) == ("agree", {"amount": 7})
    assert said(store) == ["send 7", "<toolUse>"]
    again = function(store)[0]("send 7", name="r1")
    assert again.is_redelivery
    assert (again.message, again.interrupts) == (asked.message, asked.interrupts)
    for message in ("something else", [{"interruptResponse": respond("x", "yes")}]):
        with pytest.raises(InvalidMessage, match=interrupt["id"]):
            function(store)[0](body={"message": message}, name="r2")
    body = {"message": [{"interruptResponse": respond(interrupt["id"], "yes")}]}
    done = function(store, says("done"))[0](body=body, name="r3")
    assert done.interrupts == ()
    assert RAN == ["yes"]
    assert said(store) == ["send 7", "<toolUse>", "<toolResult>", "done"]
    twice = function(store, says("never"))[0](body=body, name="r3")
    assert twice.is_redelivery
    assert texts([twice.message.payload]) == ["done"]
    assert RAN == ["yes"]


def test_a_question_that_was_told_since_is_answered_again_without_a_model(
    store: MemoryStore,
) -> None:
    asked = function(store, calls("transfer"))[0]("send 7", name="r1")
    body = {"message": [{"interruptResponse": respond(asked.interrupts[0]["id"], "yes")}]}
    function(store, says("done"))[0](body=body, name="r2")
    talk, builder = function(store, says("never"))
    again = talk("send 7", name="r1")
    assert again.is_redelivery
    assert (again.message, again.interrupts, builder.heard) == (asked.message, (), [])
    assert said(store) == ["send 7", "<toolUse>", "<toolResult>", "done"]


def test_of_two_questions_each_may_be_told_in_a_turn_of_its_own(store: MemoryStore) -> None:
    one: Any = calls("transfer", "t1")
    other: Any = calls("transfer", "t2")
    asked = function(store, [*one[:-1], *other[1:]])[0]("send 7 twice", name="r1")
    first, second = asked.interrupts
    bodies = [
        {"message": [{"interruptResponse": respond(interrupt["id"], "yes")}]}
        for interrupt in (first, second)
    ]
    for _ in range(2):
        still = function(store)[0](body=bodies[0], name="r2")
        assert (still.message, still.interrupts) == (asked.message, (second,))
    done = function(store, says("done"))[0](body=bodies[1], name="r3")
    assert texts([done.message.payload]) == ["done"]
    assert done.interrupts == ()
    assert len(RAN) == 2


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
@pytest.mark.parametrize("nth", range(1, 7))
def test_a_process_that_was_told_may_die_at_any_write(nth: int, fault: Fault) -> None:
    store, now = FaultyStore(MemoryStore()), 1_800_000_000.0
    steps = [calls("transfer"), says("done")]
    asked = Function(store, agent_turn(Builder(steps[0])), clock=lambda: now)("send", name="r1")
    body = {"message": [{"interruptResponse": respond(asked.interrupts[0]["id"], "yes")}]}
    store.add(Rule(fault, verb="put", nth=nth, count=None))
    try:
        Function(store, agent_turn(Builder(steps[1])), clock=lambda: now)(body=body, name="r2")
    except Crash:
        now += 32
    store.clear()
    done = Function(store, agent_turn(Builder(steps[1])), clock=lambda: now)(body=body, name="r2")
    assert texts([done.message.payload]) == ["done"]
    assert done.interrupts == ()
    assert said(store) == ["send", "<toolUse>", "<toolResult>", "done"]


def respond(interrupt_id: str, response: str) -> dict[str, str]:
    return {"interruptId": interrupt_id, "response": response}


def test_an_agent_that_waits_for_nothing_is_told_nothing(store: MemoryStore) -> None:
    talk, _ = function(store)
    with pytest.raises(InvalidMessage, match="waits for no interruptResponse"):
        talk(body={"message": [{"interruptResponse": respond("x", "yes")}]})
    assert keys(store) == []


def during(act: Callable[[], object], text: str = "said") -> Callable[[], Any]:
    """The model answers, and something happens meanwhile."""

    def think() -> Any:
        act()
        return says(text)

    return think


def test_a_writer_that_takes_no_turn_makes_the_agent_run_again(store: MemoryStore) -> None:
    times = iter([True, False])

    def speak() -> None:
        if next(times):
            message = {"role": "user", "content": [{"text": "by the way"}]}
            Sessions(store=store).open("s").append(message)

    talk, builder = function(store, during(speak))
    talk("hi")
    assert len(builder.built) == 2
    assert said(store)[:2] == ["hi", "by the way"]
    assert said(store)[-1] == "said"
    assert LEASE not in keys(store)


def test_a_conflict_that_strands_has_wrapped_is_raised_as_it_was(store: MemoryStore) -> None:
    def speak() -> None:
        message = {"role": "user", "content": [{"text": "by the way"}]}
        Sessions(store=store).open("s").append(message)

    talk, _ = function(store, during(speak), retries=0)
    with pytest.raises(AppendConflict):
        talk("hi")


def test_a_second_invocation_is_told_before_its_model_is_called(store: MemoryStore) -> None:
    second, builder = function(store, wait=0)

    def call_again() -> None:
        with pytest.raises(SessionBusy):
            second("too", name="r2")

    function(store, during(call_again))[0]("hi", name="r1")
    assert builder.built == []
    assert said(store) == ["hi", "said"]


def test_a_session_that_is_deleted_under_an_agent_is_not_brought_back(store: MemoryStore) -> None:
    function(store)[0]("before", name="r0")
    talk, _ = function(store, during(lambda: Sessions(store=store).delete("s")))
    with pytest.raises(SessionDeleted):
        talk("hi", name="r1")
    assert said(store) == []


def test_past_its_time_an_agent_stores_nothing_more(store: MemoryStore) -> None:
    context = LambdaContext(milliseconds=10_000)
    talk, _ = function(store, during(lambda: context.pass_time(9.6)), reserve=0.5)
    with pytest.raises(DeadlineExceeded):
        talk("hi", context=context)
    assert said(store) == ["hi"]
    assert LEASE not in keys(store)


def test_an_error_of_a_model_leaves_and_the_turn_is_given_back(store: MemoryStore) -> None:
    talk, _ = function(store, ZeroDivisionError("mine"))
    with pytest.raises(Exception, match="mine") as caught:
        talk("hi")
    assert isinstance(caught.value.__cause__ or caught.value, ZeroDivisionError)
    assert LEASE not in keys(store)


def test_an_agent_has_the_id_that_the_turn_is_of(store: MemoryStore) -> None:
    builder = Builder(agent_id="support")
    talk = Function(store, agent_turn(builder))
    with pytest.raises(InvalidSettings, match=r"agent_id=turn\.agent_id"):
        talk()
    with pytest.raises(BadRequest, match="there is no agent 'sales' here: name 'support'"):
        talk(body={"message": "hi", "agent": "sales"}, agent_id="sales")
    talk(agent_id="support")
    assert [key for key in keys(store) if "agent_default" in key] == []


def test_a_builder_gives_an_agent_that_is_kept_by_the_turn(store: MemoryStore) -> None:
    with pytest.raises(InvalidAnswer, match="return an Agent"):
        Function(store, agent_turn(lambda turn: "no agent"))()
    with pytest.raises(InvalidAnswer, match=r"session_manager=turn\.manager\(\)"):
        Function(store, agent_turn(lambda turn: Agent(callback_handler=None)))()
    assert keys(store) == []


@pytest.mark.parametrize("options", [{"turns": True}, {"on_error": "log"}])
def test_a_manager_that_would_wait_for_its_own_turn_or_lose_an_answer_is_refused(
    store: MemoryStore, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidSettings, match="neither turns nor on_error"):
        Function(store, agent_turn(lambda turn: agent_of(turn.manager(**options))))()
    assert keys(store) == []


def test_a_model_that_keeps_the_conversation_itself_answers_too(store: MemoryStore) -> None:
    for _ in range(2):
        builder = Builder(model=Scripted(says("one"), is_stateful=True))
        answer = Function(store, agent_turn(builder))("hi", name="r1")
        assert texts([answer.message.payload]) == ["one"]
    assert answer.is_redelivery
    assert said(store) == ["hi", "one"]


def test_no_thread_outlives_a_turn_of_an_agent(store: MemoryStore) -> None:
    S3SessionManager("s", sessions=Sessions(store=store)).end_threads()
    before = set(threading.enumerate())
    function(store)[0]("hi")
    assert {thread for thread in threading.enumerate() if thread not in before} == set()
