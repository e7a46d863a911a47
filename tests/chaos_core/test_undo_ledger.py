"""Killed at any point, what was or may have been injected is undone, exactly that, and verified."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.chaos.drivers.base import UndoStep
from clinigate.chaos.undo.ledger import Ledger, ledgers
from clinigate.chaos.undo.perform import perform
from clinigate.chaos.undo.recover import open_ledgers, recover_all
from clinigate.errors import EvidenceError


def flag_step(flag: Path, verify: str = "flag_undo:is_lowered") -> UndoStep:
    return UndoStep("flag_undo:lower", verify, {"flag": str(flag)}, f"lower {flag.name}")


def plan(folder: Path, *flags: Path, verify: str = "flag_undo:is_lowered") -> Ledger:
    return Ledger.plan(
        folder,
        f"i-{len(ledgers(folder))}",
        experiment="raise-flag",
        driver="flags",
        steps=[flag_step(flag, verify) for flag in flags],
        within_s=0.2,
    )


def injecting(ledger: Ledger) -> None:
    # By a process that has ended; a living one would be stopped by the undo.
    ledger.append("injecting", pid=1, start_ticks=-1)


def inject(ledger: Ledger, *flags: Path) -> None:
    injecting(ledger)
    for flag in flags:
        flag.touch()
    ledger.append("injected")


def test_an_injection_is_undone_and_verified(tmp_path: Path) -> None:
    """Every step, the last one first, each with its own verification."""
    flags = tmp_path / "a.flag", tmp_path / "b.flag"
    ledger = plan(tmp_path, *flags)
    inject(ledger, *flags)
    assert perform(ledger, by="test", reason="over")
    state = ledger.state()
    assert state.closed
    assert state.undone_by == "test"
    titles = [event["title"] for event in state.events if event["event"] == "step"]
    assert titles == ["lower b.flag", "lower a.flag"]
    assert not any(flag.exists() for flag in flags)


def test_what_was_not_injected_is_not_touched(tmp_path: Path) -> None:
    """A plan alone closes without a step: the flag that stands there is somebody else's."""
    flag = tmp_path / "a.flag"
    flag.touch()
    ledger = plan(tmp_path, flag)
    assert perform(ledger, by="test", reason="over")
    assert flag.exists()
    assert ledger.state().closed


def test_an_undo_that_is_not_verified_stays_open(tmp_path: Path) -> None:
    """A step that says it succeeded is not enough; the next attempt may close it."""
    flag = tmp_path / "a.flag"
    ledger = plan(tmp_path, flag, verify="flag_undo:never")
    inject(ledger, flag)
    assert not perform(ledger, by="test", reason="over")
    state = ledger.state()
    assert not state.closed
    assert state.failure is not None
    assert "effect is still there" in state.failure
    assert [each.path for each in open_ledgers(tmp_path)] == [ledger.path]


def test_a_step_that_breaks_does_not_keep_the_others(tmp_path: Path) -> None:
    """The rest is taken back all the same, and the ledger says what is left."""
    flag = tmp_path / "a.flag"
    ledger = Ledger.plan(
        tmp_path,
        "broken",
        experiment="x",
        driver="flags",
        steps=[flag_step(flag), UndoStep("flag_undo:no_such", "flag_undo:never", {}, "lost")],
        within_s=0.1,
    )
    inject(ledger, flag)
    assert not perform(ledger, by="test", reason="over")
    assert not flag.exists()
    assert "lost" in str(ledger.state().failure)


def test_nothing_is_injected_once_an_undo_has_begun(tmp_path: Path) -> None:
    """The ledger is barred, and that stays so when the undo fails."""
    ledger = plan(tmp_path, tmp_path / "a.flag")
    ledger.append("undoing", by="watchdog", reason="the runner is gone")
    assert ledger.state().barred


def test_two_who_undo_at_once_do_it_once(tmp_path: Path) -> None:
    """Runner, watchdog and rollback may all come; one of them does it, all find it done."""
    flag = tmp_path / "a.flag"
    ledger = plan(tmp_path, flag)
    inject(ledger, flag)
    done: list[bool] = []
    threads = [
        threading.Thread(target=lambda: done.append(perform(ledger, by="x", reason="over")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True] * 4
    assert [e["event"] for e in ledger.state().events].count("undone") == 1


def test_an_injector_that_hangs_is_ended_before_the_undo(tmp_path: Path) -> None:
    """Otherwise its fault would land behind the undo."""
    flag = tmp_path / "a.flag"
    ledger = plan(tmp_path, flag)
    code = (
        "import sys, os, time; from pathlib import Path\n"
        "from clinigate.chaos.undo.ledger import Ledger, process_start_ticks as ticks\n"
        "ledger = Ledger(Path(sys.argv[1]))\n"
        "with ledger.held(5):\n"
        "    ledger.append('injecting', pid=os.getpid(), start_ticks=ticks(os.getpid()))\n"
        "    Path(sys.argv[2]).touch(); print('in', flush=True); time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(ledger.path), str(flag)],
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"
    assert perform(ledger, by="test", reason="over")
    assert process.wait(10) == -9
    process.stdout.close()
    assert not flag.exists()


@settings(max_examples=80)
@given(cut=st.integers(0, 10_000), raised=st.booleans())
def test_torn_anywhere_it_is_recovered(
    tmp_path_factory: pytest.TempPathFactory, cut: int, raised: bool
) -> None:
    """Cut after any byte: recovery closes it, and lowers the flag wherever it may be ours."""
    folder = tmp_path_factory.mktemp("undo")
    flag = folder / "a.flag"
    ledger = plan(folder, flag)
    injecting(ledger)
    ledger.append("injected")
    ledger.append("undoing", by="watchdog", reason="the runner is gone")
    ledger.append("step", title="lower a.flag", ok=True, detail="verified", seconds=0.0)
    data = ledger.path.read_bytes()
    ledger.path.write_bytes(data[: cut % (len(data) + 1)])
    kept = ledger.path.read_bytes()
    before = ledger.state()
    may_be_ours = b"injecting" in kept or (b"planned" in kept and kept.count(b"\n") > 0)
    if raised:
        flag.touch()
    closed = perform(ledger, by="recover", reason="next start")
    assert closed
    assert ledger.state().closed
    if before.may_be_injected and before.steps:
        assert not flag.exists()
    if b'"injecting"' in kept:
        assert before.may_be_injected
    assert may_be_ours or not before.may_be_injected


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=80))
def test_a_line_that_nobody_can_read_counts_as_a_fault(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes
) -> None:
    """Corruption never hides a fault, and never raises anything but our own error."""
    folder = tmp_path_factory.mktemp("undo")
    ledger = plan(folder, folder / "a.flag")
    with ledger.path.open("ab") as file:
        file.write(b"#" + noise.replace(b"\n", b"") + b"\n")
    assert ledger.state().may_be_injected


def test_a_ledger_that_cannot_be_written_means_no_fault(tmp_path: Path) -> None:
    """The disk refuses: an error before anything is broken."""
    (tmp_path / "file").touch()
    with pytest.raises(EvidenceError, match="cannot be created"):
        plan(tmp_path / "file" / "x", tmp_path / "a.flag")


def test_recovery_takes_the_youngest_first_and_reports_each(tmp_path: Path) -> None:
    """Closed ledgers are left alone; the others are undone in fresh processes."""
    flags = [tmp_path / f"{name}.flag" for name in "abc"]
    made = [plan(tmp_path, flag) for flag in flags]
    inject(made[0], flags[0])
    assert perform(made[0], by="test", reason="over")
    inject(made[1], flags[1])
    found = recover_all(tmp_path, reason="test")
    assert [(each.id, each.injected, each.failure) for each in found] == [
        ("i-2", False, None),
        ("i-1", True, None),
    ]
    assert not flags[1].exists()
    assert recover_all(tmp_path, reason="test") == ()


# What a runner does, without the rest of it: plan, watchdog, fault, and then whatever befalls it.
RUNNER = """
import sys, time
from pathlib import Path
from clinigate.chaos.undo.guard import Guard
from clinigate.chaos.undo.ledger import Ledger, Step
folder, flag, lease, beats = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
step = Step("flag_undo:lower", "flag_undo:is_lowered", {"flag": str(flag)}, "lower")
ledger = Ledger.plan(folder, "i", experiment="x", driver="flags", steps=[step], within_s=10)
guard = Guard.start(ledger.path, lease_s=lease, longest_s=float(sys.argv[5]),
                    kill_file=folder / "halt")
ledger.append("injecting", pid=1, start_ticks=-1)
flag.touch()
ledger.append("injected")
print("in", flush=True)
while True:
    if beats == "yes":
        guard.beat()
    time.sleep(0.05)
"""


def start_runner(
    folder: Path, *, lease_s: float = 60.0, beats: bool = True, longest_s: float = 600.0
) -> tuple[subprocess.Popen[bytes], Path]:
    folder.mkdir(exist_ok=True)
    flag = folder / "a.flag"
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(folder), str(flag), str(lease_s),
         "yes" if beats else "no", str(longest_s)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    return process, flag


def injected(process: subprocess.Popen[bytes], flag: Path) -> None:
    """Wait until a runner says that its fault was there; by now it may be undone."""
    assert process.stdout is not None
    assert process.stdout.readline() == b"in\n"


def closed_by(folder: Path, within_s: float = 30.0) -> Any:
    """The last state of the ledger, once it is closed."""
    ledger, deadline = Ledger(folder / "i.undo.ndjson"), time.monotonic() + within_s
    while not ledger.state().closed:
        assert time.monotonic() < deadline, "nobody undid it"
        time.sleep(0.02)
    return ledger.state()


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_ten_runners_are_killed_and_ten_faults_undone(tmp_path: Path) -> None:
    """A sample of `benchmarks/campaign_undo.py`: SIGKILL of the runner, in mid-fault."""
    runners = [start_runner(tmp_path / str(number)) for number in range(10)]
    for process, flag in runners:
        injected(process, flag)
        process.kill()
    for number, (process, flag) in enumerate(runners):
        state = closed_by(tmp_path / str(number))
        assert (state.undone_by, state.undo_reason) == ("watchdog", "the runner is gone")
        assert not flag.exists()
        end(process)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"lease_s": 0.3, "beats": False}, "no sign of life"),
        ({"longest_s": 0.3}, "longest duration"),
        ({}, "kill file"),
    ],
)
def test_the_watchdog_does_not_wait_for_a_death(
    tmp_path: Path, how: dict[str, Any], why: str
) -> None:
    """A runner that hangs, one that goes on too long, and the kill file: undone, runner alive."""
    process, flag = start_runner(tmp_path / "run", **how)
    injected(process, flag)
    if not how:
        (tmp_path / "run" / "halt").touch()
    state = closed_by(tmp_path / "run")
    assert why in state.undo_reason
    assert not flag.exists()
    assert process.poll() is None
    end(process)


def test_the_ledger_is_plain_json_lines(tmp_path: Path) -> None:
    """Whoever finds it after a disaster can read it without us."""
    ledger = plan(tmp_path, tmp_path / "a.flag")
    lines = [json.loads(line) for line in ledger.path.read_text().splitlines()]
    assert lines[0]["event"] == "planned"
    assert lines[0]["steps"][0]["action"] == "flag_undo:lower"
    assert ledger.path.stat().st_mode & 0o077 == 0
