"""How long a PostgreSQL failover takes, and what it loses, over many kills.

Promised: after each kill of the primary writes flow again within 5 minutes, also where replication
was cut before; a synchronous pair loses no acknowledged write, ever; an asynchronous one loses what
was written during the cut and hardly more. Each round kills the serving server with SIGKILL under
25 writes a second, measures, and rebuilds the lost one. Run it:
`.venv/bin/python benchmarks/campaign_failover.py [--rounds 20]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from clinigate.chaos.drivers.base import DriverOptions
from clinigate.chaos.drivers.postgres_local import PostgresLocalDriver, connect
from clinigate.chaos.drivers.postgres_markers import MarkerWitness
from clinigate.chaos.labs.failover import failover_lab, restore
from clinigate.chaos.model import Experiment, Invariant
from clinigate.chaos.parse import find_experiment
from clinigate.chaos.probing import EntryProber
from clinigate.core.measurement import Measurement
from clinigate.measure.prober import Timeline
from clinigate.measure.recovery import recover

RTO_S = 300.0
#: How much longer than the cut a loss may reach back: a busy host is late with cut and crash.
SPARE_S = 1.0
_STABLE_S = 1.0
_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Round:
    """One kill: recovery time (None: never), recovery point, and what became of the writes."""

    rto_s: float | None
    rpo_s: float | None
    acked: int
    lost: int
    commit_p50_s: float
    commit_p99_s: float


def campaign(mode: str, cut_s: float, rounds: int) -> list[Round]:
    """Kill the primary of one pair `rounds` times; replication is cut for `cut_s` before."""
    experiment = find_experiment(f"db-failover-{mode}")
    parameters = {**experiment.fault.parameters, "partition": f"{cut_s:g}s"}
    experiment = replace(experiment, fault=replace(experiment.fault, parameters=parameters))
    with failover_lab(sync=mode == "sync") as topology:
        driver = connect(DriverOptions(topology=str(topology)))
        assert isinstance(driver, PostgresLocalDriver)
        return [_round(driver, experiment) for _ in range(rounds)]


def _round(driver: PostgresLocalDriver, experiment: Experiment) -> Round:
    fault, load, timeline = experiment.fault, experiment.load, Timeline()
    witness = driver.witness(Invariant(probe="markers", metric="rpo"))
    assert isinstance(witness, MarkerWitness)
    with EntryProber(driver, load, timeline, seed=1):
        witness.start(1, timeline)
        timeline.wait_for(lambda t: t.outcomes["ok"] >= 2 * load.rate, _WITHIN_S)
        before = timeline.latencies.to_plain()
        victims = driver.resolve(fault.target.selector)
        steps = driver.undo_steps(fault, victims)
        driver.inject(fault, victims)
        killed = timeline.now()
        wanted = 2 * _STABLE_S * load.rate
        timeline.wait_for(
            lambda t: sum(s.ok and s.started_s > killed for s in t.since(killed)) >= wanted,
            _WITHIN_S,
        )
        for step in steps:
            restore(step.args)
        witness.stop()
    recovery = recover(
        timeline.samples,
        fault_at_s=killed,
        stable_s=_STABLE_S,
        least=5,
        p95_limit_s=load.slow_s,
    )
    return _summed(witness, recovery.rto_s, timeline.latencies.from_plain(before))


def _summed(witness: MarkerWitness, rto_s: float | None, commits: object) -> Round:
    from clinigate.measure.histogram import Histogram

    assert isinstance(commits, Histogram)
    measured = {
        about.metric.rpartition(".")[2]: about
        for about in witness.report("campaign").about
        if isinstance(about, Measurement)
    }
    lost = measured["lost_writes"]
    return Round(
        rto_s,
        measured["rpo"].value,
        lost.n,
        lost.events or 0,
        commits.quantile(0.5) or 0.0,
        commits.quantile(0.99) or 0.0,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every kind of failover, print a line for each; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args(arguments).rounds
    kept = True
    print(f"{'mode':<6} {'cut':>4} {'n':>3}  {'RTO s (median, worst)':<22} {'RPO s (worst)':<14} "
          f"{'lost / acked':<14} commit ms (p50, p99)")  # fmt: skip
    for mode, cut_s in (("async", 0.0), ("async", 3.0), ("sync", 0.0)):
        done = campaign(mode, cut_s, rounds)
        rto = [each.rto_s for each in done if each.rto_s is not None]
        rpo = max(each.rpo_s or 0.0 for each in done)
        lost, acked = sum(each.lost for each in done), sum(each.acked for each in done)
        kept &= len(rto) == rounds and max(rto) <= RTO_S
        kept &= lost == 0 if mode == "sync" else rpo <= cut_s + SPARE_S
        times = f"{median(rto):.2f}, {max(rto):.2f}" if rto else "never"
        p50, p99 = (1e3 * median(c) for c in zip(*((e.commit_p50_s, e.commit_p99_s) for e in done),
                                                 strict=True))  # fmt: skip
        print(f"{mode:<6} {cut_s:>4g} {rounds:>3}  {times:<22} {rpo:<14.3f} "
              f"{f'{lost} / {acked}':<14} {p50:.1f}, {p99:.1f}", flush=True)  # fmt: skip
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
