"""CloudFormation templates, read with their functions: `!Sub` becomes `{"Fn::Sub": …}`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ["APP", "INFRA", "STORAGE", "load"]

INFRA: Final = Path(__file__).parents[2] / "infra"
STORAGE: Final = INFRA / "storage.yaml"
APP: Final = INFRA / "app.yaml"

_WITHOUT_FN: Final = frozenset({"Ref", "Condition"})


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """A loader of its own, so that no other YAML is read with CloudFormation's tags."""


def load(path: Path) -> dict[str, Any]:
    """Read a template.

    Raises:
        ValueError: it has aliases, which CloudFormation does not know, or says a key twice.
    """
    text = path.read_text(encoding="utf-8")
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
        raise ValueError(f"{path.name} has YAML aliases, which CloudFormation does not know")
    document: dict[str, Any] = yaml.load(text, _Loader)
    return document


def _function(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if tag == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {tag if tag in _WITHOUT_FN else f"Fn::{tag}": value}


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = [
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"a key is said twice: {sorted(str(key) for key, _ in pairs)}")
    return dict(pairs)


_Loader.add_multi_constructor("!", _function)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
