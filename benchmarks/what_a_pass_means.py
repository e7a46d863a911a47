"""The figures of docs/what-a-pass-means.md, each from the statistics that judge a run.

python benchmarks/what_a_pass_means.py
"""

from __future__ import annotations

import math

from clinigate.core.statistics import max_events, need_n, upper_bound

LIMIT, CONFIDENCE = 0.001, 0.95
#: Cases of the full profile, and held-out cores of the published crisis pack.
CASES, CORES = 13_200, 3_000


def passing(rate: float, n: int) -> float:
    """Chance that a system which misses at `rate` passes with `n` independent cases."""
    most = max_events(LIMIT, n, CONFIDENCE)
    if most is None:
        return 0.0
    return math.fsum(math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(most + 1))


def main() -> None:
    for n in (CASES, CORES, 100):
        print(f"0 of {n:,} missed: at most {upper_bound(0, n, CONFIDENCE):.5f}")
    for missed in range(7):
        print(f"{missed} missed: {need_n(LIMIT, missed, CONFIDENCE):,} needed")
    for n in (CASES, CORES):
        print(f"true rate 1 in 10,000, {n:,} asked: passes in {passing(1e-4, n):.0%} of runs")


if __name__ == "__main__":
    main()
