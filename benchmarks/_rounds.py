"""Time commands in turns, so that a busy minute of the machine slows all of them alike.

Only ratios between commands of the same rounds mean anything; the absolute times are those of one
machine in one minute. The best round of a command is the one that was least disturbed.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Timing", "in_turns", "print_table"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock seconds of one command: its best round and the median of all."""

    best: float
    median: float


def in_turns(
    commands: Mapping[str, Sequence[str]], *, rounds: int, cwd: Path | None = None
) -> dict[str, Timing]:
    """Run every command once in each round and return its timing by name.

    One round goes first and is not counted: it fills the caches.

    Raises:
        subprocess.CalledProcessError: a command failed; the time of a failure says nothing.
    """
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            seconds[name].append(_seconds(command, cwd))
    return {name: Timing(min(each[1:]), median(each[1:])) for name, each in seconds.items()}


def _seconds(command: Sequence[str], cwd: Path | None) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=cwd, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def print_table(timings: Mapping[str, Timing], *, base: str) -> None:
    """Print each command's times and their ratio to those of the command `base`."""
    width = max(map(len, timings))
    print(f"{'':<{width}}  {'best':>9}  {'median':>9}  {'best ratio':>10}  {'median ratio':>12}")
    for name, each in timings.items():
        of_best = each.best / timings[base].best
        of_median = each.median / timings[base].median
        print(
            f"{name:<{width}}  {each.best * 1e3:6.1f} ms  {each.median * 1e3:6.1f} ms  "
            f"{of_best:>10.2f}  {of_median:>12.2f}"
        )
    print("absolute times are noise of this machine; the ratios are what counts")
