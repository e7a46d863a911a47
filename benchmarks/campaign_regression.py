"""Does the comparison with a baseline cry wolf, and does it see 10%?

Promised: of comparisons of a model with itself at most 5% FAIL, and of those with a median that is
10% slower at least 90% do, in either form: against a baseline (blocks of two runs of their own) and
in turns with a rival (pairs). 20 blocks on both sides, as the documentation asks for.

Two sources of blocks. `real`: a model of about a millisecond is timed for many blocks in this very
run, the other side made slower by work, not by arithmetic; trials draw from these series, so that
they are correlated. `synthetic`: lognormal samples with block effects and a drift of the machine as
large as real ones were (a block's level varies by 4%), every trial new: hence exact rates. On a
host so busy that the bench would call nothing measurable, the real part is shown and not judged.
A 20-fold smaller sample of the synthetic part runs in the tests.
Run it: `.venv/bin/python benchmarks/campaign_regression.py [--rounds N] [--blocks N]`.
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from statistics import median

from clinigate.core.statistics import lower_bound, upper_bound
from clinigate.core.verdict import Status
from clinigate.gpu_bench.ai.clock import SystemClock
from clinigate.gpu_bench.ai.criteria import REGRESSION, regression_criteria
from clinigate.gpu_bench.ai.host import read_host, too_busy, waited_share
from clinigate.gpu_bench.ai.loops import single_stream, without_collections
from clinigate.gpu_bench.regression.compare import ratio_measurement

FALSE_ALARMS, POWER = 0.05, 0.90
SLOWER = 1.10
BLOCKS = 20
(CRITERION,) = regression_criteria(tail=False)

#: Two series of block medians: the baseline's and the candidate's.
Draw = Callable[[Random, float], tuple[list[float], list[float]]]


@dataclass(frozen=True, slots=True)
class Rates:
    """How often comparisons came out how, of `trials`."""

    failed: int
    passed: int
    trials: int

    def __str__(self) -> str:
        low, high = (bound(self.failed, self.trials, 0.95) for bound in (lower_bound, upper_bound))
        open_ones = self.trials - self.failed - self.passed
        return (
            f"FAIL {self.failed / self.trials:6.1%} ({low:.1%} to {high:.1%})   "
            f"PASS {self.passed / self.trials:6.1%}   open {open_ones / self.trials:6.1%}"
        )


def compare(draw: Draw, factor: float, *, paired: bool, trials: int, seed: int = 0) -> Rates:
    """Judge so many comparisons whose candidate is `factor` times as slow."""
    rng = Random(seed)
    found = []
    for _ in range(trials):
        baseline, candidate = draw(rng, factor)
        measured = ratio_measurement(
            REGRESSION, baseline, candidate, confidence=0.95, paired=paired
        )
        found.append(CRITERION.judge(measured).status)
    return Rates(found.count(Status.FAIL), found.count(Status.PASS), trials)


def apart(rng: Random, factor: float) -> tuple[list[float], list[float]]:
    """Two runs of their own: each block has a level that varies by 4%."""
    levels = [_level(rng) for _ in range(2 * BLOCKS)]
    return levels[:BLOCKS], [factor * level for level in levels[BLOCKS:]]


def in_turns(rng: Random, factor: float) -> tuple[list[float], list[float]]:
    """Pairs: both blocks of a pair meet the same level of the machine, and vary by 2% each."""
    shared = [_level(rng) for _ in range(BLOCKS)]
    return (
        [level * rng.lognormvariate(0, 0.02) for level in shared],
        [factor * level * rng.lognormvariate(0, 0.02) for level in shared],
    )


def _level(rng: Random) -> float:
    """A block's median in seconds; one block in twenty is disturbed badly."""
    disturbed = 1.3 if rng.random() < 0.05 else 1.0
    return 0.001 * disturbed * rng.lognormvariate(0, 0.04)


def hashing(rounds: int) -> Callable[[object], object]:
    data = bytes(1 << 14)

    def serve(_batch: object) -> object:
        for _ in range(rounds):
            hashlib.sha256(data).digest()
        return None

    return serve


@dataclass(frozen=True, slots=True)
class Real:
    """Block medians of a model, of the same again, and of one that does 10% more work, in turns.

    `waited` is what the middle block waited for a processor, as a share of its time.
    """

    first: list[float]
    again: list[float]
    slower: list[float]
    waited: float | None


def real_blocks(blocks: int, queries: int) -> Real:
    base = 100
    serves = [hashing(base), hashing(base), hashing(math.ceil(base * SLOWER))]
    series: tuple[list[float], list[float], list[float]] = ([], [], [])
    waits: list[float] = []
    for number in range(blocks):
        for place in [(number + step) % 3 for step in range(3)]:
            with without_collections():
                before = read_host()
                served = single_stream(serves[place], range(queries), SystemClock.now)
                share = waited_share(before, read_host(), served.elapsed_s)
            series[place].append(median(served.latencies))
            waits += [] if share is None else [share]
    return Real(*series, median(waits) if waits else None)


def drawn_from(before: Sequence[float], after: Sequence[float], *, paired: bool) -> Draw:
    """Draw blocks without putting them back; of pairs both sides of the same turns."""

    def draw(rng: Random, _factor: float) -> tuple[list[float], list[float]]:
        chosen = rng.sample(range(len(before)), 2 * BLOCKS)
        ours = chosen[:BLOCKS] if paired else chosen[BLOCKS:]
        return [before[at] for at in chosen[:BLOCKS]], [after[at] for at in ours]

    return draw


def synthetic(trials: int) -> bool:
    held = True
    for name, draw, paired in (("against a baseline", apart, False), ("in turns", in_turns, True)):
        held &= report(f"synthetic, {name}", draw, draw, paired=paired, trials=trials)
    return held


def real(trials: int, blocks: int) -> bool:
    queries = 100
    print(f"timing 3 x {blocks} blocks of {queries} queries …", flush=True)
    seen = real_blocks(blocks, queries)
    medians = (f"{median(each) * 1e3:.3f}" for each in (seen.first, seen.again, seen.slower))
    waited = "unknown" if seen.waited is None else f"{seen.waited:.1%}"
    print(f"medians {', '.join(medians)} ms; waited for a processor: {waited} of the time")
    held = True
    for name, paired in (("against a baseline", False), ("in turns", True)):
        held &= report(
            f"real, {name}",
            drawn_from(seen.first, seen.again, paired=paired),
            drawn_from(seen.first, seen.slower, paired=paired),
            paired=paired,
            trials=trials,
        )
    refused = too_busy(seen.waited)
    if refused is not None:
        print(f"real blocks are not judged: {refused}")
    return held or refused is not None


def report(name: str, same: Draw, slower: Draw, *, paired: bool, trials: int) -> bool:
    alarms = compare(same, 1.0, paired=paired, trials=trials)
    seen = compare(slower, SLOWER, paired=paired, trials=trials)
    print(f"{name:<32} itself      {alarms}")
    print(f"{'':<32} 10% slower  {seen}")
    return alarms.failed <= FALSE_ALARMS * trials and seen.failed >= POWER * trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2000, help="comparisons of each kind")
    parser.add_argument("--blocks", type=int, default=120, help="real blocks that are timed")
    arguments = parser.parse_args()
    if arguments.blocks < 2 * BLOCKS:
        parser.error(f"--blocks: {arguments.blocks}, at least {2 * BLOCKS} are drawn from")
    held = synthetic(arguments.rounds)
    held &= real(arguments.rounds, arguments.blocks)
    print(f"promised: at most {FALSE_ALARMS:.0%} FAIL of itself, {POWER:.0%} of 10% slower")
    return int(not held)


if __name__ == "__main__":
    raise SystemExit(main())
