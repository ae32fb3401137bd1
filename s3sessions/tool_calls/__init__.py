"""Tool calls without results, and results without calls, in a history that a model shall read.

A model refuses such a history, and a process that died between a call and its result leaves one.
Pure functions over payloads: they make no request, change nothing that they are given, and raise
nothing, whatever JSON a payload holds.
"""

from __future__ import annotations

from s3sessions.tool_calls.problems import Problem, ProblemKind, validate
from s3sessions.tool_calls.repairing import repair
from s3sessions.tool_calls.shapes import Shape

__all__ = ["Problem", "ProblemKind", "Shape", "repair", "validate"]
