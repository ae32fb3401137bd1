"""The rules for handles: speaking, reading and saving, by one that knows much or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from tests.machine import observing
from tests.machine.machine import (
    CrashAt,
    Handle,
    Machine,
    addresses,
    agents,
    crashes,
    handles,
    names,
    positions,
)
from tests.machine.model import UNNAMED, HandleModel, Seen, Slot
from tests.machine.observing import NAMED
from tests.machine.turn import Turn
from tests.machine.world import Address

LEASE = 90.5

write_ids = st.sampled_from(["none", "none", "new", "old", "old"])


class Verbs(Machine):
    """Opens handles and uses them."""

    @initialize()
    def begin_with_handles(self) -> None:
        """Have some that share a history from the first rule on."""
        for on_conflict in (None, None, "rebase", "raise"):
            self.handles.append(self.opened(("", "s"), "default", on_conflict))

    @rule(
        address=addresses,
        agent_id=agents,
        on_conflict=st.sampled_from([None, None, "raise", "rebase"]),
    )
    def open(self, address: Address, agent_id: str, on_conflict: Any) -> None:
        self.handles = [*self.handles, self.opened(address, agent_id, on_conflict)][-6:]

    def opened(self, address: Address, agent_id: str, on_conflict: str | None) -> Handle:
        under, session_id = address
        real = self.sessions(under).open(session_id, agent_id, on_conflict=on_conflict)
        self.world.session(address).agent(agent_id)
        return Handle(address, real, HandleModel(session_id, agent_id, on_conflict))

    @rule(address=addresses, agent_id=agents, count=st.integers(1, 3))
    def somebody_else_speaks(self, address: Address, agent_id: str, count: int) -> None:
        handle = self.opened(address, agent_id, None)
        for _ in range(count):
            self.say(handle, None, None, None, None)

    @precondition(lambda self: self.handles)
    @rule(number=handles, crash=crashes)
    def append(self, number: int, crash: CrashAt) -> None:
        self.say(self.handle(number), None, None, None, crash)

    @precondition(lambda self: self.handles)
    @rule(number=handles, position=positions, crash=crashes)
    def append_what_may_be_there(self, number: int, position: int, crash: CrashAt) -> None:
        handle = self.handle(number)
        self.say(handle, self.write_id(handle, "old", position), None, None, crash)

    @precondition(lambda self: self.handles)
    @rule(
        number=handles,
        write_id=write_ids,
        position=positions,
        status=st.sampled_from([None, None, "partial"]),
        made=st.sampled_from([None, datetime(2020, 1, 1, tzinfo=UTC)]),
        crash=crashes,
    )
    def append_in_any_way(
        self,
        number: int,
        write_id: str,
        position: int,
        status: str | None,
        made: datetime | None,
        crash: CrashAt,
    ) -> None:
        handle = self.handle(number)
        self.say(handle, self.write_id(handle, write_id, position), status, made, crash)

    def say(
        self,
        handle: Handle,
        stamp: str | None,
        status: str | None,
        made: datetime | None,
        crash: CrashAt,
    ) -> None:
        payload = self.payload()

        def on_model(turn: Turn) -> list[Seen]:
            created_at = made or datetime.fromtimestamp(turn.now, UTC)
            return turn.append([Slot(payload, stamp or UNNAMED, created_at, status)])

        def on_product(chat: Any) -> list[Seen]:
            message = chat.append(payload, write_id=stamp, created_at=made, status=status)
            return [observing.seen(message)]

        self.play_on(handle, on_model, on_product, crash)

    @precondition(lambda self: self.handles)
    @rule(number=handles, crash=crashes)
    def append_in_a_turn(self, number: int, crash: CrashAt) -> None:
        handle, payload = self.handle(number), self.payload()
        if self.is_being_deleted(handle):
            return

        def on_model(turn: Turn) -> list[Seen]:
            turn.begin()
            return turn.append([Slot(payload, UNNAMED, datetime.fromtimestamp(turn.now, UTC))])

        def on_product(chat: Any) -> list[Seen]:
            turn = chat.turn(lease=LEASE)
            return self.place.within(turn, lambda: [observing.seen(chat.append(payload))])

        self.play_on(handle, on_model, on_product, crash)

    @precondition(lambda self: self.handles)
    @rule(
        number=handles,
        count=st.integers(1, 4),
        write_id=write_ids,
        position=positions,
        crash=crashes,
    )
    def append_many(
        self, number: int, count: int, write_id: str, position: int, crash: CrashAt
    ) -> None:
        handle = self.handle(number)
        stamp = self.write_id(handle, write_id, position)
        stamp = stamp and stamp.partition("/")[0]
        payloads = [self.payload() for _ in range(count)]

        def on_model(turn: Turn) -> list[Seen]:
            created_at = datetime.fromtimestamp(turn.now, UTC)
            stamps = [f"{stamp}/{at}" if stamp else UNNAMED for at in range(count)]
            return turn.append(
                [Slot(p, s, created_at) for p, s in zip(payloads, stamps, strict=True)]
            )

        def on_product(chat: Any) -> list[Seen]:
            return [observing.seen(m) for m in chat.append_many(payloads, write_id=stamp)]

        self.play_on(handle, on_model, on_product, crash)

    def write_id(self, handle: Handle, kind: str, position: int) -> str | None:
        """Give none, a new one, or one that is stored already and that this handle may know."""
        if kind == "none":
            return None
        session = self.world.session(handle.address)
        every = session.agent(handle.model.agent_id).seen()
        there = [seen.write_id for seen in every if seen.write_id != UNNAMED]
        can_tell = not session.refuses(handle.model.agent_id) and not self.knows_another_life(
            handle
        )
        if kind == "old" and there and can_tell:
            return there[position % len(there)]
        return f"{NAMED}{self.said}"

    @precondition(lambda self: self.handles)
    @rule(number=handles, last=st.none() | st.integers(0, 4))
    def restore(self, number: int, last: int | None) -> None:
        def on_product(chat: Any) -> Any:
            history = chat.restore(last=last)
            messages = [observing.seen(message) for message in history.messages]
            return messages, history.state, history.next_index, set(history.missing)

        self.play_on(self.handle(number), lambda turn: turn.restore(last), on_product)

    @precondition(lambda self: self.handles)
    @rule(number=handles, start=positions, is_told=st.booleans())
    def restore_from(self, number: int, start: int, is_told: bool) -> None:
        def on_product(chat: Any) -> Any:
            history = chat.restore(start=(lambda fields: start) if is_told else start)
            messages = [observing.seen(message) for message in history.messages]
            return messages, history.state, history.next_index, set(history.missing)

        self.play_on(self.handle(number), lambda turn: turn.restore(None, start), on_product)

    @precondition(lambda self: self.handles)
    @rule(number=handles)
    def refresh(self, number: int) -> None:
        handle = self.handle(number)
        if self.knows_another_life(handle):
            return
        self.play_on(
            handle,
            lambda turn: turn.refresh(),
            lambda chat: [observing.seen(message) for message in chat.refresh()],
        )

    @precondition(lambda self: self.handles)
    @rule(number=handles, start=positions, stop=st.none() | positions)
    def iterate(self, number: int, start: int, stop: int | None) -> None:
        def on_product(chat: Any) -> list[Seen]:
            return [observing.seen(m) for m in chat.iterate(start=start, stop=stop)]

        self.play_on(self.handle(number), lambda turn: turn.iterate(start, stop), on_product)

    @precondition(lambda self: self.handles)
    @rule(number=handles, index=positions)
    def read(self, number: int, index: int) -> None:
        handle = self.handle(number)
        if self.is_being_deleted(handle):
            return
        self.play_on(
            handle,
            lambda turn: turn.read(index),
            lambda chat: observing.seen(chat.read(index)),
        )

    @precondition(lambda self: self.handles)
    @rule(
        number=handles,
        given=st.dictionaries(names, st.integers(0, 2), max_size=2),
        remove=st.lists(names, max_size=2),
        crash=crashes,
    )
    def save_state(
        self, number: int, given: dict[str, int], remove: list[str], crash: CrashAt
    ) -> None:
        self.play_on(
            self.handle(number),
            lambda turn: turn.save_state(given, remove),
            lambda chat: chat.save_state(given, remove=remove),
            crash,
        )
