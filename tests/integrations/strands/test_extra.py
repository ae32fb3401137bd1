"""The extra `strands`: its names load when asked for, and say what is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import s3sessions.integrations.strands as adapter


@pytest.mark.parametrize("name", adapter.__all__)
def test_without_strands_the_extra_is_named(name: str) -> None:
    program = (
        "import sys; sys.modules['strands'] = None\n"
        "from s3sessions import MissingExtra\n"
        f"try:\n    from s3sessions.integrations.strands import {name}\n"
        "except MissingExtra as error:\n    print(error.extra, '|', error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert ran.stdout.startswith("strands | ")
    assert "pip install 's3sessions[strands]'" in ran.stdout


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    assert dir(adapter) == ["S3SessionManager", "S3SessionsStorage"]
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        adapter.Nothing  # noqa: B018
