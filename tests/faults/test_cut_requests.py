"""A connection that is cut in the middle of a PUT's body."""

from __future__ import annotations

import pytest

from s3sessions import StoreUnavailable
from tests.faults.fire import Fire
from tests.servers.wire import CutRequest, Rule

TEXT = "x" * 100_000


@pytest.mark.parametrize("after", [0, 1, 50_000, 100_000])
def test_a_document_that_is_cut_on_its_way_stays_as_it_was(weed_fire: Fire, after: int) -> None:
    with weed_fire.sessions() as sessions:
        chat = sessions.open("s")
        chat.append({"n": 0})
        chat.save_state({"step": 1})
        weed_fire.wire.rules([Rule(CutRequest(after), "PutObject")])
        with pytest.raises(StoreUnavailable):
            chat.save_state({"step": 2, "text": TEXT})
    assert weed_fire.restore().state == {"step": 1}


@pytest.mark.parametrize("after", [0, 1, 50_000, 100_000])
def test_of_a_message_that_is_cut_on_its_way_nothing_is_stored(weed_fire: Fire, after: int) -> None:
    with weed_fire.sessions() as sessions:
        chat = sessions.open("s")
        chat.append({"n": 0})
        weed_fire.wire.rules([Rule(CutRequest(after), "PutObject")])
        with pytest.raises(StoreUnavailable) as caught:
            chat.append({"n": 1, "text": TEXT})
        cut = weed_fire.restore()
        assert (cut.payloads, cut.next_index, cut.corrupt) == ([{"n": 0}], 1, ())
        weed_fire.wire.rules([])
        chat.append({"n": 1, "text": TEXT}, write_id=caught.value.write_id)
    assert weed_fire.restore().payloads == [{"n": 0}, {"n": 1, "text": TEXT}]
