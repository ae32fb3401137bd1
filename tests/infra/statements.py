"""What the policies of a stack allow, wherever in it they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

__all__ = ["Statement", "in_lists", "listed", "statements_of"]


class Statement(NamedTuple):
    """One statement of a policy document, and the resource of the template that it is in."""

    of: str
    written: Mapping[str, Any]

    @property
    def is_allowing(self) -> bool:
        return bool(self.written["Effect"] == "Allow")

    @property
    def actions(self) -> list[str]:
        return listed(self.written["Action"])

    @property
    def resources(self) -> list[str]:
        return listed(self.written.get("Resource", []))


def statements_of(resources: Mapping[str, Any]) -> Iterator[Statement]:
    """Find every statement below the resources, those of trust policies and key policies too."""
    for name, resource in resources.items():
        for document in _documents(resource):
            for statement in document["Statement"]:
                yield Statement(name, statement)


def listed(value: Any) -> list[Any]:
    """Give one value as a list of it; IAM takes either."""
    return value if isinstance(value, list) else [value]


def in_lists(document: Any) -> Any:
    """Write a policy document with an ordered list wherever IAM takes one value or several."""
    if not isinstance(document, dict):
        return document
    return {
        key: in_lists(value) if isinstance(value, dict) else _many(value)
        for key, value in document.items()
    }


def _many(value: Any) -> list[Any]:
    return sorted((in_lists(part) for part in listed(value)), key=str)


def _documents(written: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(written, dict):
        if "Statement" in written:
            yield written
        for value in written.values():
            yield from _documents(value)
    elif isinstance(written, list):
        for value in written:
            yield from _documents(value)
