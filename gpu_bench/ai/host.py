"""How much of the time the bench waited for a processor instead of running.

Linux counts for each thread the nanoseconds in which it was ready to run and did not (second field
of `/proc/self/task/*/schedstat`; kernel documentation `scheduler/sched-stats`). All threads count,
since torch works with several and each waits for the slowest. Time that a hypervisor steals is seen
by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

__all__ = ["LARGEST_SHARE", "HostReader", "read_host", "too_busy", "waited_share"]

_TASKS = Path("/proc/self/task")

#: With more than this, two runs of the same code differ more than what the criteria can tell apart.
LARGEST_SHARE = 0.10

#: Returns the nanoseconds that this process's threads waited until now; None where nothing tells.
HostReader = Callable[[], int | None]


def read_host(tasks: Path = _TASKS) -> int | None:
    """Return the nanoseconds that this process's threads waited; None where nothing tells."""
    waited = None
    try:
        for task in tasks.iterdir():
            try:
                fields = (task / "schedstat").read_text().split()
            except FileNotFoundError:  # the thread ended meanwhile
                continue
            waited = (waited or 0) + int(fields[1])
    except (OSError, ValueError, IndexError):
        return None
    return waited


def waited_share(before: int | None, after: int | None, elapsed_s: float) -> float | None:
    """Return the share of `elapsed_s` that the process waited between two readings.

    Where several threads waited at once it may be above 1.
    """
    if before is None or after is None or elapsed_s <= 0:
        return None
    # A thread that ended took its figure along; then less than nothing may seem to have passed.
    return max(0, after - before) / 1e9 / elapsed_s


def too_busy(share: float | None) -> str | None:
    """Say why nothing can be told on a host this busy; None where it is quiet enough."""
    if share is None or share <= LARGEST_SHARE:
        return None
    return (
        "the host was too busy to time anything: the bench's threads waited for a processor "
        f"{share * 1e3:.0f} ms in each second, and beyond {LARGEST_SHARE * 1e3:.0f} ms nothing can "
        "be told from the model's own time; run it on an idle machine"
    )
