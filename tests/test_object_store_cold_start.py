"""What a first append through obstore loads: no SDK, and nothing else that is slow."""

from __future__ import annotations

from tests.importing import FIRST_APPEND, NOT_FOR_AN_APPEND, loaded_by, ours
from tests.servers.s3_stub import Stub


def test_a_first_append_through_obstore_loads_no_sdk_and_nothing_else_that_is_slow(
    stub: Stub,
) -> None:
    url = f"'s3://{stub.make_bucket()}', endpoint_url={stub.endpoint_url!r}"
    loaded = loaded_by(FIRST_APPEND.format(f"{url}, transport='object_store'"))
    assert "obstore" in loaded
    assert loaded & NOT_FOR_AN_APPEND == set()
    assert len(ours(loaded)) <= 90
