"""A Hypothesis state machine that drives the public API and a plain model side by side."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from s3sessions import S3SessionsError
from tests.machine import observing
from tests.machine.model import HandleModel
from tests.machine.place import Crash, Place
from tests.machine.turn import Turn
from tests.machine.world import Address, World
from tests.rig import Colour

ADDRESSES: list[Address] = [("", "s")] * 6 + [("", "s/2"), ("t", "s")]
addresses = st.sampled_from(ADDRESSES)
agents = st.sampled_from(["default"] * 4 + ["two"])
handles = st.integers(0, 5)
positions = st.integers(0, 6)
crashes = st.sampled_from([None] * 24 + [(at, done) for at in range(7) for done in (False, True)])
names = st.sampled_from(["x", "y", "z"])

CrashAt: TypeAlias = tuple[int, bool] | None


@dataclass
class Handle:
    """A handle of the product and what the model says that it knows."""

    address: Address
    real: Any
    model: HandleModel


class Machine(RuleBasedStateMachine):
    """What is common to all rules: the two sides, and how a verb is played on both."""

    store = "memory"
    colour: Colour = "sync"

    def __init__(self) -> None:
        super().__init__()
        self.place = Place(self.store, self.colour)
        self.world = World()
        self.handles: list[Handle] = []
        self.reads: list[Any] = []
        self.said = 0

    def teardown(self) -> None:
        self.place.close()

    # Playing a verb

    def sessions(self, under: str) -> Any:
        sessions = self.place.process()
        return sessions.under(under) if under else sessions

    def handle(self, number: int) -> Handle:
        return self.handles[number % len(self.handles)]

    def turn(self, world: World, handle: Handle) -> Turn:
        session = world.session(handle.address)
        return Turn(session, handle.model, self.place.now)

    def knows_another_life(self, handle: Handle) -> bool:
        """Whether the session was deleted since the handle looked; documented not to be noticed."""
        life = self.world.session(handle.address).life
        return handle.model.tail is not None and handle.model.life != life

    def is_being_deleted(self, handle: Handle) -> bool:
        """Whether a deletion that was killed leaves open which objects are there still."""
        return self.world.session(handle.address).refuses(handle.model.agent_id)

    def payload(self) -> dict[str, Any]:
        self.said += 1
        return {"role": "user", "content": [{"text": f"é {self.said}"}], "data": bytes([self.said])}

    def play(
        self,
        address: Address,
        on_model: Callable[[World], Any],
        on_product: Callable[[], Any],
        crash: CrashAt = None,
    ) -> bool:
        """Do the same on both sides; False if the process was killed meanwhile."""
        self.place.now += 1
        before = copy.deepcopy(self.world)
        try:
            expected: Any = on_model(self.world)
        except S3SessionsError as error:
            expected = type(error)
        if crash is not None:
            self.place.fuse.set(crash[0], takes_effect=crash[1])
        try:
            found = on_product()
        except S3SessionsError as error:
            found = type(error)
        except Crash:
            self.place.fuse.set(None, takes_effect=False)
            self.reconcile(address, before)
            return False
        finally:
            self.place.fuse.set(None, takes_effect=False)
        assert found == expected, f"{found}\nis not what the model says: {expected}"
        return True

    def reconcile(self, address: Address, before: World) -> None:
        """After a kill the store holds what was before, or what would be after: nothing else."""
        under, session_id = address
        found = observing.session(self.place, self.sessions(under), session_id)
        for world in (before, self.world):
            session = world.session(address)
            observing.adopt_marks(session, found)
            if observing.agrees(session, found):
                observing.adopt(session, found)
                self.world = world
                return
        raise AssertionError(f"killed, and left {found}\nnot {before}\nand not {self.world}")

    def play_on(
        self,
        handle: Handle,
        on_model: Callable[[Turn], Any],
        on_product: Callable[[Any], Any],
        crash: CrashAt = None,
    ) -> None:
        """Do the same with a handle on both sides; one whose process was killed is no more."""
        is_alive = self.play(
            handle.address,
            lambda world: on_model(self.turn(world, handle)),
            lambda: on_product(handle.real),
            crash,
        )
        if not is_alive:
            self.handles = [other for other in self.handles if other is not handle]

    @invariant()
    def a_fresh_process_restores_what_the_model_holds(self) -> None:
        for address, session in self.world.sessions.items():
            under, session_id = address
            sessions = self.sessions(under)
            for agent_id in list(session.agents):
                real = observing.restored(sessions, session_id, agent_id)
                assert real == observing.expected(session, agent_id)
