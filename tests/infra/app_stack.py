"""infra/app.yaml beside the stack of infra/storage.yaml, as they would be made."""

from __future__ import annotations

from typing import Any, Final

from tests.infra.stacks import Stack
from tests.infra.statements import Statement, statements_of
from tests.infra.templates import APP, STORAGE, load

__all__ = ["TEMPLATE", "app", "policies", "statements", "variables"]

TEMPLATE: Final = load(APP)
STORAGE_STACK: Final = Stack(
    load(STORAGE), attributes={"Bucket": "talk"}, name="s3sessions-storage"
)


def app(**parameters: Any) -> Stack:
    return Stack(TEMPLATE, parameters, imports=STORAGE_STACK.exports, name="app")


def variables(function: str, **parameters: Any) -> Any:
    return app(**parameters).properties(function)["Environment"]["Variables"]


def statements(resource: str, **parameters: Any) -> dict[str, Statement]:
    made = app(**parameters).resources[resource]
    return {one.written["Sid"]: one for one in statements_of({resource: made})}


def policies(role: str, **parameters: Any) -> Any:
    return app(**parameters).properties(role)["ManagedPolicyArns"]
