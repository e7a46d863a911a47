"""A program is found without trusting what is scanned, keeps within time and size, leaves nothing
behind, and whatever goes wrong is said with its name and none of its words.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from pathlib import Path

import pytest

from clinigate.findings import process_group
from clinigate.findings.programs import (
    Program,
    identified,
    located,
    python_module,
    run_program,
    scanner_environment,
)
from clinigate.findings.troubles import ScannerError

PYTHON = Program("stub", (sys.executable, "-c"), "1")
SECRET = "hunter2-in-the-output"


def run(code: str, cwd: Path, **bounds: object) -> tuple[int, bytes, bytes]:
    ran = run_program(PYTHON, [code], cwd=cwd, **{"timeout_s": 30, **bounds})
    return ran.code, ran.stdout, ran.stderr


def program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(0o755)
    return path


def test_a_program_that_ends_by_itself_says_what_it_said(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd()); sys.stderr.write('oh'); sys.exit(3)"
    assert run(code, tmp_path) == (3, f"{tmp_path}\n".encode(), b"oh")


def test_more_than_a_pipe_holds_comes_through_on_both(tmp_path: Path) -> None:
    code = "import sys; print('x' * 300_000); sys.stderr.write('y' * 300_000 + 'end')"
    _, stdout, stderr = run(code, tmp_path)
    assert len(stdout) == 300_001
    assert stderr.endswith(b"yend")
    assert len(stderr) == 2**16


#: A shell starts at once, however busy the machine is.
SHELL = Program("stub", ("/bin/sh", "-c"), "1")
STARTS_A_CHILD = "sleep 600 & echo $$ $! > pids; echo hunter2-in-the-output; "


def is_gone(pid: int) -> bool:
    """Whether a process has ended, or does so soon: a kill is not instant."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([fd], [], [], 10)[0])
    finally:
        os.close(fd)


def all_gone(folder: Path) -> bool:
    return all(is_gone(int(pid)) for pid in (folder / "pids").read_text().split())


@pytest.mark.parametrize(
    ("then", "bounds", "says"),
    [
        ("sleep 600", {"timeout_s": 0.5}, "was not done in 0.5 s"),
        ("kill -9 $$", {}, "was killed (SIGKILL)"),
        ("yes; sleep 600", {"max_output": 4000}, "wrote more than 4,000 bytes"),
        ("trap '' TERM PIPE; yes & yes", {"max_output": 4000}, "wrote more than 4,000 bytes"),
    ],
    ids=["hangs", "is killed", "writes without end", "will not end and writes on"],
)
def test_what_goes_beyond_its_bounds_is_ended_with_its_children(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    then: str,
    bounds: dict[str, float],
    says: str,
) -> None:
    monkeypatch.setattr("clinigate.findings.process_group._GRACE_S", 0.3)
    kept = []
    close = process_group._Pipes.close
    monkeypatch.setattr(
        process_group._Pipes, "close", lambda own: (kept.append(len(own.stdout)), close(own))
    )
    with pytest.raises(ScannerError) as broken:
        run_program(SHELL, [STARTS_A_CHILD + then], cwd=tmp_path, **{"timeout_s": 60, **bounds})
    assert says in str(broken.value)
    assert str(broken.value).startswith("stub: ")
    assert SECRET not in str(broken.value)
    assert kept[0] <= 4000 + 2**16, "what is written after the end was asked for is kept"
    assert all_gone(tmp_path)


def test_a_child_that_outlives_its_program_is_ended_and_nobody_waits_for_it(tmp_path: Path) -> None:
    ran = run_program(SHELL, [STARTS_A_CHILD], cwd=tmp_path, timeout_s=60)
    assert (ran.code, ran.stdout) == (0, f"{SECRET}\n".encode())
    assert all_gone(tmp_path)


def test_it_is_watched_on_systems_that_tell_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("waitid", "pidfd_open"):
        monkeypatch.delattr(f"os.{name}")
    ran = run_program(SHELL, [STARTS_A_CHILD], cwd=tmp_path, timeout_s=60)
    monkeypatch.undo()
    assert (ran.code, ran.stdout) == (0, f"{SECRET}\n".encode())
    assert all_gone(tmp_path)


def test_another_thread_can_stop_it(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ScannerError, match="stub: was stopped"):
        run("import time; time.sleep(600)", tmp_path, stop=stop)


def test_what_does_not_start_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScannerError, match="ghost: does not start"):
        run_program(Program("ghost", (str(tmp_path / "x"),), ""), [], cwd=tmp_path, timeout_s=9)


def test_our_own_variables_stay_with_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINIGATE_KEY", SECRET)
    _, stdout, _ = run("import os; print(dict(os.environ))", tmp_path)
    assert SECRET.encode() not in stdout
    assert scanner_environment({"A": "1"})["A"] == "1"


def test_a_program_is_found_where_the_configuration_says(tmp_path: Path) -> None:
    there = program(tmp_path / "bin/checker", "")
    assert located("checkov", configured="bin/checker", base_dir=tmp_path) == (str(there),)
    there.chmod(0o644)
    assert located("checkov", configured="bin/checker", base_dir=tmp_path) is None
    assert located("no-such-program-here", configured=None, base_dir=tmp_path) is None


def test_the_scanned_project_cannot_bring_its_own_scanner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "checker-of-ours", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}bin")
    assert located("checker-of-ours", configured=None, base_dir=tmp_path) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert located("checker-of-ours", configured=None, base_dir=tmp_path) is not None


def test_a_module_of_the_scanned_folder_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "this_json.py").write_text("")
    (tmp_path / "json.py").write_text("print('mine')")
    command = python_module("json.tool")
    assert command is not None
    ran = run_program(Program("json", command, ""), ["--help"], cwd=tmp_path, timeout_s=60)
    assert b"mine" not in ran.stdout
    assert python_module("this_json") is None


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ("print('checkov 3.3.30')", "3.3.30"),
        ("print('Version: 0.57.1\\nVulnerability DB:\\n  Version: 2')", "0.57.1"),
        ("print('v4.32.0rc1')", "4.32.0rc1"),
        ("import sys; sys.stderr.write('1.9.4')", "1.9.4"),
    ],
)
def test_a_program_says_its_version(tmp_path: Path, body: str, version: str) -> None:
    assert identified("p", (str(program(tmp_path / "p", body)),)).version == version


@pytest.mark.parametrize(
    "body", ["print('hello')", "", "print('1.0'); raise SystemExit(2)"], ids=str
)
def test_a_program_that_says_no_version_is_not_believed(tmp_path: Path, body: str) -> None:
    with pytest.raises(ScannerError, match="p: does not say its version"):
        identified("p", (str(program(tmp_path / "p", body)),))


def test_an_interruption_ends_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            run_program(
                SHELL,
                # More than a pipe holds: we are listening by then.
                [STARTS_A_CHILD + "head -c 200000 /dev/zero; kill -USR1 $PPID; sleep 600"],
                cwd=tmp_path,
                timeout_s=60,
            )
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert all_gone(tmp_path)
