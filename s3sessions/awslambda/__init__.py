"""Agents on AWS Lambda: each invocation of a session function is a turn of a session."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from s3sessions.awslambda.agent_turn import agent_turn
    from s3sessions.awslambda.answering import InvalidAnswer
    from s3sessions.awslambda.delivery import Answer, Delivery
    from s3sessions.awslambda.function import SessionFunction
    from s3sessions.awslambda.invocation import Invocation
    from s3sessions.awslambda.refusals import EventRefused, TenantRefused
    from s3sessions.awslambda.tenancy import SessionsByTenant
    from s3sessions.awslambda.tenant_roles import TenantRoles
    from s3sessions.awslambda.turn import LambdaTurn

__all__ = [
    "Answer",
    "Delivery",
    "EventRefused",
    "InvalidAnswer",
    "Invocation",
    "LambdaTurn",
    "SessionFunction",
    "SessionsByTenant",
    "TenantRefused",
    "TenantRoles",
    "agent_turn",
]

# Where each name lives: a name is imported when it is first asked for, so that a cold start pays
# for what it uses.
_HOMES = {
    "agent_turn": ("agent_turn",),
    "answering": ("InvalidAnswer",),
    "delivery": ("Answer", "Delivery"),
    "function": ("SessionFunction",),
    "invocation": ("Invocation",),
    "refusals": ("EventRefused", "TenantRefused"),
    "tenancy": ("SessionsByTenant",),
    "tenant_roles": ("TenantRoles",),
    "turn": ("LambdaTurn",),
}


def __getattr__(name: str) -> Any:
    home = next((home for home, names in _HOMES.items() if name in names), None)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import sys

    # Not importlib, which takes longer to load than most of what it would be asked for.
    __import__(f"{__name__}.{home}")
    value = getattr(sys.modules[f"{__name__}.{home}"], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
