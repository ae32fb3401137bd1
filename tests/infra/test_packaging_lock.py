"""The lock: it holds what pyproject.toml wants, for every target, and names no place."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infra.packaging import PackagingFailed
from infra.packaging.lock import LOCK, Pin, chosen, read_lock, requirements
from tests.infra.packaging_command import ROOT, refusal

SDK = {"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"}


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = list(project["dependencies"])
    for extra in extras:
        needs += project["optional-dependencies"][extra]
    return [Requirement(need) for need in needs]


@pytest.mark.parametrize(
    ("artefact", "extras"), [("agent", ("fast", "strands")), ("retention", ("fast",))]
)
def test_what_the_package_wants_is_locked_in_a_version_that_fits(
    artefact: str, extras: tuple[str, ...]
) -> None:
    pins = {pin.name: pin for pin in chosen(read_lock(), artefact, with_boto3=True)}
    for need in wanted(*extras):
        assert need.specifier.contains(pins[need.name].version), f"make the lock anew: {need}"


def test_it_is_written_as_the_command_writes_it_and_names_no_index() -> None:
    text = LOCK.read_text(encoding="utf-8")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    assert text == head + requirements(read_lock())
    assert "://" not in text
    assert "index" not in text


def test_every_pin_has_a_hash_and_somebody_who_needs_it() -> None:
    pins = read_lock()
    known = {"agent", "retention", *(pin.name for pin in pins)}
    for pin in pins:
        assert pin.hashes
        assert pin.needed_by
        assert pin.needed_by <= known


def test_without_boto3_goes_what_nothing_else_needs() -> None:
    for artefact in ("agent", "retention"):
        whole = {pin.name for pin in chosen(read_lock(), artefact, with_boto3=True)}
        left = {pin.name for pin in chosen(read_lock(), artefact, with_boto3=False)}
        assert whole - left == SDK


def test_what_boto3_shares_with_others_stays() -> None:
    pins = [
        Pin("boto3", "1", frozenset(), frozenset({"agent"})),
        Pin("six", "1", frozenset(), frozenset({"boto3"})),
        Pin("urllib3", "2", frozenset(), frozenset({"boto3", "requests"})),
        Pin("requests", "3", frozenset(), frozenset({"agent"})),
        Pin("other", "4", frozenset(), frozenset({"retention"})),
    ]
    left = chosen(pins, "agent", with_boto3=False)
    assert {pin.name for pin in left} == {"requests", "urllib3"}


def test_a_lock_that_is_not_there_or_not_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingFailed, match="python -m infra.packaging lock"):
        read_lock(tmp_path / "requirements.lock")
    broken = tmp_path / "broken.lock"
    broken.write_text("boto3==1.44.5\n--index-url=somewhere\n", encoding="utf-8")
    with pytest.raises(PackagingFailed, match=r"broken\.lock, line 2: not a pin"):
        read_lock(broken)


@pytest.mark.skipif(
    Path(sys.executable).with_name("uv").exists(), reason="the environment has the group lock"
)
def test_without_uv_the_command_says_how_to_have_it(tmp_path: Path) -> None:
    said = refusal("lock", environ={"PATH": str(tmp_path)})
    assert "there is no uv" in said
    assert "pip install --group lock" in said
