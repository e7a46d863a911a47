"""Ends what a lab started, whatever became of who started it.

Run as a program of its own (`python -I -S keeper.py`), with nothing but the standard library. Its
standard input is a pipe that only the owner holds: one JSON object a line names a process or a
directory. When the pipe closes (the owner asked, ended, or was killed with SIGKILL), each process
that is still the one that was named is ended, then each directory removed, and the keeper ends.
It is the only road of cleaning up, so the road is walked on each ordinary day too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

#: A program; nothing in it is for others.
__all__: list[str] = []

_GRACE_S = 5.0
_POLL_S = 0.01


def start_ticks(pid: int) -> int | None:
    """When the process began (field 22 of its stat), or None: no such process, or a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def children(pid: int) -> tuple[int, ...]:
    """Ids of the processes whose parent is `pid` at this moment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.name))
    return tuple(found)


def send(pid: int, number: int) -> None:
    """Signal a process; one that is gone already needs none."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _ask_to_end(pid: int, ticks: int, number: int) -> None:
    if start_ticks(pid) == ticks:
        send(pid, number)
        # A frozen process takes no other signal before it runs again.
        send(pid, signal.SIGCONT)


def _end(pid: int, ticks: int) -> None:
    deadline = time.monotonic() + _GRACE_S
    while start_ticks(pid) == ticks and time.monotonic() < deadline:
        time.sleep(_POLL_S)
    if start_ticks(pid) == ticks:
        for each in (*children(pid), pid):
            send(each, signal.SIGKILL)


def main() -> None:
    """Read what is to be ended until the pipe closes, then end it, the latest first."""
    processes: dict[int, tuple[int, int]] = {}
    directories: list[str] = []
    for line in sys.stdin:
        order = json.loads(line)
        if "remove" in order:
            directories.append(order["remove"])
        else:
            processes[order["pid"]] = (order["start_ticks"], order["signal"])
    for pid, (ticks, number) in reversed(processes.items()):
        _ask_to_end(pid, ticks, number)
    for pid, (ticks, _) in processes.items():
        _end(pid, ticks)
    for directory in reversed(directories):
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
