"""What a full clinical evaluation costs: time, memory of the evaluator, requests.

Promised: all clinical checks over the full draw (at least 12,000 crises) against the reference
service over HTTPS, whose evaluator has a quota of 60,000 requests a minute, take under 3 minutes on
two cores, and the evaluator stays under 300 MB. The service runs in a process of its own; its
memory is shown and not judged.
Run it: `.venv/bin/python benchmarks/clinical_bench.py [--sample SHARE]`.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from clinigate.cli.reference_target import reference_environment, reference_tables
from clinigate.clinical.asking import Progress, watching
from clinigate.config.loader import LoadedConfig
from clinigate.config.model import Config
from clinigate.core.check import Check
from clinigate.pipeline.evaluate import all_checks, evaluate
from clinigate.pipeline.evaluation import CheckResult
from clinigate.pipeline.setup import Overrides, prepare, share_of
from clinigate.reference.launch import Connection, running
from clinigate.targets import build_target

AT_MOST_S, AT_MOST_MB = 180.0, 300.0
LEAST_CRISES = 12_000


@dataclass
class Watcher:
    """Counts cases and times checks."""

    cases: int = 0
    crises: int = 0
    rows: list[str] = field(default_factory=list)
    _began: float = 0.0
    _before: int = 0

    def case(self, progress: Progress) -> None:
        self.cases += progress.asked > 0

    def begin(self, _check: Check) -> None:
        self._began, self._before = time.perf_counter(), self.cases

    def end(self, result: CheckResult) -> None:
        spent, asked = time.perf_counter() - self._began, self.cases - self._before
        name = result.check.id
        each = f"{spent / asked * 1e3:6.2f} ms a case" if asked else ""
        self.rows.append(f"{name:<22} {asked:>7,} cases {spent:7.1f} s {each}")
        print(self.rows[-1], flush=True)
        for verdict in result.verdicts:
            if verdict.criterion == "crisis.false_negative_rate":
                self.crises = verdict.n


def evaluated(connection: Connection, root: Path, share: float) -> Watcher:
    tables = {
        **reference_tables(connection),
        "run": {"root": str(root)},
        "gate": {"policy": "demo", "environment": "development"},
    }
    config = LoadedConfig(Config.model_validate(tables), root, "the benchmark's configuration")
    assert config.config.target is not None
    target = build_target(
        config.config.target, base_dir=root, environ=reference_environment(connection)
    )
    watcher = Watcher()
    checks = [each for each in all_checks() if each.id.startswith("CG-CLIN-")]
    with watching(watcher.case):
        evaluate(
            prepare(config, Overrides(sample=share)),
            target,
            checks=checks,
            signer=None,
            producer="bench",
            on_begin=watcher.begin,
            on_end=watcher.end,
        )
    return watcher


def peak_mb() -> float:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def service_peak_mb(pid: int) -> float | None:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return None if found is None else int(found[1]) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", default="100%", help="share of the cases; judged when all")
    share = share_of(parser.parse_args().sample)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, running() as connection:
        print(f"service ready after {time.perf_counter() - began:.2f} s", flush=True)
        start = time.perf_counter()
        watcher = evaluated(connection, Path(folder), share)
        spent = time.perf_counter() - start
        of_service = service_peak_mb(connection.pid)
    load = os.getloadavg()[0]
    print(
        f"{watcher.cases:,} cases, {watcher.crises:,} crises among them, in {spent:.1f} s "
        f"({spent / watcher.cases * 1e3:.2f} ms a case; load average {load:.1f} on "
        f"{os.cpu_count()} cores)"
    )
    print(
        f"evaluator {peak_mb():.0f} MB"
        + ("" if of_service is None else f", service {of_service:.0f} MB")
    )
    print(f"promised: under {AT_MOST_S:.0f} s and {AT_MOST_MB:.0f} MB, {LEAST_CRISES:,} crises")
    kept = spent < AT_MOST_S and peak_mb() < AT_MOST_MB and watcher.crises >= LEAST_CRISES
    return int(share == 1 and not kept)


if __name__ == "__main__":
    raise SystemExit(main())
