"""history.json, which says where a history begins: what is wrong with it, and with what it says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial

from s3sessions.dao.beginning import WHOLE, Beginning, beginning_of, fits
from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.doctor.messages import Examination, unreadable
from s3sessions.dao.doctor.repairs import (
    lower_beginning,
    next_index,
    past_end,
    show_all,
    take_left_behind,
)
from s3sessions.dao.documents import Document
from s3sessions.dao.scope import Scope
from s3sessions.errors import UnsupportedVersion
from s3sessions.health import FindingKind
from s3sessions.keys import AgentKeys, SessionKeys


@dataclass(frozen=True, slots=True)
class HistoryDocument:
    """One look at an agent's history.json, read beside session.json."""

    scope: Scope
    session: SessionKeys
    agent: AgentKeys
    document: Document
    session_document: Document | None

    async def beginning(self) -> Beginning:
        """Give where the history begins, as readers take it.

        Requests: none; 1 LIST for each 1,000 messages, and a few GET, without a session.json.
        """
        if self.session_document is None and not await self._fits():
            return WHOLE
        return beginning_of(self.document, self.session_document, self.agent.agent_id)

    async def _fits(self) -> bool:
        """Tell whether it can be of the life of what is listed; what is damaged says nothing."""
        if self.document.corrupt is not None:
            return True
        return fits(self.document, await next_index(self.scope, self.agent))

    async def cases(self, messages: Examination) -> AsyncGenerator[Case, None]:
        """Give a case for what is wrong, once the messages have been looked at.

        Requests: none; 1 LIST for each 1,000 messages, and a few GET, where readers see none.
        """
        if isinstance(self.document.corrupt, UnsupportedVersion):
            yield unreadable(self._patient, self.document.corrupt)
        elif self.document.corrupt is not None:
            yield self._corrupt(messages)
        elif messages.beginning is WHOLE:
            # Without a message, all that stands here is a case of its own.
            if messages.listing.shown or self.session_document is not None:
                yield self._left_behind()
        elif messages.beginning.first and not messages.sees_any:
            end = await past_end(self.scope, self.agent, self.document)
            if end is not None:
                yield self._past_end(messages.beginning.first, end)

    @property
    def _patient(self) -> Patient:
        return Patient(self.agent.session_id, self.agent.agent_id)

    def _corrupt(self, messages: Examination) -> Case:
        what = (
            "history.json cannot be read: every message that is stored is shown again, hidden and "
            "replaced ones too, the summary and the usage of hidden ones are not known, and "
            "nobody can truncate"
        )
        replacing = messages.replacing
        if len(replacing) > 1:
            return self._patient.case(
                FindingKind.CORRUPT_OBJECT,
                self.agent.history,
                what,
                f"put back an old version or a backup: batches at {_listed(replacing)} were to "
                "replace the history, and only history.json knows which of them has",
            )
        remedy = "it is taken away, and everything stays shown"
        if replacing:
            remedy = f"it is written anew: the replacement at {_listed(replacing)} stays shown, too"
        return self._patient.case(
            FindingKind.CORRUPT_OBJECT,
            self.agent.history,
            what,
            f"{remedy}; an old version or a backup of it would know what was hidden",
            partial(
                show_all,
                self.scope,
                self.session,
                self.agent,
                self.document.etag,
                next(iter(replacing.values()), None),
            ),
        )

    def _left_behind(self) -> Case:
        return self._patient.case(
            FindingKind.GHOST,
            self.agent.history,
            "history.json is left of an earlier life of the id: it hides nothing in this one",
            "it is deleted",
            partial(take_left_behind, self.scope, self.session, self.agent, self.document.etag),
        )

    def _past_end(self, first: int, end: int) -> Case:
        return self._patient.case(
            FindingKind.BEGINNING_PAST_END,
            self.agent.history,
            f"history.json hides everything below message {first}, and the next one is {end}: "
            "messages were removed by hand or by a lifecycle rule, and nobody sees what is "
            "appended now",
            "it begins at the oldest message that was stored after history.json was written, or "
            f"at {end}",
            partial(lower_beginning, self.scope, self.agent, self.document.etag),
        )


def _listed(replacing: dict[int, str]) -> str:
    return ", ".join(map(str, sorted(replacing)))
