"""Histories in the shape of another provider: for OpenAI, Anthropic, Strands, and for people.

A payload is read as what its shape tells that it is, each for itself, so that a history may hold
several shapes. Pure functions: they make no request, change nothing that they are given, and raise
nothing, whatever JSON a payload holds. What the target has no place for is named in the result.
"""

from __future__ import annotations

from s3sessions.converters.conversion import (
    Conversion,
    Dropped,
    to_anthropic,
    to_openai,
    to_strands,
)
from s3sessions.converters.markdown import to_markdown

__all__ = ["Conversion", "Dropped", "to_anthropic", "to_markdown", "to_openai", "to_strands"]
