"""The first three steps: a writer that dies, one that goes on, and two at the same time."""

from __future__ import annotations

from collections import Counter
from typing import Final

from s3sessions.demo.child import Child
from s3sessions.demo.conversations import AIRLINE
from s3sessions.demo.stage import Stage, spell_requests

__all__ = ["die_in_the_middle", "go_on", "write_together"]

_ACKNOWLEDGED_BEFORE_DEATH: Final = 11
_RIVALS: Final = ("anna", "boris")
_MESSAGES_EACH: Final = 25
_SHARED: Final = "two-writers"


def die_in_the_middle(stage: Stage) -> list[int]:
    """Kill a process within an append; gives the indexes that it had acknowledged."""
    total = len(stage.conversations[AIRLINE].messages)
    stage.step("A process dies in the middle")
    with Child("agent", stage.place, AIRLINE) as child:
        stage.say(
            f"Process {child.pid} appends a real conversation, {total} messages between a "
            "customer and an airline's agent with its tools, one by one."
        )
        child.told("restored")
        child.told("requests")
        acknowledged = []
        for _ in range(_ACKNOWLEDGED_BEFORE_DEATH):
            child.let_go()
            acknowledged.append(child.told("acknowledged"))
        child.let_go()
        child.kill()
        while said := child.told_if_any():
            acknowledged.append(said["acknowledged"])
    stage.say(
        f"It was killed with SIGKILL as it appended message {_ACKNOWLEDGED_BEFORE_DEATH}; "
        f"{len(acknowledged)} messages had been acknowledged, 0 to {acknowledged[-1]}."
    )
    return acknowledged


def go_on(stage: Stage, acknowledged: list[int]) -> None:
    """Let another process restore and finish the conversation."""
    original = stage.conversations[AIRLINE].messages
    stage.step("Another process goes on")
    with Child("agent", stage.place, AIRLINE) as child:
        restored = child.told("restored")
        cost = spell_requests(Counter(child.told("requests")))
        left = len(original) - restored
        child.let_go(left)
        acknowledged += [child.told("acknowledged") for _ in range(left)]
    fate = "had" if restored > _ACKNOWLEDGED_BEFORE_DEATH else "had not"
    stage.say(
        f"Process {child.pid} restored {restored} messages by {cost} (the one that was being "
        f"appended {fate} arrived) and appended the other {left}."
    )
    history = stage.sessions.open(AIRLINE).restore()
    indexes = [message.index for message in history.messages]
    stage.check(
        f"every acknowledged message is there exactly once: {len(set(acknowledged))} of "
        f"{len(acknowledged)}",
        len(set(acknowledged)) == len(acknowledged) and set(acknowledged) <= set(indexes),
    )
    stage.check(
        f"the {len(original)} messages are equal to the original, in order, without a gap",
        history.payloads == original and indexes == list(range(len(original))),
    )


def write_together(stage: Stage) -> None:
    """Let two processes write to one session at the same time."""
    stage.step("Two processes write to the same session at the same time")
    stage.say(
        f"{_MESSAGES_EACH} times both append at the same moment. There is no lock: whoever comes "
        "second to an index is refused by the store and takes the next one."
    )
    acknowledged, cost = _race(stage)
    total = sum(map(len, acknowledged.values()))
    stage.say(
        f"The {total} appends took {cost['put']} PUT, second tries and the session's documents "
        f"among them, and {cost['list']} LIST."
    )
    history = stage.sessions.open(_SHARED).restore()
    found = {
        name: [m.index for m in history.messages if m.payload["name"] == name] for name in _RIVALS
    }
    stage.check(
        f"{total} acknowledged = {len(history.messages)} found",
        found == acknowledged and len(history.messages) == total,
    )
    numbers = [
        [m.payload["number"] for m in history.messages if m.payload["name"] == name]
        for name in _RIVALS
    ]
    turns = sum(
        earlier.payload["name"] != later.payload["name"]
        for earlier, later in zip(history.messages, history.messages[1:], strict=False)
    )
    stage.check(
        f"each writer's messages are in its own order; they take turns {turns} times",
        numbers == [list(range(_MESSAGES_EACH))] * len(_RIVALS),
    )


def _race(stage: Stage) -> tuple[dict[str, list[int]], Counter[str]]:
    """Give what each writer says was acknowledged, and the requests of both."""
    count = f"--count={_MESSAGES_EACH}"
    first, second = (
        Child("rival", stage.place, _SHARED, f"--name={name}", count) for name in _RIVALS
    )
    acknowledged: dict[str, list[int]] = {name: [] for name in _RIVALS}
    cost = Counter[str]()
    with first, second:
        rivals = dict(zip(_RIVALS, (first, second), strict=True))
        for rival in rivals.values():
            rival.told("ready")
        for _ in range(_MESSAGES_EACH):
            for rival in rivals.values():
                rival.let_go()
            for name, rival in rivals.items():
                acknowledged[name].append(rival.told("acknowledged"))
        for rival in rivals.values():
            cost += Counter(rival.told("requests"))
    return acknowledged, cost
