"""How large a response is to Lambda, which takes back no more than 6 MB."""

from __future__ import annotations

import json
import os
from typing import Final

__all__ = ["MAX_RESPONSE_BYTES", "bytes_of"]

MAX_RESPONSE_BYTES: Final = 6 * 1024 * 1024
"""The most that Lambda takes back from a function that somebody waits for."""


def bytes_of(value: object) -> int:
    """Give the bytes that a value takes in what the runtime hands over: JSON.

    So a text that is JSON itself is quoted once more.
    """
    # The runtime of Python 3.11 writes ASCII, and all later ones Unicode.
    is_unicode = os.environ.get("AWS_EXECUTION_ENV", "") > "AWS_Lambda_python3.11"
    return len(json.dumps(value, ensure_ascii=not is_unicode).encode("utf-8", "surrogatepass"))
