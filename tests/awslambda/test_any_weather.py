"""Events that come again and again, in processes that die at any request, over a store that fails.

Whatever happens, each event is stored once and answered once, in the order of the answers.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from s3sessions import S3SessionsError, Sessions
from s3sessions.stores.memory import MemoryStore
from s3sessions.testing import Fault, FaultyStore, Rule
from s3sessions.testing.faults import Crash
from tests.awslambda.contexts import LambdaContext
from tests.awslambda.functions import LEASE, Function, contents, keys, talking

FAULTS = (
    *(Fault.CRASH_BEFORE, Fault.CRASH_AFTER, Fault.LOST_ANSWER, Fault.REPEATED),
    *(Fault.REFUSED, Fault.RACE, Fault.TRUNCATED),
)
EVENTS = 4
LIFE = 31.0


class Weather:
    """One run: deliveries until each event is answered, under faults that a seed decides."""

    def __init__(self, seed: int) -> None:
        self._calm = MemoryStore()
        self.store = FaultyStore(self._calm)
        self.answers: dict[str, str] = {}
        self.rivals: list[str] = []
        self._random = random.Random(seed)
        self._now = 1_800_000_000.0
        self._calls = 0

    def run(self) -> None:
        for number in range(EVENTS):
            while f"e{number}" not in self.answers:
                self.deliver(f"e{number}")
            if self._random.random() < 0.5:
                self.deliver(f"e{self._random.randrange(number + 1)}")
            if self._random.random() < 0.3:
                self.speak()
        # A turn that could not be given back has ended by then.
        self._now += LIFE + 1.1
        for name, answer in dict(self.answers).items():
            self.deliver(name, is_lucky=True)
            assert self.answers[name] == answer

    def deliver(self, name: str, *, is_lucky: bool = False) -> None:
        """Deliver an event once: to a process of its own, with bad luck or without."""
        if not is_lucky and self._random.random() < 0.7:
            fault = self._random.choice(FAULTS)
            count = None if fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER) else 1
            self.store.add(Rule(fault, nth=self._random.randint(1, 12), count=count))
        function = Function(self.store, talking(self._think), clock=lambda: self._now, wait=0)
        try:
            answer = function(name, name=name, context=LambdaContext(milliseconds=LIFE * 1000))
        except Crash:
            self._now += LIFE + 1.1
        except S3SessionsError:
            self._now += 10
        else:
            said = answer.message.payload["content"]
            assert self.answers.setdefault(name, said) == said
        self.store.clear()

    def speak(self) -> None:
        """Somebody speaks who takes no turns."""
        self.rivals.append(f"rival {len(self.rivals)}")
        Sessions(store=self._calm).open("s").append({"content": self.rivals[-1]})

    def _think(self, messages: list[dict[str, Any]]) -> str:
        heard = [message["content"] for message in messages]
        assert len(heard) == len(set(heard)), "heard twice"
        if self._random.random() < 0.2:
            self.speak()
        self._calls += 1
        return f"answer {self._calls} to {heard[-1]}"


@pytest.mark.parametrize("seed", range(40))
def test_each_event_is_stored_once_and_answered_once(seed: int) -> None:
    weather = Weather(seed)
    weather.run()
    said = contents(weather.store)
    events = [text for text in said if text.startswith("e")]
    answers = [text for text in said if text.startswith("answer")]
    assert sorted(events) == [f"e{number}" for number in range(EVENTS)]
    assert answers == [weather.answers[f"e{number}"] for number in range(EVENTS)]
    assert [text for text in said if text.startswith("rival")] == weather.rivals
    assert all(said.index(name) < said.index(weather.answers[name]) for name in events)
    assert LEASE not in keys(weather.store)
