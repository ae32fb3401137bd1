"""The store port as tests: a store that passes `StoreContract` can carry sessions."""

from __future__ import annotations

from s3sessions.testing.conditions import ConditionContract
from s3sessions.testing.deletions import DeletionContract
from s3sessions.testing.fan_outs import FanOutContract
from s3sessions.testing.listings import ListingContract
from s3sessions.testing.objects import ObjectContract
from s3sessions.testing.observations import ObservationContract

__all__ = ["StoreContract"]


class StoreContract(
    ObjectContract,
    ConditionContract,
    DeletionContract,
    ListingContract,
    FanOutContract,
    ObservationContract,
):
    """Every promise of `s3sessions.ports`, as tests that a subclass inherits.

    Override `make_store` in a class whose name begins with `Test`, and run pytest. The store may
    be of either colour: the tests find out. `make_store` is called once for each test and gives
    a store with nothing under `prefix`; the test closes it, and what it wrote stays::

        import uuid

        from s3sessions.testing import StoreContract

        class TestMyStore(StoreContract):
            conditional_copy = False  # this server overwrites

            def make_store(self):
                self.prefix = f"contract-{uuid.uuid4()}/"
                return MyStore("test-bucket")

    `pytest.register_assert_rewrite("s3sessions.testing")` in a `conftest.py` makes failures show
    the values that differ.

    Where a server is known to be wrong, an attribute says so. Nothing is skipped then: the test
    asserts what such a server does instead, so that a repaired server is noticed.

    Attributes:
        prefix: before every key of the tests: empty, or ending in `/`. For stores that share a
            bucket, `make_store` may set it on the instance.
        width: most calls of one fan-out that the store runs at once.
        race_rounds: how often each race is run. Races only fail by chance: take as many as time
            allows.
        atomic_create: of many that create one key at once, exactly one succeeds. False: at least
            one does. Sessions lose messages in such a store when two write to one.
        atomic_replace: likewise, of many that replace one version.
        conditional_delete: `delete` obeys `only_if`. False: it deletes whatever is there.
        conditional_delete_many: `delete_many` obeys the etags. False: it deletes all the same.
        conditional_copy: `copy` refuses to overwrite. False: it overwrites.
        keeps_backslashes: a list shows a backslash as it was put. False: as a slash. Sessions
            whose ids have one cannot be listed in such a store.
    """
