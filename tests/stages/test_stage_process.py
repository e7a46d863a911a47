"""A stage's program ends by itself, by its time or by an interruption, and its group with it."""

from __future__ import annotations

import os
import select
import sys
import threading
from pathlib import Path

import pytest

from clinigate.pipeline.stages.process import Ended, Surroundings, run_program

#: Starts a grandchild that heeds no interruption, tells its id, and waits for both.
STUBBORN = """\
import os, signal, subprocess, sys
code = "import signal as s; s.signal(s.SIGINT, s.SIG_IGN); print(1, flush=True); s.pause()"
child = subprocess.Popen([sys.executable, "-I", "-S", "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
with open("child", "w") as file:
    file.write(str(child.pid))
if "die" in sys.argv:
    os.kill(os.getpid(), signal.SIGKILL)
child.wait()
"""


def run(folder: Path, *words: str, timeout_s: float = 60, grace_s: float = 0.05) -> Ended:
    around = Surroundings(dict(os.environ), folder)
    argv = [sys.executable, "-I", "-S", "-c", *words]
    return run_program(argv, around, timeout_s=timeout_s, grace_s=grace_s)


@pytest.mark.parametrize("code", [0, 1, 4])
def test_an_exit_code_is_told(tmp_path: Path, code: int) -> None:
    assert run(tmp_path, f"raise SystemExit({code})") == Ended(code)


def test_a_signal_is_told_by_its_name(tmp_path: Path) -> None:
    ended = run(tmp_path, "import os; os.kill(os.getpid(), 15)")
    assert ended == Ended(143)
    assert ended.signal_name == "SIGTERM"
    assert Ended(255).signal_name is None


def test_no_program_waits_for_an_answer(tmp_path: Path) -> None:
    assert run(tmp_path, "import sys; raise SystemExit(len(sys.stdin.read()))") == Ended(0)


def test_a_program_that_is_missing_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run_program(["./none"], Surroundings({}, tmp_path), timeout_s=1)


@pytest.mark.parametrize("words", [[], ["die"]])
def test_nobody_of_its_group_outlives_a_program_that_was_stopped(
    tmp_path: Path, words: list[str]
) -> None:
    watch = watched(tmp_path)
    ended = run(tmp_path, STUBBORN, *words, timeout_s=0.5)
    assert ended.code in ((137,) if words else (None,))
    assert gone(watch(), tmp_path)


def test_what_it_writes_arrives_as_it_comes(tmp_path: Path) -> None:
    said: list[bytes] = []
    around = Surroundings({}, tmp_path, write=said.append)
    argv = [sys.executable, "-I", "-S", "-c", "import sys; print('a'); print('b', file=sys.stderr)"]
    assert run_program(argv, around, timeout_s=60) == Ended(0)
    assert sorted(b"".join(said).split()) == [b"a", b"b"]


def test_an_interruption_is_passed_on_and_its_end_awaited(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "signal.sigwait({signal.SIGINT})\n"
        "open('undone', 'w').close()\n"
    )
    mask = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})\n"
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, mask + code)
    assert (tmp_path / "undone").exists()


def test_a_program_that_heeds_no_interruption_is_killed_in_the_end(tmp_path: Path) -> None:
    """Ctrl-C ends a run, whatever a stage thinks of it."""
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "os.kill(os.getppid(), signal.SIGINT)\n"
        "signal.pause()\n"
    )
    argv = [sys.executable, "-I", "-S", "-c", code]
    with pytest.raises(KeyboardInterrupt):
        run_program(argv, Surroundings({}, tmp_path), timeout_s=60, undo_s=0.05)


def watched(folder: Path):  # type: ignore[no-untyped-def]
    """Follow the grandchild from the moment that its id is told, in a thread."""
    found: list[int] = []

    def follow() -> None:
        path = folder / "child"
        while not (path.exists() and path.read_text(encoding="utf-8")):
            pass_on()
        try:
            found.append(os.pidfd_open(int(path.read_text(encoding="utf-8"))))
        except ProcessLookupError:
            found.append(-1)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()

    def wait() -> int:
        thread.join(60)
        return found[0]

    return wait


def pass_on() -> None:
    """Let others run."""
    select.select([], [], [], 0.005)


def gone(descriptor: int, folder: Path) -> bool:
    if descriptor < 0:
        return True
    readable, _, _ = select.select([descriptor], [], [], 60)
    os.close(descriptor)
    return bool(readable)
