"""A process that records observations until it is killed, and prints each that is safe."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from clinigate.core.observation import Finding, Observation
from clinigate.core.plan import Plan
from clinigate.evidence.runs import begin_run
from clinigate.quality.validation.sample import CHECK, SUBJECT

__all__ = ["main"]


def main(root: Path) -> None:
    """Record for ever; whoever started it kills it."""
    run = begin_run(root, producer="writer", subject=SUBJECT, plan=Plan())
    for number in count(1):
        run.recorder.observation(Observation(CHECK, Finding("sample.misses", f"number {number}")))
        print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
