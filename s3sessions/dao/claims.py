"""The turns of one handle: which one it is in, and how it begins one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from s3sessions.dao.scope import Scope
from s3sessions.errors import InvalidSettings
from s3sessions.keys import AgentKeys

if TYPE_CHECKING:
    from s3sessions.dao.turn import Claim


class Claims:
    """The turns of one handle: one at a time."""

    def __init__(self, scope: Scope, agent: AgentKeys) -> None:
        self.scope = scope
        self.agent = agent
        self.current: Claim | None = None

    def new(self, wait: float, lease: float) -> Claim:
        """Make a claim; `Claim.begin` makes it. Raises InvalidSettings. Requests: none."""
        # Here, as a handle that begins no turn does not need it.
        from s3sessions.dao.turn import Claim

        _check_seconds("wait", wait)
        _check_seconds("lease", lease)
        if lease == 0:
            raise InvalidSettings("lease=0: give the seconds after which others may take over")
        return Claim(self, wait, lease)

    async def renew_if_due(self) -> None:
        """Renew the claim that is held, if any; awaited before a request of the handle.

        Requests: none, or 1 PUT once more than half of the lease has passed. Raises nothing.
        """
        if self.current is not None:
            await self.current.renew_if_due()


def _check_seconds(name: str, value: Any) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (is_number and 0 <= value < float("inf")):
        raise InvalidSettings(f"{name}={value!r}: must be seconds, 0 or more")
