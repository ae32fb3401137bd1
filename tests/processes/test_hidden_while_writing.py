"""A process hides and deletes what is old while others go on writing."""

from __future__ import annotations

from typing import Final

from s3sessions import Conflict, Sessions
from tests.processes.assignment import SESSION
from tests.processes.crew import Crew
from tests.processes.scenes import Place

EVERY: Final = 5
TRUST: Final = 1.0
MIN_AGE: Final = 3.0


def test_what_others_say_while_it_is_truncated_and_compacted_is_never_lost(on_weed: Place) -> None:
    """All that was acknowledged is visible, or was hidden by somebody who had read it."""
    place = Place(on_weed.url, {**on_weed.options, "trust": TRUST})
    hidden: set[int] = set()
    deleted = 0
    turns = 0

    with Sessions(place.url, **place.options) as sessions:

        def cut(crew: Crew) -> None:
            nonlocal turns, deleted
            if crew.acknowledged < (turns + 1) * EVERY:
                return
            turns += 1
            chat = sessions.open(SESSION)
            known = [message.index for message in chat.restore().messages]
            try:
                change = chat.truncate(EVERY)
            except Conflict:
                return
            hidden.update(index for index in known if index < change.first)
            deleted += chat.compact(min_age=MIN_AGE).objects

        crew = place.crew("share", writers=2, each=30)
        crew.run(cut)
        history = place.restore()
        chat = sessions.open(SESSION)
        chat.truncate(EVERY)
        chat.compact(min_age=0)
        left = chat.restore()
    print(f"{turns} truncations, {len(hidden)} hidden, {deleted} deleted while others wrote")
    shown = {message.index for message in history.messages}
    said = {
        index for member in crew.members for each in member.acknowledged for index in each.indexes
    }
    assert len(said) == 60
    assert said == shown | hidden
    assert shown.isdisjoint(hidden)
    assert turns >= 2
    assert [message.index for message in left.messages] == sorted(said)[-EVERY:]
