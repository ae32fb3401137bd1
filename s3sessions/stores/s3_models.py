"""The SDK's models of S3 for clients of ours: read once, and without what no request needs.

An SDK reads the models for each session again, works the endpoint out anew for each key, though
no rule asks for the key, and looks through an answer for forty fields of which a store reads three.
What an SDK of another version has in another form stays as it is.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

__all__ = ["shared_models", "store_models"]

# The fields that stores read of the answers that they get most.
_READ: Final[Mapping[str, frozenset[str]]] = {
    "GetObjectOutput": frozenset({"Body", "ETag", "LastModified"}),
    "PutObjectOutput": frozenset({"ETag"}),
}


@functools.cache
def shared_models(data_path: str | None) -> Any:
    """Give the loader of models for clients that are handed out: their answers are whole."""
    return _lean_loader(data_path)


@functools.cache
def store_models(data_path: str | None) -> Any:
    """Give the loader of models for the clients of stores, whose answers nobody else sees."""
    loader = _lean_loader(data_path)
    with suppress(Exception):
        _drop_unread_fields(loader.load_service_model("s3", "service-2"))
    return loader


def _lean_loader(data_path: str | None) -> Any:
    from botocore.loaders import create_loader

    loader = create_loader(data_path)
    with suppress(Exception):
        # The loader keeps what it has read, so this is what the SDK gets of it, too.
        _drop_unused_parameters(loader.load_service_model("s3", "endpoint-rule-set-1"))
    return loader


def _drop_unused_parameters(endpoint: dict[str, Any]) -> None:
    """Leave out what no rule asks for: the SDK keeps its results by all parameters together."""
    rules = json.dumps(endpoint["rules"])
    parameters = endpoint["parameters"]
    # As a reference or inside a template; plain searches, as each client waits for them.
    for name in list(parameters):
        if f'"{name}"' not in rules and f"{{{name}" not in rules:
            del parameters[name]


def _drop_unread_fields(model: dict[str, Any]) -> None:
    for name, read in _READ.items():
        members = model["shapes"][name]["members"]
        for unread in members.keys() - read:
            del members[unread]
