"""Which part of the package may import which: the architecture, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import s3sessions

PACKAGE = Path(s3sessions.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# From the bottom up. A part may import itself and what is below it, never its neighbours.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"converters", "errors", "record", "tool_calls"}),
    frozenset({"blocks", "descriptions", "ids", "models"}),
    frozenset({"deadline", "durations", "keys", "settings", "usage", "values", "versions"}),
    frozenset({"codec", "health", "receipts"}),
    frozenset({"ports", "retention", "segments"}),
    frozenset({"location", "log", "metering"}),
    frozenset({"dao"}),
    frozenset({"bridge", "loop_lock"}),
    frozenset({"opening", "permissions"}),
    frozenset({"transport"}),
    frozenset(
        {
            *("aio_in_place", "aio_past", "aio_turn"),
            *("sync_in_place", "sync_past", "sync_turn"),
        }
    ),
    frozenset({"aio_agent", "aio_multi_agent", "sync_agent", "sync_multi_agent"}),
    frozenset(
        {
            *("aio_catalogue", "aio_lineage", "aio_retention"),
            *("sync_catalogue", "sync_lineage", "sync_retention", "sync_store"),
        }
    ),
    frozenset({"aio", "sync"}),
    frozenset({"costs", "export", "integrations", "testing"}),
    frozenset({"awslambda", "migration"}),
    frozenset({"chat", "cli", "demo"}),
    frozenset({"__main__"}),
)
HEIGHT = {part: height for height, layer in enumerate(LAYERS) for part in layer}

STORES_MAY_IMPORT = {"deadline", "errors", "models", "ports", "record", "versions"}
LOWEST_THAT_OPENS_STORES = HEIGHT["transport"]

# The chat and the demo are commands, in folders of their own; an error can carry messages, which it
# needs for their type alone.
NEIGHBOURS = {
    *(("chat", "cli"), ("cli", "chat")),
    *(("cli", "demo"), ("demo", "cli")),
    ("errors", "models"),
}

SDK = {"aioboto3", "aiobotocore", "boto3", "botocore", "s3transfer"}

# No event loop, no thread, no clock and no randomness but those that it is given.
BANNED_FROM_DAO = {
    *("asyncio", "concurrent", "multiprocessing", "threading"),
    *("random", "secrets", "time", "uuid"),
}


def name_of(source: Path) -> str:
    return source.relative_to(PACKAGE).as_posix()


def part_of(source: Path) -> str:
    """The name right below the package: of a folder or of a module."""
    return source.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(source: Path, *, at_once: bool = False) -> Iterator[str]:
    """Every module that the file imports, TYPE_CHECKING included; or those that load with it."""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in tree.body if at_once else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(source)}: imports are absolute"
            assert node.module is not None
            if node.module == "s3sessions":
                yield from (f"s3sessions.{alias.name}" for alias in node.names)
            else:
                yield node.module


def parts_imported_by(source: Path) -> set[str]:
    """The parts of the package that the file imports; its public names belong to no part."""
    names = {name.split(".")[1] for name in imports_of(source) if name.startswith("s3sessions.")}
    return {
        name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()
    }


def packages_imported_by(source: Path, *, at_once: bool = False) -> set[str]:
    return {name.split(".")[0] for name in imports_of(source, at_once=at_once)}


def may_import(part: str, other: str) -> bool:
    if part == other or (part, other) in NEIGHBOURS:
        return True
    if part == "stores":
        return other in STORES_MAY_IMPORT
    if other == "stores":
        return HEIGHT[part] >= LOWEST_THAT_OPENS_STORES
    return HEIGHT[other] < HEIGHT[part]


def test_every_part_has_its_place() -> None:
    parts = {part_of(source) for source in SOURCES} - {"__init__"}
    assert parts - {"stores"} <= HEIGHT.keys(), "say in LAYERS where the new part belongs"


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_imports_go_one_way(source: Path) -> None:
    part = part_of(source)
    if part != "__init__":
        wrong = {other for other in parts_imported_by(source) if not may_import(part, other)}
        assert wrong == set(), f"{part} may not import {wrong}"


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_only_the_s3_stores_see_the_sdk(source: Path) -> None:
    if not name_of(source).startswith("stores/s3"):
        assert packages_imported_by(source) & SDK == set()


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_only_the_module_of_its_clients_sees_obstore(source: Path) -> None:
    if name_of(source) != "stores/object_store_client.py":
        assert "obstore" not in packages_imported_by(source)


@pytest.mark.parametrize("source", sorted((PACKAGE / "dao").rglob("*.py")), ids=name_of)
def test_the_logic_is_given_its_clock_its_chance_and_its_colour(source: Path) -> None:
    assert packages_imported_by(source) & BANNED_FROM_DAO == set()


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_the_sdk_is_imported_only_when_it_is_used(source: Path) -> None:
    assert packages_imported_by(source, at_once=True) & {*SDK, "obstore"} == set()
