"""What all tests stand on: no account but a made-up one, servers on loopback, two colours."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

import pytest

from tests.nobody import be_nobody
from tests.servers.moto_server import MotoServer
from tests.servers.s3_stub import Stub
from tests.servers.weed import Weed

HAS_AIOBOTO3 = importlib.util.find_spec("aioboto3") is not None

COLOURS = ("sync", "async")
"""The colours of memory and local, which need nothing but the package."""

S3_COLOURS = COLOURS if HAS_AIOBOTO3 else ("sync",)
"""The colours of S3: async needs aioboto3, with which the newest boto3 cannot be installed."""

HAS_OBSTORE = importlib.util.find_spec("obstore") is not None

collect_ignore_glob = [
    *([] if HAS_AIOBOTO3 else ["*test_*_async.py"]),
    *([] if HAS_OBSTORE else ["*test_*object_store*.py"]),
]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background ignores it, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config: pytest.Config) -> None:
    # The contract's asserts show the values that differ, as those of tests do.
    pytest.register_assert_rewrite("s3sessions.testing")
    home = tempfile.mkdtemp(prefix="home-")
    config.add_cleanup(lambda: shutil.rmtree(home, ignore_errors=True))
    be_nobody(os.environ, home)


@pytest.fixture(scope="session")
def moto() -> Iterator[MotoServer]:
    """An S3 that moto plays; every test shares it, so ask it for a bucket."""
    with MotoServer() as server:
        yield server


@pytest.fixture(scope="session")
def stub() -> Iterator[Stub]:
    """An S3 in memory that counts requests and waits as it is told; ask it for a bucket."""
    with Stub() as server:
        yield server


@pytest.fixture(scope="session")
def weed() -> Iterator[Weed]:
    """A real S3 server; every test shares it, so ask it for a bucket and leave it running."""
    with Weed() as server:
        yield server


@pytest.fixture(scope="session")
def moto_bucket(moto: MotoServer) -> str:
    """A bucket that many tests share, each under a prefix of its own."""
    return moto.make_bucket()


@pytest.fixture(scope="session")
def stub_bucket(stub: Stub) -> str:
    """A bucket that many tests share, each under a prefix of its own."""
    return stub.make_bucket()


@pytest.fixture(scope="session")
def weed_bucket(weed: Weed) -> str:
    """A bucket that many tests share, each under a prefix of its own."""
    return weed.make_bucket()
