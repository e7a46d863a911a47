"""How much of the time in which the bench was ready to run it waited for a processor.

Linux counts both for each thread (`/proc/self/task/*/schedstat`: nanoseconds on a processor, and
nanoseconds of waiting for one; kernel documentation `scheduler/sched-stats`). All threads count,
since torch works with several. Time that a hypervisor steals is seen by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HostTimes", "read_host", "too_busy", "waited_share"]

_TASKS = Path("/proc/self/task")

#: With more than this, two runs of the same code differ more than what the criteria can tell apart.
LARGEST_SHARE = 0.10


@dataclass(frozen=True, slots=True)
class HostTimes:
    """Nanoseconds that this process's threads ran, and that they waited for a processor."""

    ran_ns: int
    waited_ns: int


#: Reads the host; None where it does not tell.
HostReader = Callable[[], HostTimes | None]


def read_host(tasks: Path = _TASKS) -> HostTimes | None:
    """Return what this process's threads ran and waited until now; None where nothing tells."""
    ran = waited = 0
    try:
        for task in tasks.iterdir():
            try:
                fields = (task / "schedstat").read_text().split()
            except FileNotFoundError:  # the thread ended meanwhile
                continue
            ran += int(fields[0])
            waited += int(fields[1])
    except (OSError, ValueError, IndexError):
        return None
    return HostTimes(ran, waited) if ran else None


def waited_share(before: HostTimes | None, after: HostTimes | None) -> float | None:
    """Return the share of its ready time that the process waited between two readings."""
    if before is None or after is None:
        return None
    # A thread that ended took its figures along; then less than nothing may seem to have passed.
    ran = max(0, after.ran_ns - before.ran_ns)
    waited = max(0, after.waited_ns - before.waited_ns)
    return waited / (ran + waited) if ran + waited else 0.0


def too_busy(share: float | None) -> str | None:
    """Say why nothing can be told on a host this busy; None where it is quiet enough."""
    if share is None or share <= LARGEST_SHARE:
        return None
    return (
        f"the host was too busy to time anything: the bench waited for a processor {share:.0%} of "
        f"the time in which it was ready to run, and at most {LARGEST_SHARE:.0%} can be told from "
        "the model's own time; run it on an idle machine"
    )
