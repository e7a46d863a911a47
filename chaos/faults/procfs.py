"""Naming a process exactly, and signalling exactly that one (Linux).

A pid is used again; pid and start ticks (field 22 of `/proc/PID/stat`) name one process for the
life of the machine. A pidfd holds on to that process, so that between look and signal nothing can
take its place.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["exactly", "heirs", "same", "send", "start_ticks", "state", "stopped", "survives"]

_STATE, _PARENT, _SESSION, _START_TICKS = 0, 1, 3, 19


def start_ticks(pid: int) -> int | None:
    """Return when `pid` started, in ticks since boot; None where no such process lives."""
    fields = _stat(pid)
    return None if fields is None else int(fields[_START_TICKS])


def state(pid: int, ticks: int) -> str | None:
    """Return the state letter of exactly this process (`R`, `S`, `T`, …); None when it is gone."""
    fields = _stat(pid)
    if fields is None or int(fields[_START_TICKS]) != ticks:
        return None
    return fields[_STATE]


def same(pid: int, ticks: int) -> bool:
    """Whether exactly this process lives."""
    return state(pid, ticks) is not None


def stopped(pid: int, ticks: int) -> bool:
    """Whether exactly this process lives and is stopped by a signal."""
    return state(pid, ticks) in ("T", "t")


@contextmanager
def exactly(pid: int, ticks: int) -> Iterator[int | None]:
    """Yield a pidfd of exactly this process, or None when it is gone."""
    try:
        held = os.pidfd_open(pid)
    except ProcessLookupError:
        yield None
        return
    try:
        # Looked at only now: what the descriptor holds can be replaced no more.
        yield held if same(pid, ticks) else None
    finally:
        os.close(held)


def send(pid: int, ticks: int, number: signal.Signals) -> bool:
    """Send a signal to exactly this process; False when it is gone.

    Raises:
        PermissionError: it belongs to another user.
    """
    with exactly(pid, ticks) as held:
        if held is None:
            return False
        try:
            signal.pidfd_send_signal(held, number)
        except ProcessLookupError:
            return False
        return True


def survives(pid: int, number: signal.Signals) -> bool:
    """Whether `pid` ignores or handles a signal whose default is death."""
    masks = {}
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name in ("SigIgn", "SigCgt"):
            masks[name] = int(value, 16)
    return any(mask >> (number - 1) & 1 for mask in masks.values())


def heirs(roots: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return pid and start ticks of whatever descends from the processes `roots`.

    The orphans of one that is gone have another parent; they are found by their session where it
    had led one of its own.
    """
    table = {pid: fields for pid in _pids() if (fields := _stat(pid)) is not None}
    ours = {pid for pid, ticks in roots if pid not in table or _ticks(table[pid]) == ticks}
    found = {pid for pid, fields in table.items() if int(fields[_SESSION]) in ours} | ours
    while more := {
        pid for pid, fields in table.items() if int(fields[_PARENT]) in found and pid not in found
    }:
        found |= more
    return {(pid, _ticks(table[pid])) for pid in found if pid in table} - set(roots)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _ticks(fields: list[str]) -> int:
    return int(fields[_START_TICKS])


def _stat(pid: int) -> list[str] | None:
    """Fields of `/proc/PID/stat` after the name; None for the dead, awaited or not."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name may hold spaces and brackets; the last bracket ends it.
    fields = said.rpartition(")")[2].split()
    return None if fields[_STATE] in ("Z", "X") else fields
