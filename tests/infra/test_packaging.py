"""Artefacts: the same bytes each time, for the machine they are for, with all that they need."""

from __future__ import annotations

import hashlib
import shutil
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.packaging import Architecture, PackagingFailed, Target, build
from infra.packaging.archive import united
from infra.packaging.artefact import WHEELS
from tests.infra.packaging_command import NO_NETWORK, clone, index_in, package, refusal
from tests.servers.lambda_runtime.folders import unpacked

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# As ELF counts machines.
ELF_MACHINES: dict[Architecture, int] = {"x86_64": 62, "arm64": 183}

SMALL = ("build", "retention", "--arch", "arm64", "--boto3", "without")
SMALL_ZIP = "retention-arm64-no-boto3.zip"
OBSTORE = "obstore-0.12.1-cp311-abi3-manylinux_2_24_aarch64.whl"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artefact that needs one wheel; from now on that one is kept."""
    return build("retention", arch="arm64", with_boto3=False, into=tmp_path_factory.mktemp("small"))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_builds_anywhere_at_any_time_by_anyone_are_the_same_bytes(
    small: Path, tmp_path: Path
) -> None:
    root = tmp_path / "elsewhere"
    environ = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1", "PYTHONHASHSEED": "7"}
    done = package(
        *(*SMALL, "--wheels", WHEELS),
        root=clone(root),
        # What was fetched once is kept.
        environ={**NO_NETWORK, **environ},
        umask=0o077,
    )
    assert done.returncode == 0, done.stderr
    assert sha256(root / "dist" / "lambda" / SMALL_ZIP) == sha256(small)


def test_bytecode_is_the_same_each_time_and_is_what_runs(tmp_path: Path) -> None:
    options = ("--python", PYTHON, "--bytecode")
    artefacts = [tmp_path / name / SMALL_ZIP for name in ("a", "b")]
    for seed, artefact in enumerate(artefacts, 1):
        environ = {"PYTHONHASHSEED": str(seed)}
        done = package(*SMALL, *options, "--into", artefact.parent, environ=environ)
        assert done.returncode == 0, done.stderr
    assert sha256(artefacts[0]) == sha256(artefacts[1])
    with zipfile.ZipFile(artefacts[0]) as opened:
        opened.extractall(tmp_path)
    (tmp_path / "s3sessions" / "errors.py").write_text("raise AssertionError('compiled again')")
    assert run_from(tmp_path, "import s3sessions.errors; print('fine')") == "fine\n"


def test_nothing_of_an_installer_or_of_this_machine_is_inside(small: Path) -> None:
    with zipfile.ZipFile(small) as artefact:
        entries = artefact.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {stat.S_IFREG | 0o644}
    unwanted = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    assert {Path(name).name for name in names} & unwanted == set()
    assert [name for name in names if name.endswith(".pyc")] == []


@pytest.mark.parametrize("fixture", ["small", "agent_zip"])
def test_shared_libraries_are_for_the_architecture(
    fixture: str, request: pytest.FixtureRequest
) -> None:
    artefact: Path = request.getfixturevalue(fixture)
    (wanted,) = (ELF_MACHINES[arch] for arch in ELF_MACHINES if f"-{arch}" in artefact.name)
    with zipfile.ZipFile(artefact) as opened:
        libraries = [name for name in opened.namelist() if ".so" in Path(name).suffixes]
        assert any(name.startswith("obstore/") for name in libraries)
        for name in libraries:
            head = opened.read(name)[:20]
            assert head[:4] == b"\x7fELF"
            assert struct.unpack_from("<H", head, 18) == (wanted,), name


def test_the_agent_imports_with_nothing_but_what_is_in_its_zip(agent_zip: Path) -> None:
    folder = unpacked(agent_zip)
    program = (
        "import boto3, obstore.store, strands, s3sessions.integrations.strands, sys\n"
        "from importlib.metadata import version\n"
        "print(version('s3sessions'), boto3.__file__, strands.__file__)\n"
    )
    ours, boto3, strands = run_from(folder, program).split()
    assert ours == "0.1.0"
    assert Path(boto3).is_relative_to(folder)
    assert Path(strands).is_relative_to(folder)


def test_the_example_lies_at_the_root_and_the_package_beside_it(agent_zip: Path) -> None:
    with zipfile.ZipFile(agent_zip) as artefact:
        names = set(artefact.namelist())
    assert {"handler.py", "s3sessions/__init__.py", "botocore/__init__.py"} <= names


def test_without_boto3_there_is_nothing_of_it(small: Path, retention_zip: Path) -> None:
    with zipfile.ZipFile(small) as artefact, zipfile.ZipFile(retention_zip) as whole:
        left, all_of_it = (
            {name.split("/")[0] for name in opened.namelist() if ".dist-info/" not in name}
            for opened in (artefact, whole)
        )
    # What obstore needs before Python 3.13 is in the artefacts of all.
    assert left == {"obstore", "s3sessions", "typing_extensions.py"}
    assert {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "urllib3"} <= all_of_it


def test_sizes_are_printed_beside_the_limits(small: Path, tmp_path: Path) -> None:
    done = package(*SMALL, "--into", tmp_path)
    head, row = done.stdout.splitlines()
    assert head.split("  ")[0] == "artefact"
    assert row.startswith(SMALL_ZIP)
    assert f"{(tmp_path / SMALL_ZIP).stat().st_size / (1 << 20):.1f} MB" in row
    assert sha256(tmp_path / SMALL_ZIP)[:16] in row
    assert done.stderr == f"building {SMALL_ZIP}\n"


def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    said = refusal(*SMALL, "--wheels", tmp_path, "--into", tmp_path, environ=NO_NETWORK)
    assert "fetching 2 of 2 wheels for Python 3.13 on arm64" in said
    assert "pip cannot reach its index: check network" in said


def test_a_wheel_of_another_hash_is_refused(tmp_path: Path) -> None:
    (tmp_path / OBSTORE).write_bytes(b"not what was locked")
    said = refusal(
        *SMALL, "--wheels", tmp_path / "kept", "--into", tmp_path, environ=index_in(tmp_path)
    )
    assert "not the one that requirements.lock names" in said
    assert not (tmp_path / SMALL_ZIP).exists()


def test_a_kept_wheel_that_was_changed_is_not_used(small: Path, tmp_path: Path) -> None:
    kept = tmp_path / "3.13-arm64"
    shutil.copytree(WHEELS / kept.name, kept)
    with (kept / OBSTORE).open("ab") as wheel:
        wheel.write(b"changed since it was fetched")
    said = refusal(*SMALL, "--wheels", tmp_path, "--into", tmp_path, environ=NO_NETWORK)
    assert "fetching 1 of 2 wheels for Python 3.13 on arm64" in said


def test_a_missing_wheel_is_named_with_the_target(tmp_path: Path) -> None:
    said = refusal(*SMALL, "--wheels", tmp_path, "--into", tmp_path, environ=index_in(tmp_path))
    assert "there is no wheel of obstore==0.12.1 for Python 3.13 on arm64" in said


def test_no_python_to_compile_with_is_an_error(small: Path, tmp_path: Path) -> None:
    other = "3.12" if PYTHON == "3.13" else "3.13"
    options = ("--bytecode", "--python", other, "--into", tmp_path)
    said = refusal(*SMALL, *options, environ={"PATH": str(tmp_path)})
    assert f"there is no python{other} to compile with" in said


def test_an_artefact_that_is_none_is_refused_with_the_names_of_those_that_are() -> None:
    assert "choose from agent, retention" in refusal("build", "nothing")


def test_a_python_without_a_managed_runtime_here_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PackagingFailed, match=r"no artefact for Python 3\.9: choose one of 3\.11"):
        build("retention", arch="arm64", python="3.9", into=tmp_path)


@pytest.mark.parametrize(("python", "newest"), [("3.11", 26), ("3.12", 34), ("3.13", 34)])
def test_no_wheel_is_taken_that_needs_a_newer_glibc_than_the_runtime_has(
    python: str, newest: int
) -> None:
    platforms = list(Target(python, "arm64").platforms())
    assert platforms[0] == f"manylinux_2_{newest}_aarch64"
    assert platforms[-1] == "manylinux2014_aarch64"


def test_two_packages_with_one_file_that_differs_are_refused() -> None:
    assert united([[("a", b"1")], [("a", b"1"), ("b", b"2")]]) == {"a": b"1", "b": b"2"}
    with pytest.raises(PackagingFailed, match="a comes from two packages"):
        united([[("a", b"1")], [("a", b"2")]])


def run_from(folder: Path, program: str) -> str:
    """Run a program with the standard library and one folder, and nothing else to import from."""
    beginning = f"import sys; sys.path.append({str(folder)!r})\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", beginning + program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
