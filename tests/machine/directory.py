"""The rules for sessions: creating, deleting, listing and looking up, and time that passes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from s3sessions import SessionDeleted, SessionNotFound
from tests.machine.machine import CrashAt, Machine, addresses, agents, crashes
from tests.machine.world import Address


class Directory(Machine):
    """Makes sessions, ends them and looks around."""

    @rule(address=addresses, crash=crashes)
    def create(self, address: Address, crash: CrashAt) -> None:
        under, session_id = address
        self.play(
            address,
            lambda world: world.create(address),
            lambda: self.sessions(under).create(session_id),
            crash,
        )

    @rule(
        address=addresses,
        agent_id=st.none() | agents,
        crash=crashes,
        verb=st.sampled_from(["delete", "purge", None, None]),
    )
    def delete(
        self, address: Address, agent_id: str | None, crash: CrashAt, verb: str | None
    ) -> None:
        if verb is None:
            return
        under, session_id = address

        def on_product() -> None:
            report = getattr(self.sessions(under), verb)(session_id, agent=agent_id)
            assert (report.session_id, report.agent_id) == (session_id, agent_id)

        self.play(address, lambda world: world.delete(address, agent_id), on_product, crash)

    @rule(seconds=st.sampled_from([60, 3_500, 7_200]))
    def let_time_pass(self, seconds: int) -> None:
        self.place.now += seconds

    @rule(under=st.sampled_from(["", "", "t"]), address=addresses)
    def look_around(self, under: str, address: Address) -> None:
        self.look_at_all_sessions(under)
        self.look_for_the_latest(under)
        self.look_at_a_session(address)

    def look_at_all_sessions(self, under: str) -> None:
        there = self.world.there(under)
        sessions = self.sessions(under)
        assert sorted(ref.id for ref in sessions.list()) == sorted(there)
        sizes = {size.id: size for size in sessions.sizes()}
        assert {i: size.messages for i, size in sizes.items()} == {
            i: sum(len(agent.slots) for agent in session.agents.values())
            for i, session in there.items()
        }
        stats = sessions.stats()
        messages = sum(size.messages for size in sizes.values())
        assert (stats.sessions, stats.messages) == (len(there), messages)
        for session_id in there:
            assert sessions.resolve(session_id) == session_id

    def look_for_the_latest(self, under: str) -> None:
        sessions = self.sessions(under)
        there = {i: s for i, s in self.world.there(under).items() if not s.is_deleting}
        spoken = [
            size.last_active
            for size in sessions.sizes()
            if size.id in there and any(agent.seen() for agent in there[size.id].agents.values())
        ]
        latest = sessions.latest()
        if spoken:
            assert latest.last_active == max(spoken)

    def look_at_a_session(self, address: Address) -> None:
        under, session_id = address
        session = self.world.session(address)
        there = {i: len(a.slots) for i, a in session.agents.items() if a.is_there}

        def on_model(_: Any) -> dict[str, int]:
            if not session.is_there:
                raise SessionNotFound("")
            if session.is_deleting:
                raise SessionDeleted("")
            return there

        sessions = self.sessions(under)
        self.play(address, on_model, lambda: sessions.info(session_id).agents)
        assert list(sessions.agents(session_id)) == sorted(there)
