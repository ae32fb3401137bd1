"""Many events of one session, of which any dies anywhere and comes again at any time."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from s3sessions import AppendConflict, Sessions
from s3sessions.awslambda import Answer, LambdaTurn
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.awslambda.functions import Function, contents

EVENTS = ("r0", "r1", "r2", "r3", "r4")
FAULTS = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.REPEATED)
VERBS = ("*", "put", "get", "list", "delete")


class ModelFailed(Exception):
    """What a model raises that is throttled, say."""


@dataclass
class Queue:
    """Delivers the events of a session, in an order and with faults that a seed chooses."""

    chance: random.Random
    store: FaultyStore = field(default_factory=lambda: FaultyStore(MemoryStore()))
    now: float = 1_800_000_000.0
    first: dict[str, Answer] = field(default_factory=dict)

    def deliver(self, event: str, *, faults: bool) -> bool:
        """Deliver an event; tell whether it was answered."""
        self.store.clear()
        if faults:
            fault, verb = self.chance.choice(FAULTS), self.chance.choice(VERBS)
            self.store.add(Rule(fault, verb=verb, nth=self.chance.randint(1, 9), count=None))
        function = Function(self.store, self._talk, clock=lambda: self.now, wait=0.0)
        try:
            answer = function(f"says {event}", name=event)
        except (Crash, ModelFailed, AppendConflict):
            # Whoever died is dead for Lambda, too, before its event comes again.
            self.now += 60
            return False
        known = self.first.setdefault(event, answer)
        assert answer.message == known.message
        # The first that is heard of may be of a turn that died once its answer was stored.
        assert answer.is_redelivery or answer is known
        return True

    def intrude(self, text: str) -> None:
        """Let somebody speak who takes no turn."""
        self.store.clear()
        chat = Sessions(store=self.store, clock=lambda: self.now).open("s")
        chat.append({"role": "user", "content": text})

    def _talk(self, turn: LambdaTurn) -> dict[str, str]:
        said = turn.body["message"]
        turn.append({"role": "user", "content": said})
        heard = [payload["content"] for payload in turn.messages]
        assert (heard[-1], heard.count(said)) == (said, 1)
        if self.chance.random() < 0.2:
            raise ModelFailed
        return {"role": "assistant", "content": f"an answer to: {said}"}


@pytest.mark.parametrize("seed", range(30))
def test_each_event_is_answered_once_whatever_dies_and_whenever_it_comes_again(seed: int) -> None:
    chance = random.Random(seed)
    queue, waiting, intruders = Queue(chance), list(EVENTS), []
    for number in range(60):
        if not waiting:
            break
        event = chance.choice(waiting)
        # Some come again although they were answered.
        if queue.deliver(event, faults=number < 40) and chance.random() < 0.6:
            waiting.remove(event)
        if chance.random() < 0.1:
            intruders.append(f"intruder {number}")
            queue.intrude(intruders[-1])
    assert waiting == []
    queue.store.clear()
    said = [f"says {event}" for event in EVENTS]
    expected = [*said, *(f"an answer to: {each}" for each in said), *intruders]
    assert Counter(contents(queue.store)) == Counter(expected)
