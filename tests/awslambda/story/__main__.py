"""The story of an agent on Lambda, told by one that runs: `python -m tests.awslambda.story`.

The real runtime client runs the built artefact from a read-only folder, a real S3 server holds the
bucket, and each claim is put to the test. Exits with 1 where one does not hold.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from s3sessions.cli.output import Output
from s3sessions.demo.stage import ClaimFailed
from tests.awslambda.artefacts import agent_zip
from tests.awslambda.for_real.deployment import Deployment
from tests.awslambda.story.scenes import (
    call_at_once,
    crash_and_deliver_again,
    talk_to_cold_containers,
)
from tests.awslambda.story.stage import Stage
from tests.nobody import be_nobody
from tests.servers.lambda_runtime import link_distributions, unpacked
from tests.servers.lambda_runtime.folders import RUNTIME
from tests.servers.weed import Weed
from tests.servers.wire import WireProxy


def main() -> int:
    """Tell the story and give the exit code."""
    output = Output()
    began = time.monotonic()
    try:
        with deployed(output) as deployment:
            play(output, deployment)
    except ClaimFailed as error:
        output.error(f"the story failed: {error}")
        return 1
    output.line()
    output.line(f"All claims hold; {time.monotonic() - began:.1f} s.", "good")
    return 0


@contextmanager
def deployed(output: Output) -> Iterator[Deployment]:
    """Build the example agent and give it a bucket; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="lambda-story-") as folder:
        be_nobody(os.environ, folder)
        output.note("Building the artefact, and starting an S3 server …")
        artefact = agent_zip()
        output.line(
            f"An agent on Lambda, on this machine: AWS' runtime client runs {artefact.name} "
            f"({artefact.stat().st_size / 1e6:.1f} MB) from a read-only folder. SeaweedFS is its "
            "S3, the example's stand-in its model."
        )
        runtime = link_distributions(Path(folder) / "runtime", *RUNTIME)
        with Weed() as weed:
            url = f"s3://{weed.make_bucket()}/prod"
            yield Deployment(unpacked(artefact), runtime, url, weed.endpoint_url)


def play(output: Output, deployment: Deployment) -> None:
    """Play the steps. Raises ClaimFailed."""
    with WireProxy(deployment.endpoint_url) as wire, tempfile.NamedTemporaryFile() as calls:
        stage = Stage(output, deployment, wire, Path(calls.name))
        talk_to_cold_containers(stage)
        crash_and_deliver_again(stage)
        call_at_once(stage)


if __name__ == "__main__":
    sys.exit(main())
