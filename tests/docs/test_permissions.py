"""The README's table of roles says what their documents do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3sessions.permissions import Role, policy_document
from tests.permissions.evaluating import permissions_of

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| [\w, ]+ \| (`s3:.*?) \|$", README, re.MULTILINE))


@pytest.mark.parametrize("role", Role)
def test_the_actions_of_a_role_are_those_of_its_document(role: Role) -> None:
    destination = "s3://lake" if role is Role.EXPORTER else None
    document = policy_document(role, "bucket", "prefix", destination=destination)
    told = re.findall(r"s3:\w+", ROWS[role])
    assert sorted(told) == sorted({each.action for each in permissions_of(document)})
