"""A demo that is stopped midway loses nothing that it had recorded, and leaves nobody behind.

The processes are real, and so are the signals.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.spool import RunStatus

#: Seconds after which a process that should have ended is a failure of the test.
PATIENCE = 60.0


@dataclass
class Stopped:
    """A demo that is in the middle of its evaluation.

    Attributes:
        process: it. service: a descriptor of the reference service's process. seen: its stderr.
    """

    process: subprocess.Popen[str]
    service: int
    seen: list[str]

    def rest(self) -> tuple[str, str]:
        """Wait for its end; return standard output and the rest of standard error."""
        return self.process.communicate(timeout=PATIENCE)

    def service_has_ended(self) -> bool:
        """Wait until the kernel says so."""
        readable, _, _ = select.select([self.service], [], [], PATIENCE)
        return bool(readable)


@pytest.fixture
def running_demo(shared: Any, tmp_path: Path) -> Callable[..., Any]:
    """Start a demo and wait until its second check has begun: the first one is on record."""

    @contextmanager
    def start() -> Iterator[Stopped]:
        process = subprocess.Popen(
            [str(shared.PROGRAM), "demo", "--profile", "pr"],
            cwd=tmp_path, env=shared.clean_environment(), text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stderr is not None
        with process:
            seen = list(lines_until(process.stderr, "running CG-CLIN-EMOTION-001"))
            service = os.pidfd_open(child_of(process.pid))
            try:
                yield Stopped(process, service, seen)
            finally:
                os.close(service)
                process.kill()

    return start


def lines_until(stream: IO[str], text: str) -> Iterator[str]:
    for line in stream:
        yield line
        if text in line:
            return
    pytest.fail(f"the demo never said {text!r}")


def child_of(pid: int) -> int:
    """The one process that another one started."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    return int(child)


def recorded(run: Path) -> list[Any]:
    """The observations that were on disk when the process was gone."""
    (spool,) = (run / "spool").iterdir()
    lines = spool.read_bytes().splitlines(keepends=True)
    records = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [record["body"] for record in records if record["type"] == "observation"]


def only_run(folder: Path) -> Path:
    (run,) = (folder / ".clinigate" / "runs").iterdir()
    return run


@pytest.mark.parametrize(
    ("number", "to_all"),
    [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, False)],
    ids=["Ctrl-C", "kill -INT", "kill"],
)
def test_an_interrupted_demo_seals_what_it_has(
    running_demo: Callable[..., Any],
    cli: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    to_all: bool,
) -> None:
    """Ctrl-C reaches the service too, as it belongs to the same terminal; `kill` does not."""
    with running_demo() as demo:
        (os.killpg if to_all else os.kill)(demo.process.pid, number)
        out, err = demo.rest()
        assert demo.process.returncode == ExitCode.UNFINISHED, out + err
        assert demo.service_has_ended()
    assert err.splitlines()[-1] == "clinigate: interrupted"
    assert "Traceback" not in err
    run = only_run(tmp_path)
    assert f"sealed:  {run} (signed, ABORTED)" in out

    bundle = open_bundle(run)
    assert bundle.status is RunStatus.ABORTED
    results = bundle.results()
    assert results.interrupted == "the run was interrupted"
    assert len(results.observations) == len(recorded(run)) > 0
    monkeypatch.chdir(tmp_path)
    said = cli("gate", "last", "--policy", "pr")
    assert said.code == ExitCode.UNFINISHED
    assert "ended early: the run was interrupted" in said.out


def test_a_killed_demo_is_recovered_with_all_that_it_had_written(
    running_demo: Callable[..., Any],
    cli: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Kill -9: no handler runs, the service ends by itself, and no gate opens on the rest."""
    with running_demo() as demo:
        os.kill(demo.process.pid, signal.SIGKILL)
        assert demo.process.wait(PATIENCE) == -signal.SIGKILL
        assert demo.service_has_ended()
    monkeypatch.chdir(tmp_path)
    run = only_run(tmp_path)
    kept = recorded(run)
    assert {each["check"] for each in kept} >= {"CG-CLIN-CRISIS-001"}

    for command in ("verify", "gate", "seal"):
        said = cli(command, "last")
        assert said.code == ExitCode.UNFINISHED
        assert run.name in said.sentence or "INCOMPLETE" in said.sentence
    sealed = cli("seal", "last", "--as-incomplete")
    assert sealed.code == ExitCode.UNFINISHED
    assert sealed.sentence == f"run {run.name} is INCOMPLETE; no gate opens on it"

    assert json.loads((run / "results.json").read_bytes())["observations"] == kept
    for command in (["gate", "last", "--policy", "pr"], ["verify", "last"]):
        said = cli(*command)
        assert said.code == ExitCode.UNFINISHED
        assert "INCOMPLETE" in said.sentence
    assert cli("report", "last", "--policy", "pr").code == ExitCode.OK


def test_an_interruption_before_the_run_begins_leaves_nothing(shared: Any, tmp_path: Path) -> None:
    """Nothing was asked, so that there is nothing to seal."""
    process = subprocess.Popen(
        [str(shared.PROGRAM), "demo"],
        cwd=tmp_path, env=shared.clean_environment(), text=True, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("reference service: https://127.0.0.1:")
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == ExitCode.UNFINISHED
    assert "Traceback" not in err
