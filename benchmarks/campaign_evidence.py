"""No edit of evidence goes unseen, and no kill loses or halves it.

Promised: 10,000 random edits over every kind of file and of record, each found under the file's
name; 500 kills while sealing, exporting, taking in, witnessing and pruning, after which nothing
that was acknowledged is lost and nothing half-written is taken for whole. The tests run a small
sample of both. Run it: `.venv/bin/python benchmarks/campaign_evidence.py [--edits N] [--kills N]`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from _evidence_edits import spoil
from _evidence_kills import kill
from _evidence_world import World

_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=10_000, help="how many edits")
    parser.add_argument("--kills", type=int, default=500, help="how many kills")
    parser.add_argument("--seed", type=int, default=8, help="of the dice")
    arguments = parser.parse_args()

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        edited = spoil(World(Path(folder)), arguments.edits, arguments.seed)
    print(
        f"{edited.kinds.total()} edits of {len(edited.kinds)} kinds of files, {len(edited.missed)} "
        f"unseen, {time.perf_counter() - start:.0f} s"
    )
    _table(edited.kinds)
    _table(edited.ways)

    start = time.perf_counter()
    killed = kill(arguments.kills, arguments.seed)
    print(
        f"{killed.works.total()} kills ({killed.ended} came after the end), "
        f"{len(killed.wrong)} left something wrong, {time.perf_counter() - start:.0f} s"
    )
    _table(killed.works)
    for each in [*edited.missed, *killed.wrong][:_SHOWN]:
        print(f"WRONG: {each}")
    return int(bool(edited.missed or killed.wrong))


def _table(counts: Counter[str]) -> None:
    print("    " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))


if __name__ == "__main__":
    raise SystemExit(main())
