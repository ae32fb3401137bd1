"""What CloudFormation would make of a template: conditions decided, functions worked out.

Enough of the intrinsic functions for the templates here; another one is refused. What only AWS
knows (an ARN that it gives, a name that it makes up) becomes text that names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

__all__ = ["ACCOUNT", "REGION", "Stack", "is_allowed"]

ACCOUNT: Final = "111122223333"
REGION: Final = "eu-central-1"

_NOTHING: Final = object()
_VARIABLE: Final = re.compile(r"\$\{(!?)([^}]+)\}")


class Stack:
    """A template with values for its parameters, and of what it imports.

    Args:
        template: as `templates.load` reads it.
        parameters: those that are not to have their defaults.
        imports: values of `Fn::ImportValue`, by the export's name.
        attributes: values of `Fn::GetAtt` and `Ref` of resources, by `Bucket` or `Key.Arn`.
    """

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        imports: Mapping[str, str] | None = None,
        attributes: Mapping[str, str] | None = None,
        name: str = "stack",
        partition: str = "aws",
    ) -> None:
        self._template = template
        self._imports = imports or {}
        self._attributes = attributes or {}
        self._values = _pseudo_parameters(name, partition)
        self._values |= _parameters(template, parameters or {})
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.holds,
            "Fn::And": lambda parts: all(self.value(part) for part in parts),
            "Fn::Equals": self._equals,
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._attribute,
            "Fn::If": self._if,
            "Fn::ImportValue": lambda export: self._imports[self.value(export)],
            "Fn::Join": self._join,
            "Fn::Not": lambda parts: not self.value(parts[0]),
            "Fn::Sub": self._sub,
        }

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources that would be made."""
        return self._made("Resources")

    @property
    def outputs(self) -> dict[str, Any]:
        """The values of the outputs that there would be."""
        return {name: output["Value"] for name, output in self._made("Outputs").items()}

    @property
    def exports(self) -> dict[str, Any]:
        """The values that other stacks could import, by name."""
        return {
            output["Export"]["Name"]: output["Value"]
            for output in self._made("Outputs").values()
            if "Export" in output
        }

    @property
    def refusals(self) -> list[str]:
        """Why CloudFormation would not begin with these parameters, by the template's rules."""
        return [
            assertion["AssertDescription"]
            for rule in self._template.get("Rules", {}).values()
            if self.value(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.value(assertion["Assert"])
        ]

    def properties(self, resource: str) -> Any:
        return self.resources[resource]["Properties"]

    def of_type(self, kind: str) -> dict[str, Any]:
        """Properties by the resource's name, of all that are of one type."""
        found = {name: made for name, made in self.resources.items() if made["Type"] == kind}
        return {name: made.get("Properties", {}) for name, made in found.items()}

    def holds(self, condition: str) -> bool:
        return bool(self.value(self._template["Conditions"][condition]))

    def value(self, written: Any) -> Any:
        """Work out what is written in the template."""
        if isinstance(written, dict):
            if len(written) == 1:
                (name, argument) = next(iter(written.items()))
                if name in self._functions:
                    return self._functions[name](argument)
                assert not name.startswith("Fn::"), f"{name} is not known here"
            worked_out = {key: self.value(value) for key, value in written.items()}
            return {key: value for key, value in worked_out.items() if value is not _NOTHING}
        if isinstance(written, list):
            values = [self.value(value) for value in written]
            return [value for value in values if value is not _NOTHING]
        return written

    def _made(self, section: str) -> dict[str, Any]:
        return {
            name: {
                # A condition is a name here, and no function.
                key: value if key == "Condition" else self.value(value)
                for key, value in written.items()
            }
            for name, written in self._template[section].items()
            if "Condition" not in written or self.holds(written["Condition"])
        }

    def _ref(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        self._check_made(name)
        return self._attributes.get(name, name)

    def _attribute(self, written: list[str] | str) -> str:
        name, attribute = written.split(".", 1) if isinstance(written, str) else written
        self._check_made(name)
        return self._attributes.get(f"{name}.{attribute}", f"<{name}.{attribute}>")

    def _check_made(self, name: str) -> None:
        resource = self._template["Resources"][name]
        if "Condition" in resource:
            assert self.holds(resource["Condition"]), f"{name} is not there, but referred to"

    def _equals(self, pair: list[Any]) -> bool:
        left, right = (self.value(side) for side in pair)
        return str(left) == str(right)

    def _find_in_map(self, path: list[Any]) -> Any:
        name, first, second = (self.value(step) for step in path)
        return self._template["Mappings"][name][first][second]

    def _if(self, parts: list[Any]) -> Any:
        condition, yes, no = parts
        return self.value(yes if self.holds(condition) else no)

    def _join(self, parts: list[Any]) -> str:
        separator, values = parts
        return str(separator).join(str(value) for value in self.value(values))

    def _sub(self, written: Any) -> str:
        text, given = (written, {}) if isinstance(written, str) else written
        own = {name: self.value(value) for name, value in given.items()}

        def put_in(match: re.Match[str]) -> str:
            is_literal, name = match[1], match[2]
            if is_literal:
                return "${" + name + "}"
            if name in own:
                return str(own[name])
            return str(self._attribute(name) if "." in name else self._ref(name))

        return _VARIABLE.sub(put_in, text)


def _pseudo_parameters(name: str, partition: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::NoValue": _NOTHING,
        "AWS::Partition": partition,
        "AWS::Region": REGION,
        "AWS::StackName": name,
        "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
    }


def _parameters(template: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Take defaults, and hold what is given to the patterns and limits, as CloudFormation does."""
    declared = template.get("Parameters", {})
    assert set(given) <= set(declared), f"no parameters: {set(given) - set(declared)}"
    values = {name: given.get(name, about.get("Default")) for name, about in declared.items()}
    for name, value in values.items():
        assert is_allowed(declared[name], value), f"{name}={value!r} is refused"
    lists = {name for name, about in declared.items() if about["Type"] == "CommaDelimitedList"}
    return {name: value.split(",") if name in lists else value for name, value in values.items()}


def is_allowed(parameter: Mapping[str, Any], value: Any) -> bool:
    """Say whether CloudFormation takes the value for the parameter."""
    if "AllowedValues" in parameter and value not in parameter["AllowedValues"]:
        return False
    if parameter["Type"] == "Number":
        return bool(parameter.get("MinValue", value) <= value <= parameter.get("MaxValue", value))
    if len(value) > parameter.get("MaxLength", len(value)):
        return False
    return re.search(parameter.get("AllowedPattern", ""), value) is not None
