"""The Lambda of the tests does to a handler what Lambda does."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.servers.daemon import ServerFailed
from tests.servers.lambda_runtime import (
    InitType,
    LambdaFunction,
    link_distributions,
    unpacked,
)
from tests.servers.lambda_runtime.__main__ import main
from tests.servers.lambda_runtime.folders import RUNTIME, make_read_only, remove

SAMPLE = Path(__file__).with_name("lambda_runtime") / "sample"


@pytest.fixture(scope="module")
def tell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaFunction]:
    """A function that says what it knows."""
    folder = tmp_path_factory.mktemp("lambda")
    code = Path(shutil.copytree(SAMPLE, folder / "task"))
    make_read_only(code)
    yield LambdaFunction(code, "sample.tell", link_distributions(folder / "runtime", *RUNTIME))
    remove(code)


def test_one_environment_handles_event_after_event_and_is_frozen_between_them(
    tell: LambdaFunction,
) -> None:
    with tell.start() as environment:
        frozen = [environment.is_frozen]
        first = environment.invoke({"n": 1})
        frozen.append(environment.is_frozen)
        second = environment.invoke({"n": 2}, request_id="r2", tenant_id="t", timeout=7)
        assert environment.cpu_seconds > 0
        assert environment.peak_bytes > 1 << 20
    assert frozen == [False, True]
    assert not environment.is_alive
    assert first.payload["events"] == 1
    assert first.payload["request_id"] == first.request_id
    assert first.payload["tenant_id"] is None
    assert second.payload == {
        "events": 2,
        "pid": environment.pid,
        "request_id": "r2",
        "tenant_id": "t",
        "milliseconds": second.payload["milliseconds"],
        "arn": tell.arn,
    }
    assert 0 < second.payload["milliseconds"] <= 7000


def test_a_handler_sees_its_artefact_read_only_and_nothing_of_ours(tell: LambdaFunction) -> None:
    seeing = replace(tell, handler="sample.look_around", variables={"MINE": "1"})
    with seeing.start() as environment:
        modules = ["boto3", "s3sessions", "pytest", "snapshot_restore_py"]
        told = environment.invoke({"modules": modules}).payload
    assert told["written"] == "PermissionError"
    assert told["importable"] == ["snapshot_restore_py"]
    assert "MINE" in told["variables"]
    assert "VIRTUAL_ENV" not in told["variables"]
    assert not [name for name in told["variables"] if name.startswith("PYTEST")]


def test_an_error_of_the_handler_is_told_and_the_environment_goes_on(tell: LambdaFunction) -> None:
    with replace(tell, handler="sample.fail").start() as environment:
        outcome = environment.invoke({})
        assert not outcome.ok
        assert outcome.error_type == "LookupError"
        assert environment.invoke({}).error_type == "LookupError"


def test_a_handler_that_takes_too_long_is_killed(tell: LambdaFunction) -> None:
    with replace(tell, handler="sample.hang").start() as environment:
        outcome = environment.invoke({}, timeout=0.2)
        assert outcome.error_type == "Sandbox.Timedout"
        assert not environment.is_alive
        with pytest.raises(ServerFailed, match="start another"):
            environment.invoke({})


def test_an_environment_that_is_killed_in_the_middle_of_an_event_says_so(
    tell: LambdaFunction,
) -> None:
    with replace(tell, handler="sample.hang").start() as environment:
        invocation = environment.begin({})
        environment.crash()
        assert environment.finish(invocation).error_type == "Runtime.ExitError"


def test_a_runtime_that_ends_by_itself_is_an_error(tell: LambdaFunction) -> None:
    with replace(tell, handler="sample.end").start() as environment:
        outcome = environment.invoke({})
    assert outcome.error == {
        "errorType": "Runtime.ExitError",
        "errorMessage": "Runtime exited: 3",
    }


def test_a_handler_that_cannot_be_loaded_is_told_at_the_start(tell: LambdaFunction) -> None:
    with pytest.raises(ServerFailed, match=r"No module named 'nowhere'"):
        replace(tell, handler="nowhere.handler").start()


def test_events_and_answers_that_lambda_does_not_carry_are_refused(tell: LambdaFunction) -> None:
    with replace(tell, handler="sample.talk_much").start() as environment:
        with pytest.raises(ValueError, match="Lambda takes 6291456"):
            environment.invoke({"text": "x" * (6 << 20)})
        assert environment.invoke({"bytes": 1 << 20}).ok
        assert environment.invoke({"bytes": 6 << 20}).error_type == "Function.ResponseSizeTooLarge"


def test_workers_of_a_managed_instance_handle_events_at_the_same_moment(
    tell: LambdaFunction,
) -> None:
    with replace(tell, handler="sample.meet", max_concurrency=3).start() as environment:
        begun = [environment.begin({"handlers": 3}) for _ in range(3)]
        pids = {environment.finish(invocation).payload for invocation in begun}
        assert len(pids) == 3
        assert not environment.is_frozen


def test_the_hooks_of_a_snapshot_run_before_the_first_event(tell: LambdaFunction) -> None:
    with replace(tell, init_type=InitType.SNAP_START).start() as environment:
        assert environment.invoke({}).payload["events"] == 3


def test_an_environment_ends_without_a_word_or_with_sigterm_where_it_has_an_extension(
    tell: LambdaFunction,
) -> None:
    ending = replace(tell, handler="sample.await_the_end")
    with ending.start() as environment:
        environment.invoke({})
        assert environment.shut_down() is False
        assert "SIGTERM" not in environment.log
    with ending.start() as environment:
        environment.invoke({})
        handled = environment.shut_down(has_extension=True) and "SIGTERM" in environment.log
    # The runtime of 3.11 waits for an event in C code, where no handler of a signal can run.
    assert sys.version_info >= (3, 12) or not handled


def test_an_artefact_is_unpacked_once_and_read_only(tmp_path: Path) -> None:
    artefact = tmp_path / "agent.zip"
    with zipfile.ZipFile(artefact, "w") as archive:
        archive.writestr("package/module.py", "x = 1\n")
    folder = unpacked(artefact)
    module = folder / "package" / "module.py"
    assert module.read_text() == "x = 1\n"
    assert module.stat().st_mode & 0o222 == folder.stat().st_mode & 0o222 == 0
    assert unpacked(artefact) == folder
    remove(folder)


def test_an_artefact_can_be_run_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artefact = tmp_path / "sample.zip"
    with zipfile.ZipFile(artefact, "w") as archive:
        archive.write(SAMPLE / "sample.py", "sample.py")
    arguments = [str(artefact), "--repeat", "2", "--no-sdk", "--env", "MINE=1"]
    assert main([*arguments, "sample.tell"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["payload"]["events"] for line in told] == [1, 2]
    assert main([*arguments, "sample.fail"]) == 1
    remove(unpacked(artefact))


def test_an_environment_does_not_outlive_a_process_that_was_killed(tell: LambdaFunction) -> None:
    program = f"""if True:
        import os, signal
        from pathlib import Path
        from tests.servers.lambda_runtime import LambdaFunction
        code, runtime = Path({str(tell.code)!r}), Path({str(tell.runtime)!r})
        environment = LambdaFunction(code, "sample.tell", runtime).start()
        told = environment.invoke({{}})
        print(environment.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert killed.returncode == -signal.SIGKILL
    assert ends_soon(int(killed.stdout))


def ends_soon(pid: int) -> bool:
    """Tell whether a process, which may be gone already, ends within seconds."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return process in select.select([process], [], [], 10)[0]
    finally:
        os.close(process)
