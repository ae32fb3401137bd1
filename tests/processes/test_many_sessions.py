"""Many sessions through one `Sessions` object: they cost each other nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from s3sessions import Sessions
from tests.processes.scenes import Place

WRITERS, EACH = 50, 4
HANDLES = 100_000
PAGES_OF_A_MEBIBYTE = 256


@pytest.mark.parametrize("place", ["on_local", "on_weed"])
def test_fifty_writers_to_fifty_sessions_never_meet(
    place: str, request: pytest.FixtureRequest
) -> None:
    found: Place = request.getfixturevalue(place)
    with Sessions(found.url, **found.options) as sessions:

        def write(writer: int) -> Counter[str]:
            chat = sessions.open(f"session {writer}", on_conflict="raise")
            for n in range(EACH):
                assert chat.append({"n": n}).index == n
            return Counter(chat.requests.by_verb)

        with ThreadPoolExecutor(WRITERS) as pool:
            requests = list(pool.map(write, range(WRITERS)))
        # A conflict would cost a get and a list more.
        assert requests == [Counter(list=1, get=1, put=2 + EACH)] * WRITERS
        assert sessions.stats().messages == WRITERS * EACH


# A process of its own: what other tests have left in the allocator is not counted.
GROWTH = """
import gc, json, sys
from s3sessions import MessageNotFound, Sessions

def pages():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1])

def visit(first, last):
    for n in range(first, last):
        chat = sessions.open(f"session {n}", title=f"number {n}")
        if n % 10 == 0:
            try:
                chat.read(0)
            except MessageNotFound:
                pass

sessions = Sessions("memory://")
handles = int(sys.argv[1])
visit(0, handles // 10)
before = pages()
visit(handles // 10, handles)
print(json.dumps(pages() - before))
"""


def test_a_hundred_thousand_handles_leave_no_memory_behind() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(HANDLES)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) < 4 * PAGES_OF_A_MEBIBYTE
