"""Under pytest-xdist an evaluation is one run; what was not meant as one is still shown."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

from clinigate.evidence.recorded import read_run

CHECKS = {
    "a": "T-REQUIRED-PASS-001",
    "b": "T-NOFAIL-PASS-001",
    "c": "T-REPORT-PASS-001",
    "d": "T-NOFAIL-INCONCLUSIVE-001",
}

#: Each worker waits until the other has assessed too, so that both have a part in it.
BOTH = """

import os
import socket


@pytest.fixture(autouse=True)
def meet(request):
    yield
    if request.node.name in ("test_a", "test_c"):
        with socket.create_connection(("127.0.0.1", int(os.environ["MEET"])), 60) as line:
            line.recv(1)
"""


def run_with_both(project: Any, *options: str) -> Any:
    """Run on two workers, of which each has recorded something."""
    project.tests(**CHECKS)
    project.write("conftest.py", (project.folder / "conftest.py").read_text() + BOTH)
    with socket.create_server(("127.0.0.1", 0)) as meeting:
        meeting.settimeout(60)

        def introduce() -> None:
            lines = [meeting.accept()[0], meeting.accept()[0]]
            for line in lines:
                line.sendall(b"!")
                line.close()

        host = threading.Thread(target=introduce, daemon=True)
        host.start()
        outcome = project.run(*options, "-n", "2", MEET=str(meeting.getsockname()[1]))
        host.join(20)
    return outcome


def test_workers_write_one_run(project: Any) -> None:
    """With one of our options: a spool each, sealed once by the controller, one table."""
    outcome = run_with_both(project, "--clinical-grade")
    assert outcome.code == 0, outcome.out
    recorded = read_run(project.only_run())
    producers = {"-".join(spool.name.split("-")[:2]) for spool in recorded.spools}
    assert {"pytest-gw0", "pytest-gw1"} < producers
    assert len(recorded.spools) == 3
    assert project.sealed_status() == "COMPLETE"
    assert outcome.out.count("VERDICT:") == 1
    assert [v.status for v in project.results().verdicts].count("PASS") == 2, "one is worse in d"


def test_without_our_options_each_worker_has_its_own(project: Any) -> None:
    """Both runs are sealed, and the controller shows both."""
    outcome = run_with_both(project)
    assert outcome.code == 0, outcome.out
    runs = project.runs()
    assert len(runs) == 2
    for run in runs:
        assert project.status_of(run) == "COMPLETE"
        assert f"evidence: {run} (UNSIGNED, COMPLETE)" in outcome.out
    assert "with --clinical-grade they share one" in outcome.out
    assert outcome.out.count("VERDICT:") == 2


def test_a_worker_that_dies_leaves_the_run_unfinished(project: Any) -> None:
    """What the others saw is on disk; the run is not sealed as if nothing had been, exit code 2."""
    dying = """

@check("T-DIES-001", metrics=["emotion.accuracy"])
async def dies(target, plan):
    \"\"\"Takes its process along.\"\"\"
    import os

    yield Observation("T-DIES-001", measured("emotion.accuracy", 0, 300))
    os._exit(9)
"""
    project.write("conftest.py", (project.folder / "conftest.py").read_text() + dying)
    project.tests(dies="T-DIES-001")
    outcome = project.run("--clinical-grade", "-n", "1", "--max-worker-restart=0")
    assert outcome.code == 2, outcome.out
    assert "the run was not sealed" in outcome.out
    assert "INCOMPLETE" in outcome.out
    assert read_run(project.only_run()).status == "INCOMPLETE"
    statuses = {verdict.criterion: verdict.status for verdict in project.results().verdicts}
    assert statuses["emotion.accuracy"] == "PASS"


def test_an_evaluation_of_nothing_on_workers(project: Any) -> None:
    """The controller began a run, and nobody assessed anything: exit code 1, no bundle."""
    project.write("test_plain.py", "def test_it():\n    pass\n")
    outcome = project.run("--clinical-grade", "-n", "2")
    assert outcome.code == 1, outcome.out
    assert "nothing was evaluated" in outcome.out
    outcome.assert_no_traceback()


def test_interrupted_workers_leave_a_sealed_run(project: Any) -> None:
    """Ctrl-C reaches all processes of a terminal: what they saw is sealed as ABORTED."""
    fifo = project.folder / "fifo"
    os.mkfifo(fifo)
    waiting = f"""

@check("T-WAITS-001", metrics=["emotion.accuracy"])
async def waits(target, plan):
    \"\"\"Measures, says so, and never ends.\"\"\"
    import asyncio
    import pathlib

    yield Observation("T-WAITS-001", measured("emotion.accuracy", 0, 300))
    pathlib.Path({str(fifo)!r}).write_text("!")
    await asyncio.Event().wait()
"""
    project.write("conftest.py", (project.folder / "conftest.py").read_text() + waiting)
    project.tests(waits="T-WAITS-001")
    told = os.open(fifo, os.O_RDWR)
    process = project.start("--clinical-grade", "-n", "1", start_new_session=True)
    assert os.read(told, 1) == b"!", "the check came to its observation"
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate()
    os.close(told)
    assert process.returncode == 2, out
    assert project.sealed_status() == "ABORTED"
    assert "run ended early: pytest was interrupted" in out
    assert {v.status for v in project.results().verdicts if v.criterion == "emotion.accuracy"} == {
        "PASS"
    }
