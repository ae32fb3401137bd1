"""What all tests stand on: no account but a made-up one, servers on loopback, two colours."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, MutableMapping

import pytest

from tests.servers.moto_server import MotoServer
from tests.servers.s3_server import ACCESS_KEY, REGION, SECRET_KEY
from tests.servers.weed import Weed

HAS_AIOBOTO3 = importlib.util.find_spec("aioboto3") is not None

COLOURS = ("sync", "async")
"""The colours of memory and local, which need nothing but the package."""

S3_COLOURS = COLOURS if HAS_AIOBOTO3 else ("sync",)
"""The colours of S3: async needs aioboto3, with which the newest boto3 cannot be installed."""

collect_ignore_glob = [] if HAS_AIOBOTO3 else ["*test_*_async.py"]


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs the tests in the background ignores it, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def be_nobody(environ: MutableMapping[str, str], home: str) -> None:
    """Leave the tests no account, no settings and no home of whoever runs them."""
    for name in list(environ):
        if name.startswith(("AWS_", "S3SESSIONS_", "XDG_")):
            del environ[name]
    environ.update(
        AWS_ACCESS_KEY_ID=ACCESS_KEY,
        AWS_SECRET_ACCESS_KEY=SECRET_KEY,
        AWS_DEFAULT_REGION=REGION,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=f"{home}/no-such-file",
        AWS_SHARED_CREDENTIALS_FILE=f"{home}/no-such-file",
        HOME=home,
        # A proxy for the world outside does not find the servers on loopback.
        no_proxy="127.0.0.1,localhost",
    )


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
def weed() -> Iterator[Weed]:
    """A real S3 server; every test shares it, so ask it for a bucket and leave it running."""
    with Weed() as server:
        yield server


@pytest.fixture(scope="session")
def moto_bucket(moto: MotoServer) -> str:
    """A bucket that many tests share, each under a prefix of its own."""
    return moto.make_bucket()


@pytest.fixture(scope="session")
def weed_bucket(weed: Weed) -> str:
    """A bucket that many tests share, each under a prefix of its own."""
    return weed.make_bucket()
