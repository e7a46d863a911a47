"""`clinigate load run`, end to end: a real generator on a real service, in processes of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import clinigate.load
from clinigate.core.measurement import Measurement
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.pipeline.reading import read_results

PROGRAM = Path(sys.executable).with_name("clinigate")
Until = Callable[..., None]


def called(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith("CLINIGATE")}
    return subprocess.Popen(
        [*before, str(PROGRAM), "load", "run", *arguments],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, expect: int) -> tuple[str, str]:
    process = called(folder, *arguments)
    out, err = process.communicate(timeout=90)
    assert process.returncode == expect, out + err
    return out, err


def results(folder: Path) -> Results:
    (directory,) = (folder / ".clinigate" / "runs").iterdir()
    return read_results(directory)


def statuses(folder: Path) -> dict[str, Status]:
    return {v.criterion.rpartition(".")[2]: v.status for v in results(folder).verdicts}


def measurements(folder: Path) -> dict[str, Measurement]:
    abouts = (observation.about for observation in results(folder).observations)
    return {about.metric: about for about in abouts if isinstance(about, Measurement)}


def reasons(folder: Path) -> set[str]:
    return {verdict.reason for verdict in results(folder).verdicts}


def generators(parent: int) -> list[int]:
    """Processes of the generator that a command has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            line = (stat.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"clinigate.load.engine" in line and str(parent).encode() in line:
            found.append(int(stat.parent.name))
    return found


def test_a_generator_that_cannot_keep_up_measured_nothing(
    folder: Path, service: Any, write: Until
) -> None:
    write(guard={"lag_p99_s": 0.005, "cpu_share": 1, "run_delay_share": 1})
    run(folder, "--profile", "seconds", "--rate", "3000", "--duration", "0.2", expect=1)
    assert set(statuses(folder).values()) == {Status.ERROR}
    assert all(reason.startswith("invalid run: ") for reason in reasons(folder))
    assert service.asked > 1


def test_a_machine_without_connections_to_give_is_the_generators_trouble(
    folder: Path, service: Any, until: Until
) -> None:
    few = ("sh", "-c", 'ulimit -n 40; exec "$@"', "sh")
    process = called(folder, "--profile", "seconds", "--rate", "80", "--duration", "1", before=few)
    # Slow only once it was greeted: forty people are there then before the first one leaves.
    until(lambda: service.asked >= 2)
    service.delay_s = 2.0
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, out + err
    assert set(statuses(folder).values()) == {Status.ERROR}
    assert any("Too many open files" in reason for reason in reasons(folder))


def test_a_service_that_fails_fails_and_is_no_invalid_run(
    folder: Path, service: Any, until: Until
) -> None:
    process = called(folder, "--profile", "seconds")
    until(lambda: service.asked > 1)
    service.status = 503
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, out + err
    assert statuses(folder)["availability"] is Status.FAIL
    assert statuses(folder)["crisis_reply"] is Status.FAIL


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGTERM, "2"), (signal.SIGINT, "1")])
def test_an_interrupted_run_keeps_what_it_counted_and_leaves_no_process(
    folder: Path, service: Any, number: int, workers: str, until: Until
) -> None:
    process = called(folder, "--profile", "seconds", "--duration", "60", "--workers", workers)
    until(lambda: service.asked > 20)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    assert generators(process.pid) == []
    measured = measurements(folder)["load.seconds.availability"]
    assert measured.n > 10
    assert "played at 40/s for 60 s; the profile says 40/s for 1.5 s" in measured.caveats
    (directory,) = (folder / ".clinigate" / "runs").iterdir()
    spool = "".join(path.read_text() for path in (directory / "spool").iterdir())
    assert f"interrupted by {signal.Signals(number).name}" in spool


def test_a_killed_command_takes_its_generator_with_it(
    folder: Path, service: Any, until: Until
) -> None:
    process = called(folder, "--profile", "seconds", "--duration", "60")
    until(lambda: service.asked > 5)
    assert len(generators(process.pid)) == 1
    process.kill()
    process.communicate(timeout=60)
    until(lambda: generators(process.pid) == [])


def test_workers_that_join_from_elsewhere_play_what_the_master_orders(
    folder: Path, service: Any
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    python, master = sys.executable, str(port)
    locustfile = Path(clinigate.load.__file__).with_name("locustfile.py")
    joining = [
        [python, "-m", "clinigate.load.engine", "worker", "--master-port", master],
        [python, "-m", "locust", "-f", str(locustfile), "--worker", "--master-port", master],
    ]
    workers = [subprocess.Popen(each, cwd=folder, stderr=subprocess.DEVNULL) for each in joining]
    try:
        bind = f"127.0.0.1:{port}"
        run(folder, "--profile", "seconds", "--expect-workers", "2", "--bind", bind, expect=0)
        assert set(statuses(folder).values()) == {Status.PASS}
        measured = measurements(folder)
        # Everything that the service was asked was counted once, by one of the workers; before
        # that it was greeted twice, for its words and for its flag.
        assert measured["load.seconds.availability"].n == service.asked - 2
        proven = measured["load.seconds.concurrency"].caveats[0]
        assert proven.startswith("proven: ")
        assert "by 2 worker(s)" in proven
        # The master lets them go, and both leave by themselves.
        assert workers[0].wait(30) == 0
        workers[1].wait(30)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def test_a_worker_that_dies_makes_the_run_invalid(folder: Path, service: Any, until: Until) -> None:
    few = ("--rate", "10", "--duration", "30")
    process = called(folder, "--profile", "seconds", *few, "--workers", "2")
    until(lambda: service.asked > 5)
    workers = [pid for pid in generators(process.pid) if b"worker" in _command(pid)]
    os.kill(workers[0], signal.SIGKILL)
    out, err = process.communicate(timeout=90)
    assert process.returncode == 1, out + err
    assert set(statuses(folder).values()) == {Status.ERROR}
    assert any("1 of 2 workers vanished" in reason for reason in reasons(folder))


def _command(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
