"""The package as a whole: what it costs to import, what it promises, what is in its wheel."""

from __future__ import annotations

import importlib.metadata
import pickle
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import s3sessions
from s3sessions import errors
from s3sessions.errors import S3SessionsError
from s3sessions.models import Message
from tests.importing import FIRST_APPEND, NOT_AT_IMPORT, NOT_FOR_AN_APPEND, loaded_by, ours
from tests.servers.s3_stub import Stub

ROOT = Path(__file__).parents[1]
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

ERRORS = sorted(
    (
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, S3SessionsError)
    ),
    key=lambda found: found.__name__,
)

ATTRIBUTES: dict[str, object] = {
    "action": "s3:PutObject",
    "count": 7,
    "extra": "async",
    "fate": "unknown",
    "holder": "01M7",
    "ids": ("a", "b"),
    "index": 7,
    "left": (("key", "why"),),
    "limit": 6,
    "messages": (Message(7, {"n": 1}, "w"),),
    "seconds_left": 2.5,
    "write_id": "w",
}
"""A value for each attribute that an error of some kind has."""


def test_importing_the_package_is_nearly_free() -> None:
    loaded = loaded_by("import s3sessions")
    assert loaded & NOT_AT_IMPORT == set()
    # The promise is 40 ms of CPU; time is not asserted, and this many modules take far less.
    assert len(loaded) <= 10


def test_a_first_append_loads_no_more_than_it_needs() -> None:
    loaded = loaded_by(FIRST_APPEND.format("'memory://'"))
    assert loaded & NOT_FOR_AN_APPEND == set()
    # Each module is about 0.2 ms of CPU. What another verb needs, that verb imports.
    assert len(ours(loaded)) <= 75


def test_a_first_append_through_boto3_loads_nothing_that_boto3_does_not(stub: Stub) -> None:
    bucket = stub.make_bucket()
    client = f"boto3.client('s3', endpoint_url={stub.endpoint_url!r})"
    plain = loaded_by(f"import boto3; {client}.put_object(Bucket={bucket!r}, Key='k', Body=b'1')")
    url = f"'s3://{bucket}', endpoint_url={stub.endpoint_url!r}"
    loaded = loaded_by(FIRST_APPEND.format(f"{url}, transport='boto3'"))
    assert "botocore" in loaded
    assert loaded - ours(loaded) - {"s3sessions"} <= plain
    assert len(ours(loaded)) <= 95


def test_the_blocking_face_needs_no_event_loop_and_no_sdk() -> None:
    loaded = loaded_by("from s3sessions import Sessions; Sessions('s3://bucket').open('s')")
    assert loaded & NOT_AT_IMPORT == set()
    assert len(loaded) <= 200


def test_the_async_face_needs_no_sdk_until_it_speaks() -> None:
    loaded = loaded_by("from s3sessions import AsyncSessions; AsyncSessions('s3://bucket')")
    assert loaded & (NOT_AT_IMPORT - {"asyncio"}) == set()


@pytest.mark.parametrize("name", s3sessions.__all__)
def test_a_public_name_is_there(name: str) -> None:
    assert getattr(s3sessions, name) is not None
    assert name in dir(s3sessions)


def test_a_name_that_is_not_public_is_missing() -> None:
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        _ = s3sessions.nothing_of_the_kind


def test_every_error_is_public() -> None:
    assert {error.__name__ for error in ERRORS} <= set(s3sessions.__all__)


def test_every_error_has_a_kind_of_its_own() -> None:
    kinds = [error.__dict__["kind"] for error in ERRORS]
    assert len(set(kinds)) == len(ERRORS)
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", kind) for kind in kinds)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_survives_pickling_with_all_that_it_says(error: type[S3SessionsError]) -> None:
    own = {name: value for name, value in ATTRIBUTES.items() if hasattr(error("x"), name)}
    raised = error("do this", key="a/b", cause=OSError("disk"), **own)
    again = pickle.loads(pickle.dumps(raised))
    assert type(again) is error
    assert str(again) == str(raised) == "do this | key=a/b | cause: disk"
    assert vars(again) == vars(raised)
    assert {name: getattr(again, name) for name in own} == own


def test_every_attribute_of_an_error_is_pickled_here() -> None:
    known = {*ATTRIBUTES, "message", "key", "cause"}
    assert {name for error in ERRORS for name in vars(error("x"))} <= known


def test_the_version_is_the_same_everywhere() -> None:
    assert importlib.metadata.version("s3sessions") == s3sessions.__version__
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{s3sessions.__version__}]" in changelog


def test_the_readme_names_the_python_that_is_needed() -> None:
    needed = re.findall(r'requires-python = ">=(3\.\d+)"', PROJECT)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"Python (3\.\d+)", readme)) == set(needed)
    assert set(re.findall(r"Python :: (3\.\d+)", PROJECT)) >= set(needed)


def test_a_wheel_holds_the_package_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    files = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    package = Path(s3sessions.__file__).parent
    in_tree = {
        path.relative_to(package.parent).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files == in_tree
    assert "s3sessions/py.typed" in files
