"""An execution environment: one runtime process, from its cold start to its end."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from tests.servers.daemon import ServerFailed
from tests.servers.lambda_runtime.function import InitType, LambdaFunction
from tests.servers.lambda_runtime.invocation import Invocation, Outcome
from tests.servers.lambda_runtime.process import RuntimeProcess
from tests.servers.lambda_runtime.runtime_api import RuntimeApi

INIT_SECONDS: Final = 30
"""Lambda gives 10; a machine that runs other tests may need more."""

EXTENSION_SECONDS: Final = 0.5
"""From SIGTERM to SIGKILL, for a function with an internal extension."""


class LambdaEnvironment:
    """An environment that is alive until it crashes, times out, or is shut down or closed.

    ```python
    with function.start() as environment:
        assert environment.invoke({"message": "hello"}).ok
    ```

    Attributes:
        init_seconds: from the start of the process until it asked for its first event.
    """

    def __init__(self, function: LambdaFunction) -> None:
        self._function = function
        self._folder = Path(tempfile.mkdtemp(prefix="lambda-"))
        self._output = self._folder / "output.txt"
        temporary = self._folder / "tmp"
        temporary.mkdir()
        self._api = RuntimeApi(function.arn)
        began_at = time.monotonic()
        self._process = RuntimeProcess(
            function.command,
            function.code,
            self._folder,
            self._output,
            function.environ(self._api.address, temporary),
            lambda status: self._api.end("Runtime.ExitError", f"Runtime exited: {status}"),
        )
        try:
            self._wait_for_init()
        except BaseException:
            self.close()
            raise
        self.init_seconds = time.monotonic() - began_at

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive

    @property
    def is_frozen(self) -> bool:
        return self._process.is_stopped

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the runtime so far, in steps of 10 ms; that of workers not counted."""
        return self._process.cpu_seconds

    @property
    def peak_bytes(self) -> int:
        """The most memory that the runtime has had resident."""
        return self._process.peak_bytes

    @property
    def log(self) -> str:
        """What was printed so far."""
        return self._output.read_text(errors="replace")

    def begin(
        self,
        event: Any,
        *,
        request_id: str | None = None,
        tenant_id: str | None = None,
        timeout: float | None = None,
    ) -> Invocation:
        """Hand over an event and do not wait; its time runs from here.

        Args:
            event: what JSON can hold.
            request_id: that of an event that was delivered before; by default a new one.
            timeout: seconds, in place of the function's.
        """
        if not self.is_alive:
            raise ServerFailed("this environment is gone: start another")
        invocation = Invocation(event, request_id, tenant_id, timeout or self._function.timeout)
        self._process.go_on()
        self._api.offer(invocation)
        return invocation

    def finish(self, invocation: Invocation) -> Outcome:
        """Wait for the outcome; an environment whose handler takes too long is killed."""
        outcome = invocation.wait(invocation.timeout)
        if outcome is None:
            text = f"Task timed out after {invocation.timeout:.2f} seconds"
            self._end("Sandbox.Timedout", f"RequestId: {invocation.request_id} Error: {text}")
            outcome = invocation.wait(0)
            assert outcome is not None
        elif self._function.max_concurrency is None:
            self._freeze()
        return outcome

    def invoke(
        self,
        event: Any,
        *,
        request_id: str | None = None,
        tenant_id: str | None = None,
        timeout: float | None = None,
    ) -> Outcome:
        """Hand over an event and wait for its outcome; see `begin`."""
        return self.finish(
            self.begin(event, request_id=request_id, tenant_id=tenant_id, timeout=timeout)
        )

    def crash(self) -> None:
        """Kill it in the middle of whatever it does, as an outage would."""
        self._end("Runtime.ExitError", "the environment was killed")

    def shut_down(self, *, has_extension: bool = False) -> bool:
        """End it as Lambda does; tell whether it ended of itself.

        A function without an extension gets no signal but SIGKILL. One with an extension gets
        SIGTERM and half a second first. What a handler of SIGTERM can do there is little: in the
        runtime of Python 3.11 it does not run at all, for the main thread is in C code, where it
        waits for an event; in later ones it runs, but nothing says that it is done in time.
        """
        ended = False
        if has_extension and self.is_alive:
            self._process.go_on()
            ended = self._process.terminate(EXTENSION_SECONDS)
        self._end("Runtime.ExitError", "the environment was shut down")
        return ended

    def close(self) -> None:
        """End it and remove what it has written."""
        self._end("Runtime.ExitError", "the environment was closed")
        self._api.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> LambdaEnvironment:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _wait_for_init(self) -> None:
        limit = time.monotonic() + INIT_SECONDS
        if self._function.init_type is InitType.SNAP_START:
            self._ready_if(self._api.wait_for_checkpoint(limit - time.monotonic()))
            self._process.stop()
            self._process.go_on()
            self._api.restore()
        workers = self._function.max_concurrency or 1
        self._ready_if(self._api.wait_for_pollers(workers, limit - time.monotonic()))

    def _ready_if(self, is_ready: bool) -> None:
        if not is_ready:
            why = self._api.init_error or "it ended, or took too long"
            raise ServerFailed(f"{self._function.handler} did not start: {why}\n{self.log[-4000:]}")

    def _freeze(self) -> None:
        """Stop it once it asks for the next event, as Lambda does; one that died is left."""
        if self._api.wait_for_pollers(1, self._function.timeout):
            self._process.stop()

    def _end(self, error_type: str, message: str) -> None:
        self._api.end(error_type, message)
        self._process.kill()
