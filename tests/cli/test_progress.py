from __future__ import annotations

import io

from s3sessions.cli.output import Output
from s3sessions.cli.progress import Progress


def test_in_a_pipe_progress_is_a_line_every_few_seconds() -> None:
    now = 0.0
    err = io.StringIO()
    with Progress(Output(io.StringIO(), err), "import", clock=lambda: now) as progress:
        for second in range(12):
            now = float(second)
            progress.update(f"{second} conversations", done=second, total=100)
    assert err.getvalue() == "import: 5%, 5 conversations\nimport: 10%, 10 conversations\n"


def test_without_a_total_it_says_how_far_it_is() -> None:
    now = 0.0
    err = io.StringIO()
    with Progress(Output(io.StringIO(), err), "export", clock=lambda: now) as progress:
        now = 6.0
        progress.update("7 conversations")
    assert err.getvalue() == "export: 7 conversations\n"
