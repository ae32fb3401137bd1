"""Tool calls without results, and results without calls, in a history that a model shall read.

A model refuses such a history; a process that died between a call and its result leaves one, and
so does who cuts a long history anywhere. Pure functions over payloads: they make no request, change
nothing that they are given, and raise nothing, whatever JSON a payload holds.
"""

from __future__ import annotations

from s3sessions.tool_calls.problems import Problem, ProblemKind, validate
from s3sessions.tool_calls.repairing import repair
from s3sessions.tool_calls.shapes import Shape
from s3sessions.tool_calls.thoughts import is_transient_thought
from s3sessions.tool_calls.window import window

__all__ = [
    "Problem",
    "ProblemKind",
    "Shape",
    "is_transient_thought",
    "repair",
    "validate",
    "window",
]
