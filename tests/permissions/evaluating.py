"""What IAM makes of a policy document: of Allow statements alone, and strictly.

Whatever a document of ours is not to contain (a wildcard action, NotResource, another operator) is
an error here and no refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_PIECE = re.compile(r"\$\{([*?$])\}|\$\{([\w:/-]+)\}|([*?])|([^*?$]+)")
_SHAPE = {"Sid", "Effect", "Action", "Resource", "Condition"}
_OPERATORS = {"StringEquals", "StringLike"}

Context = Mapping[str, str]


class Permission(NamedTuple):
    """One action on one pattern of resources, under conditions on single values."""

    action: str
    resource: str
    conditions: tuple[tuple[str, str, str], ...]

    def allows(self, action: str, resource: str, context: Context) -> bool:
        """Tell whether it permits this."""
        return (
            action == self.action
            and matches(self.resource, resource, context)
            and all(_holds(condition, context) for condition in self.conditions)
        )


def permissions_of(document: Mapping[str, Any]) -> Iterator[Permission]:
    """Take a document apart: each action with each resource and each value of its conditions."""
    assert set(document) == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert set(statement) <= _SHAPE
        assert statement["Effect"] == "Allow"
        for action in listed(statement["Action"]):
            assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action), "no wildcard is in an action"
            for resource in listed(statement["Resource"]):
                for conditions in _alternatives(statement.get("Condition", {})):
                    yield Permission(action, resource, conditions)


def allows(
    document: Mapping[str, Any], action: str, resource: str, context: Context | None = None
) -> bool:
    """Tell whether a document permits an action on a resource."""
    return any(each.allows(action, resource, context or {}) for each in permissions_of(document))


def matches(pattern: str, text: str, context: Context) -> bool:
    """Tell whether a text is what a pattern stands for; `*` stands for slashes too."""
    expression = ""
    position = 0
    while position < len(pattern):
        piece = _PIECE.match(pattern, position)
        assert piece is not None, f"a stray $ in {pattern!r}"
        literal, variable, wildcard, plain = piece.groups()
        if variable is not None and variable not in context:
            return False
        if wildcard is not None:
            expression += "[^\\x00]*" if wildcard == "*" else "[^\\x00]"
        else:
            expression += re.escape(literal or plain or context[variable or ""])
        position = piece.end()
    return re.fullmatch(expression, text) is not None


def listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _alternatives(
    conditions: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[tuple[str, str, str], ...]]:
    """All operators and keys hold at once; of the values of a key one does."""
    pairs = [(op, key, value) for op, keys in conditions.items() for key, value in keys.items()]
    assert {operator for operator, _, _ in pairs} <= _OPERATORS
    chosen: list[tuple[tuple[str, str, str], ...]] = [()]
    for operator, key, values in pairs:
        chosen = [(*one, (operator, key, value)) for one in chosen for value in listed(values)]
    yield from chosen


def _holds(condition: tuple[str, str, str], context: Context) -> bool:
    operator, key, value = condition
    if key not in context:
        return False
    return (
        value == context[key]
        if operator == "StringEquals"
        else matches(value, context[key], context)
    )
