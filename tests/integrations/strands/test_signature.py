"""The constructor is a promise: Strands' own arguments first, in its order, then ours by name."""

from __future__ import annotations

import inspect

from strands.session.s3_session_manager import S3SessionManager as Strands

from s3sessions.integrations.strands import S3SessionManager
from s3sessions.integrations.strands.invocation import named_by_state


def test_arguments_stand_where_strands_has_them() -> None:
    theirs = [p for p in inspect.signature(Strands).parameters if p != "kwargs"]
    assert list(inspect.signature(S3SessionManager).parameters)[: len(theirs)] == theirs


def test_what_is_beyond_strands_is_given_by_name() -> None:
    ours = inspect.signature(S3SessionManager).parameters.values()
    assert {p.name: p.default for p in ours if p.kind is p.KEYWORD_ONLY} == {
        "sessions": None,
        "on_conflict": None,
        "turns": False,
        "turn_wait": 30.0,
        "turn_lease": 60.0,
        "on_error": "raise",
        "tell_error": None,
        "name_invocation": named_by_state,
    }
