"""What a process costs from its start to its end, the interpreter included: imports, and one write.

Each program has been run before, so its bytecode is on disk and the disk's cache is warm.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
import uuid
from typing import Final

from tests.benchmarks.speed.peer import message
from tests.benchmarks.speed.reading import Reading
from tests.servers.s3_stub import Stub

APPEND: Final = """
from s3sessions import Sessions
sessions = Sessions(f"s3://{bucket}", endpoint_url=url, transport="%s")
sessions.open(name).append(message)
"""

PROGRAMS: Final = {
    "python": "",
    "import": "from s3sessions import Sessions",
    "boto3": """
import boto3, json
client = boto3.client("s3", endpoint_url=url)
client.put_object(Bucket=bucket, Key=name, Body=json.dumps(message).encode())
""",
    "ours-boto3": APPEND % "boto3",
    "ours-fast": APPEND % "object_store",
    "strands": """
from strands.session.s3_session_manager import S3SessionManager
from strands.types.session import SessionMessage
manager = S3SessionManager(name, bucket, endpoint_url=url)
manager.create_message(name, "default", SessionMessage.from_message(message, 0))
""",
}


class Cold:
    """Runs programs one after the other."""

    def __init__(self, stub: Stub, folder: str) -> None:
        self._stub = stub
        self._bucket = stub.make_bucket()
        # Where pip installs a package it compiles it; a checkout's own files are compiled here.
        self._environ = {**os.environ, "PYTHONPYCACHEPREFIX": f"{folder}/bytecode"}
        self._environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(self, program: str) -> Reading:
        """Run one program in a fresh interpreter."""
        given = (self._stub.endpoint_url, self._bucket, uuid.uuid4().hex)
        text = f"url, bucket, name = {given!r}\nmessage = {message(0)!r}\n{PROGRAMS[program]}"
        self._stub.reset()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        since = time.perf_counter()
        subprocess.run([sys.executable, "-c", text], env=self._environ, check=True)
        wall = time.perf_counter() - since
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        operations: dict[str, float] = {**self._stub.counted().operations}
        return Reading(wall * 1000, cpu * 1000, operations)
