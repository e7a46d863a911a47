"""Every local experiment passes on the reference service as it should be and fails on its defect.

Each row runs whole, by the command that a user types, on a cluster of its own: without a defect it
must PASS, and with the one planted defect the metric that exists for it must FAIL. A run that the
host was too busy for says so by itself and is undecided; run those again on a quiet one. Run it:
`.venv/bin/python benchmarks/campaign_local_chaos.py [--rounds 1] [--only kill-all]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

#: Experiment, defect, and the metric that must show it.
ROWS = (
    ("kill-replica", None, None),
    ("kill-all", "no-restart", "kill_all.rto"),
    ("freeze-replica", "frozen-replica-stays", "freeze_replica.crisis_path"),
    ("latency-100ms", None, None),
    ("partition-db", "breaker-never-opens", "partition_db.breaker_opened"),
    ("refuse-db", "retry-storm", "refuse_db.retry_storm"),
    ("crisis-path", None, None),
    ("crisis-path-inference", "no-crisis-fallback", "crisis_path_inference.crisis_path"),
    ("crisis-path-db", None, None),
    ("crisis-path-queue", "escalation-lost", "crisis_path_queue.lost_escalations"),
    ("disk-full", "audit-fails-open", "disk_full.unaudited"),
    (
        "expired-certificate",
        "expired-certificate-unnoticed",
        "expired_certificate.expiry_noticed",
    ),
    (
        "expiring-certificate",
        "expired-certificate-unnoticed",
        "expiring_certificate.expiry_noticed",
    ),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one run came to: the verdicts by metric, the exit code, and how long it took."""

    verdicts: dict[str, str]
    code: int
    seconds: float

    def shows(self, metric: str | None) -> str:
        """`as it should`, `undecided`, or what is wrong; `metric` must FAIL, or all must PASS.

        A host that is too busy makes a run invalid, or the system unsteady before the fault; what
        such a run says is neither for nor against the experiment.
        """
        if metric is None:
            wanted = bool(self.verdicts) and set(self.verdicts.values()) == {"PASS"}
        else:
            wanted = self.verdicts.get(f"chaos.{metric}") == "FAIL"
        if wanted:
            return "as it should"
        if {"INCONCLUSIVE", "NOT_ASSESSED"} & set(self.verdicts.values()):
            return "undecided"
        return f"WRONG (exit {self.code}): {self.verdicts}"


def run(experiment: str, defect: str | None) -> Row:
    """Run one experiment as its command does, in a folder of its own."""
    command = [sys.executable, "-m", "clinigate", "chaos", "run", experiment, "--reference"]
    command += ["--defect", defect] if defect is not None else []
    with tempfile.TemporaryDirectory(prefix="clinigate-campaign-") as folder:
        begun = time.monotonic()
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        seconds = time.monotonic() - begun
        results = sorted(Path(folder).glob(".clinigate/runs/*/results.json"))
        verdicts: dict[str, str] = {}
        if results:
            said = json.loads(results[-1].read_text(encoding="utf-8"))
            verdicts = {each["metric"]: each["status"] for each in said["verdicts"]}
    return Row(verdicts, done.returncode, seconds)


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each run; 1 where one came out wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", help="one experiment")
    options = parser.parse_args(arguments)
    counted = {"as it should": 0, "undecided": 0, "WRONG": 0}
    for number in range(1, options.rounds + 1):
        for experiment, defect, metric in ROWS:
            if options.only not in (None, experiment):
                continue
            planted = [(None, None)] if defect is None else [(None, None), (defect, metric)]
            for one, shown in planted:
                row = run(experiment, one)
                outcome = row.shows(shown)
                counted[outcome.split(" (")[0]] += 1
                name = f"{experiment} {one or '(clean)'}"
                print(f"{number:>3}  {name:<52} {row.seconds:6.1f} s  {outcome}", flush=True)
    print("  ".join(f"{name}: {count}" for name, count in counted.items()))
    return 1 if counted["WRONG"] else 0


if __name__ == "__main__":
    sys.exit(main())
