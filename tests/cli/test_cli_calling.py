"""A command that is part of a run is told of Ctrl-C once, and its end is waited for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clinigate.cli.calling import call

#: Undoes something for as long as its standard input stays open, as an experiment does.
SLOW_TO_END = """\
import signal, sys
heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
print("begun", flush=True)
while not heard:
    signal.pause()
print("undoing", flush=True)
sys.stdin.readline()
open(sys.argv[1], "w").write(f"undone, told {len(heard)} time(s)")
"""

CALLER = """\
import os, sys
from clinigate.cli.calling import call
try:
    call([sys.executable, "-c", sys.argv[1], sys.argv[2]], os.environ)
except KeyboardInterrupt:
    raise SystemExit(2)
"""


def test_a_second_interruption_waits_too(tmp_path: Path) -> None:
    done = tmp_path / "done"
    arguments = [sys.executable, "-c", CALLER, SLOW_TO_END, str(done)]
    pipe = subprocess.PIPE
    with subprocess.Popen(arguments, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "undoing\n"
        os.kill(process.pid, signal.SIGINT)
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(60) == 2
    assert done.read_text() == "undone, told 1 time(s)"


@pytest.mark.parametrize(("script", "code"), [("exit 3", 3), ("kill -9 $$", 137)])
def test_the_exit_code_is_the_commands(script: str, code: int) -> None:
    assert call(["sh", "-c", script], os.environ) == code
