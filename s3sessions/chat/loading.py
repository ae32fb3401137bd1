"""Finding the model that `--model module:name` names."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s3sessions.chat.function_model import FunctionModel
from s3sessions.chat.model import Model
from s3sessions.chat.strands_model import StrandsModel
from s3sessions.cli.exits import CommandError, Exit

__all__ = ["load_model"]


def load_model(spec: str, folder: Path) -> Model:
    """Import a model: a function of the messages, a Strands agent, or a function that makes one.

    The module is looked for in the folder first.

    Raises:
        CommandError: there is no such thing, or it is neither.
    """
    found = _find(spec, folder)
    if not _is_agent(found) and callable(found) and _takes(found, 0) and not _takes(found, 1):
        found = _call(spec, found)
    if _is_agent(found):
        return _strands_model(spec, found)
    if callable(found) and _takes(found, 1):
        return FunctionModel(spec, found)
    raise CommandError(
        f"--model {spec}: it is neither a function of the messages nor a Strands agent, nor a "
        "function without arguments that makes one",
        Exit.USAGE,
    )


def _find(spec: str, folder: Path) -> Any:
    module_name, colon, name = spec.partition(":")
    if not (module_name and colon and name):
        raise CommandError(f"--model {spec}: give it as module:name", Exit.USAGE)
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        found: Any = importlib.import_module(module_name)
        for attribute in name.split("."):
            found = getattr(found, attribute)
    except ModuleNotFoundError as error:
        where = f", neither in {folder} nor installed" if error.name == module_name else ""
        raise CommandError(f"--model {spec}: {error}{where}", Exit.USAGE) from error
    except AttributeError as error:
        raise CommandError(f"--model {spec}: {error}", Exit.USAGE) from error
    except Exception as error:
        raise _failed(spec, error) from error
    return found


def _call(spec: str, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Exception as error:
        raise _failed(spec, error) from error


def _failed(spec: str, error: Exception) -> CommandError:
    return CommandError(f"--model {spec}: it failed with {type(error).__name__}: {error}")


def _is_agent(value: Any) -> bool:
    # Whoever made an agent has imported Strands.
    strands = sys.modules.get("strands")
    return strands is not None and isinstance(value, strands.Agent)


def _strands_model(spec: str, agent: Any) -> StrandsModel:
    if getattr(agent, "_session_manager", None) is not None:
        raise CommandError(
            f"--model {spec}: the agent has a session manager, and chat stores every message: "
            "leave one of them away",
            Exit.USAGE,
        )
    return StrandsModel(spec, agent)


def _takes(function: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(function).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:
        return count == 1  # A function in C that does not tell.
    return True
