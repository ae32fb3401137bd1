"""One handle at work: what each of its verbs returns, raises and changes, said on the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from s3sessions import AppendConflict, Conflict, MessageNotFound, SessionBusy, SessionDeleted
from tests.machine.model import (
    UNNAMED,
    AgentModel,
    HandleModel,
    Seen,
    SessionModel,
    Slot,
    StateDocument,
    Tail,
)

TRUST = 3600.0
LOOK_BACK = 20


@dataclass
class Turn:
    """One handle at work on one agent at one moment."""

    session: SessionModel
    handle: HandleModel
    now: float

    @property
    def agent(self) -> AgentModel:
        return self.session.agent(self.handle.agent_id)

    @property
    def tail(self) -> Tail:
        assert self.handle.tail is not None
        return self.handle.tail

    def check_there(self) -> None:
        if self.session.refuses(self.handle.agent_id):
            raise SessionDeleted("")

    # Reading

    def restore(
        self, last: int | None, start: int = 0
    ) -> tuple[list[Seen], dict[str, Any], int, set[str]]:
        """Give messages, state, next index, and the documents that are missing."""
        self.check_there()
        self._look()
        messages = self.agent.seen(start=start) if start else self.agent.newest(last)
        self.handle.restored = True
        self.handle.known, self.handle.read, self.handle.read_to = {}, set(), None
        self._note(messages)
        is_whole = not start and (last is None or len(messages) < last)
        if is_whole or len(messages) >= LOOK_BACK:
            self.handle.read_to = self.tail.next_index
        self.handle.document = self.agent.document
        missing = {"session": self.tail.lacks_session, "agent": self.tail.lacks_agent}
        state = self.agent.document.state if self.agent.document else {}
        lacking = {name for name, lacks in missing.items() if lacks}
        return messages, state, self.agent.next_index, lacking

    def refresh(self) -> list[Seen]:
        """Give what others added; the handle extends that from now on."""
        known = self.handle.tail
        if not self.handle.restored or known is None:
            return self.restore(None)[0]
        self.check_there()
        self._check_own_end(known)
        added = self.agent.seen(start=known.next_index)
        self._look()
        if self.handle.read_to is not None:
            self.handle.read_to = self.tail.next_index
        self._note(added)
        return added

    def _check_own_end(self, known: Tail) -> None:
        """Raise where the end is gone, or is changed and this handle never read what it was."""
        if known.newest is None:
            return
        index, version = known.newest
        there = self.agent.slots.get(index)
        if there is None or (there.version != version and index not in self.handle.read):
            raise Conflict("")

    def iterate(self, start: int, stop: int | None) -> list[Seen]:
        self.check_there()
        return self.agent.seen(start=start, stop=stop)

    def read(self, index: int) -> Seen:
        found = {seen.index: seen for seen in self.agent.seen()}
        if index not in found:
            raise MessageNotFound("")
        return found[index]

    # Appending

    def begin(self) -> None:
        """Claim the agent's history: a lease that somebody left is respected until it is over."""
        over = self.agent.lease_until
        if over is not None and self.now < over:
            raise SessionBusy("")
        self.agent.lease_until = None

    def append(self, slots: Sequence[Slot]) -> list[Seen]:
        """Give the messages that are visible together when this returns."""
        is_named = slots[0].write_id != UNNAMED
        while True:
            if is_named and (found := self._all_found(slots)):
                self._write_missing_documents()
                return found
            if not self._is_trusted or (is_named and self._has_unread):
                self._look_again(is_named)
                if is_named and (found := self._all_found(slots)):
                    if not self._has_unseen(found):
                        self._look()
                    self._write_missing_documents()
                    return found
                self._check_unmoved()
                self._look()
            left = [slot for slot in slots if self._find(slot.write_id) is None]
            indexes = self._try_to_create([replace(slot) for slot in left])
            if indexes:
                return self._all_found(slots) if is_named else [self.read(i) for i in indexes]

    @property
    def _is_trusted(self) -> bool:
        tail = self.handle.tail
        return tail is not None and self.now - tail.known_at <= TRUST

    @property
    def _has_unread(self) -> bool:
        return self.handle.read_to != self.tail.next_index

    def _find(self, write_id: str) -> Seen | None:
        index = self.handle.known.get(write_id)
        seen = {seen.index: seen for seen in self.agent.seen()}
        found = None if index is None else seen.get(index)
        if found is None or found.write_id != write_id or write_id == UNNAMED:
            return None
        return found

    def _all_found(self, slots: Sequence[Slot]) -> list[Seen]:
        found = [self._find(slot.write_id) for slot in slots]
        return [] if None in found else [seen for seen in found if seen is not None]

    def _look_again(self, is_named: bool) -> None:
        """List; read what is unread if a write id is looked for."""
        if self.session.refuses(self.handle.agent_id):
            self._refuse()
        if is_named:
            read_to = self.handle.read_to
            unread = self.agent.newest(LOOK_BACK) if read_to is None else self.agent.seen(read_to)
            self._note(unread)
            self.handle.read_to = self.agent.next_index

    def _has_unseen(self, own: Sequence[Seen]) -> bool:
        """Whether others have spoken, too: a strict handle still knows what it knew."""
        if not self.handle.is_strict or self.handle.tail is None:
            return False
        ids = {message.write_id for message in own}
        behind = self.agent.seen(start=self.handle.tail.next_index)
        return any(seen.write_id not in ids for seen in behind)

    def _check_unmoved(self) -> None:
        if self.handle.is_strict and self.handle.tail is not None:
            self._check_newest()
            if self.agent.seen(start=self.handle.tail.next_index):
                raise AppendConflict("")

    def _check_newest(self) -> None:
        """Raise where the newest object that this handle knows is not there in that version."""
        newest = self.tail.newest
        if newest is not None:
            there = self.agent.slots.get(newest[0])
            if there is None or there.version != newest[1]:
                raise AppendConflict("")

    def _look(self) -> None:
        self.handle.tail = Tail(
            *self.agent.end(),
            known_at=self.now,
            lacks_session=not self.session.has_document,
            lacks_agent=self.agent.document is None,
        )
        self.handle.life = self.session.life

    def _note(self, messages: Sequence[Seen]) -> None:
        self.handle.known |= {message.write_id: message.index for message in messages}
        self.handle.read |= {message.index for message in messages}

    def _try_to_create(self, slots: Sequence[Slot]) -> list[int]:
        """Create the members, then the commit and missing documents; nothing: lost, list again."""
        indexes = self.tail.free(len(slots))
        if not self._create_members(slots, indexes):
            return self._lose()
        met_a_mark = self.tail.lacks_session and self.session.refuses(self.handle.agent_id)
        self._write_missing_documents()
        there = self.agent.slots.get(indexes[0])
        if there is not None:
            if len(slots) > 1 or not there.is_delivered_twice(slots[0]):
                return self._lose()
            self._advance(indexes)
            return indexes
        self._commit(slots, indexes)
        if met_a_mark:
            for slot in slots:
                slot.status = "void"
            self._refuse()
        self._advance(indexes)
        return indexes

    def _create_members(self, slots: Sequence[Slot], indexes: Sequence[int]) -> bool:
        """Create each where nothing is; until the commit is there they are dead."""
        taken = False
        for slot, index in zip(slots[1:], indexes[1:], strict=True):
            if index in self.agent.slots:
                taken = True
            else:
                slot.is_dead, slot.commit = True, indexes[0]
                self.agent.slots[index] = slot
        return not taken

    def _refuse(self) -> NoReturn:
        """An append that met a deletion lists before the next one puts anything."""
        if self.handle.tail is not None:
            self._lose()
        raise SessionDeleted("")

    def _lose(self) -> list[int]:
        self.handle.tail = replace(self.tail, known_at=float("-inf"))
        return []

    def _commit(self, slots: Sequence[Slot], indexes: Sequence[int]) -> None:
        self.agent.slots[indexes[0]] = slots[0]
        if len(slots) > 1:
            slots[0].members = tuple(indexes)
            for slot in slots[1:]:
                slot.is_dead = False

    def _advance(self, indexes: Sequence[int]) -> None:
        """Take over an acknowledgement."""
        had_read_all = self.handle.read_to == indexes[0]
        self.handle.read.update(indexes)
        for index in indexes:
            self.handle.known[self.agent.slots[index].write_id] = index
        newest = (indexes[-1], self.agent.slots[indexes[-1]].version)
        self.handle.tail = self.tail.after(newest, self.now)
        if had_read_all:
            self.handle.read_to = self.tail.next_index

    def _write_missing_documents(self) -> None:
        tail = self.tail
        if tail.lacks_session:
            self.session.has_document = True
        if tail.lacks_agent and self.agent.document is None:
            self.handle.document = self.agent.document = StateDocument({})
        self.handle.tail = tail.without_lack()

    # State

    def save_state(self, given: Mapping[str, Any], remove: Sequence[str]) -> dict[str, Any]:
        known = self.handle.document
        there = self.agent.document
        if known is not None:
            changed = _merged(known.state, given, remove)
            if changed == known.state:
                return changed
            if there is not None and there.version == known.version:
                return self._store_state(changed)
        self.check_there()
        self.session.has_document = True
        if there is not None and _merged(there.state, given, remove) == there.state:
            self.handle.document = there
            return there.state
        return self._store_state(_merged(there.state if there else {}, given, remove))

    def _store_state(self, state: dict[str, Any]) -> dict[str, Any]:
        self.handle.document = self.agent.document = StateDocument(state)
        return state


def _merged(
    state: Mapping[str, Any], given: Mapping[str, Any], remove: Sequence[str]
) -> dict[str, Any]:
    return {**{name: value for name, value in state.items() if name not in remove}, **given}
