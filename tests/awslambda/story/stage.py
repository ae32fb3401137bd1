"""What every step of the story works with: a function, a wire to its bucket, and a voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from s3sessions import Message
from s3sessions.cli.output import Output
from s3sessions.cli.show import Line
from s3sessions.demo.stage import ClaimFailed
from s3sessions.demo.tree import draw_tree
from tests.awslambda.for_real.deployment import Deployment
from tests.servers.lambda_runtime import LambdaFunction
from tests.servers.wire import WireProxy

LAYER: Final = Path(__file__).with_name("layer")
INDENT: Final = 3
VERBS: Final = {
    "ListObjectsV2": "LIST",
    "GetObject": "GET",
    "PutObject": "PUT",
    "DeleteObject": "DELETE",
}


@dataclass
class Stage:
    """The story under way.

    Attributes:
        deployment: the example agent over a bucket of its own.
        wire: before the bucket; each container speaks through it.
        model_calls: a file with a line for each call of the model.
    """

    output: Output
    deployment: Deployment
    wire: WireProxy
    model_calls: Path
    _step: int = field(default=0, init=False)
    _told_calls: int = field(default=0, init=False)

    @property
    def function(self) -> LambdaFunction:
        """The example's function, with its stand-in for a model."""
        agent = replace(
            self.deployment,
            layers=(LAYER,),
            variables={"MODEL": "counted:model", "MODEL_CALLS": str(self.model_calls)},
        )
        return agent.function("handler.handler", via=self.wire.url)

    def step(self, title: str) -> None:
        """Announce a step."""
        self._step += 1
        self.output.line()
        self.output.spans((f"{self._step}  ", "dim"), (title, "heading"))

    def say(self, text: str) -> None:
        self.output.lines([Line.of(text, indent=INDENT)])
        self.output.flush()

    def check(self, claim: str, holds: bool) -> None:
        """State a claim that has been put to the test. Raises ClaimFailed where it failed."""
        if not holds:
            raise ClaimFailed(claim)
        self.output.lines([Line((("✓ ", "good"), (claim, "")), INDENT)])
        self.output.flush()

    def messages(self, session: str) -> list[Message]:
        """Read a session from the bucket."""
        with self.deployment.sessions() as sessions:
            return list(sessions.open(session).restore().messages)

    def show_bucket(self, session: str, *, since: int = 0) -> None:
        """Show the keys of a session as they are now, and its messages from an index on."""
        self.output.line()
        for line in draw_tree(self.deployment.keys(f"session_{session}/")):
            self.output.lines([Line.of(line, "dim", indent=INDENT)])
        self.output.line()
        for message in self.messages(session)[since:]:
            for speaker, text in spell(message.payload):
                spans = ((f"{message.index:>3}  ", "dim"), (f"{speaker:<11}", speaker), (text, ""))
                self.output.lines([Line(spans, INDENT)])
        self.output.line()

    def count_model_calls(self) -> int:
        """Count the calls of the model so far, those of all containers."""
        return len(self.model_calls.read_text().splitlines())

    def spell_cost(self) -> str:
        """Say what it took since this was last asked: `1 model call, 1 LIST + 2 GET`."""
        self.wire.settle()
        counts = self.wire.counts()
        self.wire.reset()
        calls = self.count_model_calls() - self._told_calls
        self._told_calls += calls
        requests = [f"{counts[name]} {verb}" for name, verb in VERBS.items() if name in counts]
        return f"{calls} model call{'' if calls == 1 else 's'}, {' + '.join(requests)}"


def spell(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give who speaks and what, for each block of a message."""
    for block in payload["content"]:
        if "toolUse" in block:
            arguments = block["toolUse"]["input"].values()
            yield payload["role"], f"calls {block['toolUse']['name']}({', '.join(arguments)})"
        elif "toolResult" in block:
            parts = block["toolResult"]["content"]
            yield "tool", " ".join(part["text"] for part in parts if "text" in part)
        else:
            yield payload["role"], str(block.get("text", ""))
