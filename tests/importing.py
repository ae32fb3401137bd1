"""What a statement makes a fresh interpreter load."""

from __future__ import annotations

import json
import subprocess
import sys

NOT_AT_IMPORT = {
    *("aioboto3", "aiobotocore", "boto3", "botocore"),
    *("asyncio", "rich", "zstandard"),
}

# Each takes as long to load as several modules of this package, or as all of them.
NOT_FOR_AN_APPEND = NOT_AT_IMPORT | {
    *("base64", "concurrent.futures", "dataclasses", "decimal", "email", "fractions", "hashlib"),
    *("http", "importlib.metadata", "inspect", "logging", "random", "socket", "ssl", "subprocess"),
    *("tempfile", "urllib", "uuid", "xml"),
}

FIRST_APPEND = "from s3sessions import Sessions; Sessions({}).open('s').append({{'n': 1}})"

WHAT_IMPORTING_LOADS = """
import sys, time
before, began = set(sys.modules), time.process_time()
{statement}
milliseconds, loaded = (time.process_time() - began) * 1000, set(sys.modules) - before
import json
print(json.dumps([sorted(loaded), milliseconds]))
"""


def loaded_by(statement: str) -> set[str]:
    """Run a statement in an interpreter of its own, and give the modules that it loaded."""
    program = WHAT_IMPORTING_LOADS.format(statement=statement)
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    modules, milliseconds = json.loads(ran.stdout.splitlines()[-1])
    print(f"{statement}: {len(modules)} modules, {milliseconds:.1f} ms of CPU")
    return set(modules)


def ours(loaded: set[str]) -> set[str]:
    """Give the modules of this package among them."""
    return {name for name in loaded if name.startswith("s3sessions.")}
