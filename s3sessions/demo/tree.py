"""Keys drawn as a tree, the way the design document writes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

__all__ = ["draw_tree"]

_Node: TypeAlias = "dict[str, _Node]"

_NUMBERED: Final = re.compile(r"(message_)(\d+)(\.json)")


def draw_tree(keys: Iterable[str]) -> Iterator[str]:
    """Give the lines of the tree; folders with one entry share its line, messages make a range."""
    root: _Node = {}
    for key in keys:
        node = root
        for segment in key.split("/"):
            node = node.setdefault(segment, {})
    yield from _draw(root, "")


def _draw(node: _Node, margin: str) -> Iterator[str]:
    entries = sorted(_joined(name, below) for name, below in node.items() if below)
    entries = [*_leaves(name for name, below in node.items() if not below), *entries]
    for at, (name, below) in enumerate(entries):
        is_last = at == len(entries) - 1
        yield f"{margin}{'└─ ' if is_last else '├─ '}{name}"
        yield from _draw(below, margin + ("   " if is_last else "│  "))


def _joined(name: str, below: _Node) -> tuple[str, _Node]:
    """Put a folder's only entry on its own line, a run of messages too."""
    name += "/"
    while len(below) == 1 and (only := next(iter(below.items())))[1]:
        name, below = f"{name}{only[0]}/", only[1]
    leaves = _leaves(below) if not any(below.values()) else []
    if len(leaves) == 1:
        return name + leaves[0][0], {}
    return name, below


def _leaves(names: Iterable[str]) -> list[tuple[str, _Node]]:
    """Give file names in order, the messages as one range."""
    plain, numbers = [], []
    for name in names:
        match = _NUMBERED.fullmatch(name)
        if match:
            numbers.append(int(match[2]))
        else:
            plain.append(name)
    if len(numbers) > 1:
        plain.append(f"message_{min(numbers)}.json … message_{max(numbers)}.json")
    else:
        plain += [f"message_{number}.json" for number in numbers]
    return [(name, {}) for name in sorted(plain)]
