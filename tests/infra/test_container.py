"""The loop of a container, as infra/README.md has it: SIGTERM ends it, and costs nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from s3sessions import Sessions
from tests.infra.templates import INFRA

PROGRAM = """
import json, os, re, signal, sys
from s3sessions import Sessions

readme, url = sys.argv[1:]
snippets = re.findall(r"```python\\n(.*?)```", open(readme, encoding="utf-8").read(), re.DOTALL)
names = {}
exec(next(snippet for snippet in snippets if "def serve" in snippet), names)
stored = []

def stop_in_the_middle_of_the_fifth(request):
    if request.verb == "put" and "/messages/" in request.key:
        stored.append(request.key)
        if len(stored) == 5:
            os.kill(os.getpid(), signal.SIGTERM)

asked = iter({"session_id": "s", "message": str(n), "id": f"r{n}"} for n in range(9))
names["serve"](lambda: next(asked, None), Sessions(url, on_request=stop_in_the_middle_of_the_fifth))
print(json.dumps({"left": len(list(asked))}))
"""


def test_a_container_that_is_told_to_stop_ends_its_turn_and_takes_no_other(tmp_path: Path) -> None:
    url = (tmp_path / "sessions").as_uri()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(INFRA / "README.md"), url],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout) == {"left": 4}
    with Sessions(url) as sessions:
        assert [m["content"] for m in sessions.open("s").restore().payloads] == list("01234")
        with sessions.open("s").turn():
            pass  # What the process held was given back.
