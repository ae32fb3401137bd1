"""What one handle knows of its history: the end, what it has read, and agent.json."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3sessions.dao.archive import read_wherever
from s3sessions.dao.beginning import UNKNOWN, Beginning
from s3sessions.dao.birth import Birth
from s3sessions.dao.documents import Document, Life, life_of_agent
from s3sessions.dao.outline import Outline
from s3sessions.dao.recall import LOOK_BACK, Recall
from s3sessions.dao.scope import Scope
from s3sessions.dao.tail import Tail
from s3sessions.keys import AgentKeys
from s3sessions.models import Message
from s3sessions.record import replace

if TYPE_CHECKING:
    from s3sessions.dao.restore import Restored


class Knowledge:
    """What a handle has learnt by its own reads and writes; it goes stale, and is asked that.

    Attributes:
        recall: the write ids that it has met.
        restored: whether it has restored; it is strict then unless told otherwise.
        tail: the end of the history; None where it never looked.
        agent_document: agent.json as it was last read or written; None where it never was.
        history: history.json likewise.
        beginning: what it says.
        outline: the visible messages.
        open_writes: of history.json, whose outcome is not known.
        life: of the session that all this is known of; None where that does not say.
    """

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self._scope = scope
        self._agent = agent
        self.recall = Recall(scope, agent)
        self.restored = False
        self.tail: Tail | None = None
        self.agent_document: Document | None = None
        self.history: Document | None = None
        self.beginning: Beginning = UNKNOWN
        self.outline = Outline()
        self.open_writes: set[str] = set()
        self.life: Life | None = None

    @property
    def is_whole(self) -> bool:
        """Whether every visible message is known, up to the end."""
        return self.tail is not None and self.outline.read_to == self.tail.next_index

    def learn(self, restored: Restored, *, is_whole: bool) -> None:
        """Take over what a restore found; from now on a conflict is raised by default."""
        self.restored = True
        self.tail = tail = restored.seen.tail
        self.agent_document = restored.agent
        self.history, self.beginning = restored.seen.history, restored.seen.beginning
        self.life = life_of_agent(restored.seen.session, self._agent.agent_id)
        messages = restored.messages
        self.recall.forget()
        self.recall.learn(messages, read_to=tail.next_index)
        self.outline.learn(messages, read_to=tail.next_index)
        if not is_whole:
            self.outline.forget()
            if len(messages) < LOOK_BACK:
                self.recall.read_to = None

    def extend(self, tail: Tail, messages: Sequence[Message]) -> None:
        """Take over what others have appended behind what this handle knew."""
        before = self.tail
        self.tail = tail
        self.recall.extend(messages, read_to=tail.next_index)
        if before is not None:
            self.outline.extend(messages, start=before.next_index, read_to=tail.next_index)

    def appended(self, messages: Sequence[Message], indexes: Sequence[int], tail: Tail) -> None:
        """Take over what this handle has appended at these indexes; `tail` is the end behind it."""
        self.tail = tail
        self.recall.note(messages, next_index=tail.next_index)
        self.outline.extend(messages, start=indexes[0], read_to=tail.next_index)

    def began(self, history: Document, beginning: Beginning) -> None:
        """Take over another beginning, which this handle has written."""
        self.history, self.beginning = history, beginning
        self.outline.begin_at(beginning.first)

    def changed(self, message: Message) -> None:
        """Take over a change in place that this handle made."""
        if self.tail is not None and message.etag is not None:
            self.tail = self.tail.with_version(message.index, message.etag)
        self.outline.changed(message)

    def born(self, tail: Tail, birth: Birth) -> None:
        """Take over which documents were created along with a message."""
        self.tail = replace(tail, missing=birth.failed)
        self.agent_document = birth.agent or self.agent_document
        if birth.session is not None:
            self.life = life_of_agent(birth.session, self._agent.agent_id)
        elif birth.met_a_session_document:
            # Whose life it says is not known: restore before anything is said of the past.
            self.outline.forget()

    async def has_met(self, index: int) -> bool:
        """Tell whether the object there is one that this handle has read or written. 1 GET."""
        stored = await read_wherever(self._scope, self._agent, index)
        return stored is not None and self.recall.knows(stored.write_id, index)

    def trusted_tail(self) -> Tail | None:
        """Give the end if it is known recently enough to put something there unlisted."""
        now, trust = self._scope.clock(), self._scope.settings.trust
        return self.tail if self.tail and self.tail.is_trusted(now, trust) else None

    def distrust(self) -> None:
        """Count as stale: list before anything else is put."""
        if self.tail is not None:
            self.tail = replace(self.tail, known_at=float("-inf"))
