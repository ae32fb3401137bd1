"""Which model answers: Bedrock, one of your own, or the stand-in that needs no account."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands.models.model import Model

__all__ = ["chosen_model"]


def chosen_model() -> Model:
    """Make the model that the variable MODEL names.

    `bedrock` (the default; BEDROCK_MODEL_ID says which, else Strands chooses), `stand-in`, or
    `module:name` of a function without arguments that makes a Strands model.

    Raises:
        SystemExit: it names no model; init fails with what to do, before anything is asked.
    """
    chosen = os.environ.get("MODEL") or "bedrock"
    if chosen == "bedrock":
        return _bedrock(os.environ.get("BEDROCK_MODEL_ID"))
    if chosen == "stand-in":
        from stand_in import StandInModel

        return StandInModel()
    return _own(chosen)


def _bedrock(model_id: str | None) -> Model:
    from strands.models import BedrockModel

    return BedrockModel(model_id=model_id) if model_id else BedrockModel()


def _own(chosen: str) -> Model:
    module, colon, name = chosen.partition(":")
    if not (module and colon and name):
        sys.exit(f"MODEL={chosen}: give bedrock, stand-in, or module:name")
    try:
        make = getattr(import_module(module), name)
    except (ModuleNotFoundError, AttributeError) as error:
        sys.exit(f"MODEL={chosen}: {error}")
    made: Model = make()
    return made
