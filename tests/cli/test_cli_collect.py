"""`clinigate collect` makes one sealed run of what several commands record; processes are real."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clinigate.cli.exits import ExitCode
from clinigate.core import Status
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.spool import RunStatus

#: A producer as a user's own script would be: one objective, kept or not.
PRODUCER = """\
import sys
from clinigate.cli.producing import produce
from clinigate.config.loader import load_config
from clinigate.core import Criterion, Kind, Measurement, Observation, Relation

metric, seconds = f"chaos.{sys.argv[1]}.rto", float(sys.argv[2])

def work(recorder, environ):
    about = Measurement(metric, Kind.WORST, seconds, 1, unit="s", events=0)
    recorder.observation(Observation("CG-CHAOS-OWN-001", about))
    if "wait" in sys.argv:
        print("recorded", flush=True)
        sys.stdin.read()

raise SystemExit(produce(
    load_config(), producer="chaos", target="local", work=work,
    criteria=[Criterion(metric, metric, Relation.BELOW, 30)],
))
"""


@pytest.fixture
def folder(project: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, shared: Any) -> Path:
    """A user's folder with the producer, and the passphrase in the environment."""
    mine = project()
    (mine.folder / "produce.py").write_text(PRODUCER, encoding="utf-8")
    monkeypatch.setenv("CLINIGATE_KEY_PASSPHRASE", shared.PASSPHRASE)
    return Path(mine.folder)


def last_bundle(folder: Path) -> Any:
    return open_bundle(max((folder / ".clinigate" / "runs").iterdir()))


def calls(*arguments: str) -> str:
    return shlex.join([sys.executable, "produce.py", *arguments])


def test_two_producers_stand_in_one_signed_run(
    folder: Path, program: Callable[..., Any], shared: Any
) -> None:
    script = f"{calls('kill', '12')}; {calls('freeze', '31')}"
    said = program(
        "collect", "--", "sh", "-c", script, cwd=folder,
        env={"CLINIGATE_KEY_PASSPHRASE": shared.PASSPHRASE},
    )  # fmt: skip
    assert said.code == ExitCode.NOT_PASSED, said.err
    assert "chaos.kill.rto" in said.out
    bundle = last_bundle(folder)
    assert bundle.signed
    assert bundle.status is RunStatus.COMPLETE
    assert {v.criterion: v.status for v in bundle.results().verdicts} == {
        "chaos.kill.rto": Status.PASS,
        "chaos.freeze.rto": Status.FAIL,
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--", "no-such-program"], "no-such-program: no such program"),
        (["--", "true"], "nothing was evaluated"),
        ([], "missing argument"),
    ],
)
def test_a_command_that_gives_no_evidence_is_said_so(
    folder: Path, cli: Callable[..., Any], arguments: list[str], sentence: str
) -> None:
    said = cli("collect", *arguments)
    assert said.code != ExitCode.OK
    assert sentence in said.sentence


def test_a_producer_that_is_killed_leaves_the_run_incomplete(
    folder: Path, program: Callable[..., Any], shared: Any
) -> None:
    """What it had recorded is sealed; the exit code says that the run is not whole."""
    script = (
        f"mkfifo out in; {calls('kill', '12', 'wait')} > out < in & exec 3<out 4>in; "
        "read line <&3; kill -9 $!; wait"
    )
    said = program(
        "collect", "--", "sh", "-c", script, cwd=folder,
        env={"CLINIGATE_KEY_PASSPHRASE": shared.PASSPHRASE},
    )  # fmt: skip
    assert said.code == ExitCode.UNFINISHED
    assert "INCOMPLETE" in said.err
    bundle = last_bundle(folder)
    assert bundle.status is RunStatus.INCOMPLETE
    assert bundle.results().observations


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_reaches_the_command_and_the_run_is_sealed(
    folder: Path, shared: Any, number: int
) -> None:
    process = subprocess.Popen(
        [str(shared.PROGRAM), "collect", "--", sys.executable, "produce.py", "kill", "12", "wait"],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
        env={**shared.clean_environment(), "CLINIGATE_KEY_PASSPHRASE": shared.PASSPHRASE},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "recorded\n"
    os.kill(process.pid, number)
    process.communicate(timeout=60)
    assert process.returncode == ExitCode.UNFINISHED
    bundle = last_bundle(folder)
    assert bundle.signed
    assert bundle.status is RunStatus.ABORTED
    assert [v.status for v in bundle.results().verdicts] == [Status.PASS]
