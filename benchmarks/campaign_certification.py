"""Is a system that stands exactly on a limit certified in at most 5% of the runs?

Promised: for every clinical criterion with a bound, at the size of the full draw, a system whose
true value is the limit itself PASSes in at most 5% of the runs, where cases of one authored core go
wrong together (intra-cluster correlation 0.2). Beside the unseen scope stands what counting the
cases one by one would do there. `--power` prints the power tables of docs/cost.md.

The catalogue's scope speaks of the published generator: its cores stand fixed, each with a rate of
its own that averages to the limit, and their variants are drawn. The unseen scope speaks of cores
that nobody wrote yet: these are drawn too.
Run it: `.venv/bin/python benchmarks/campaign_certification.py [--rounds N] [--power]`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from clinigate.clinical import criteria as names
from clinigate.clinical.criteria import CRITERIA
from clinigate.clinical.sizes import sizes
from clinigate.core.criterion import Criterion
from clinigate.core.measurement import Interval, Kind, Measurement, Scope
from clinigate.core.plan import Plan
from clinigate.core.statistics import (
    calibration_error,
    lower_bound,
    max_events,
    mean_bounds,
    paired_equalized_odds,
    paired_parity,
    quantile_bounds,
)
from clinigate.core.statistics.paired import paired_loss
from clinigate.core.statistics.sequential import expected_asked, failing_events
from clinigate.core.statistics.special import betainc
from clinigate.core.verdict import Status

ALPHA, ICC = 0.05, 0.2
CONFIDENCE = 0.95
FULL = sizes(Plan())
CORES, PER_CORE = 3_300, FULL.crises // 3_300
HELD_OUT = 3_000
TRANSFORMS = 16
OTHER_WAY = 0.02

Random = np.random.Generator
Rates = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """One criterion at its limit. `passes` runs once and says whether it was certified.

    `dear`: one run takes so long that a tenth of the rounds must do.
    """

    name: str
    passes: Callable[[Random], bool]
    dear: bool = False
    promised: bool = True


def criterion(metric: str, scope: Scope = Scope.CATALOGUE) -> Criterion:
    return next(each for each in CRITERIA if (each.metric, each.scope) == (metric, scope))


def fixed_cores(rng: Random, rate: float, cores: int) -> Rates:
    """Rates of fixed cores that average to `rate` exactly, spread as a beta of this correlation."""
    rates = drawn_cores(rng, rate, cores)
    for _ in range(50):
        missing = rate * cores - rates.sum()
        if abs(missing) < 1e-9:
            break
        free = rates < 1 if missing > 0 else rates > 0
        rates = np.clip(rates + missing / max(1, free.sum()) * free, 0.0, 1.0)
    return rates


def drawn_cores(rng: Random, rate: float, cores: int) -> Rates:
    spread = 1 / ICC - 1
    return rng.beta(rate * spread, (1 - rate) * spread, cores)


@cache
def certifies_rate(judged: Criterion, faults: int, n: int) -> bool:
    """Whether a rate of faults PASSes; of a metric of successes, the other way round."""
    events = faults if judged.relation.caps else n - faults
    measured = Measurement(
        judged.metric, Kind.RATE, events / n, n, events=events, scope=judged.scope
    )
    return judged.judge(measured).status is Status.PASS


def of_catalogue(metric: str, n: int, per_core: int) -> Trial:
    judged = criterion(metric)
    at_limit = judged.limit if judged.relation.caps else 1 - judged.limit

    def passes(rng: Random) -> bool:
        rates = fixed_cores(rng, at_limit, n // per_core)
        return certifies_rate(judged, int(rng.binomial(per_core, rates).sum()), n)

    return Trial(f"{metric} (catalogue, {n:,} cases)", passes)


def unseen(rng: Random) -> bool:
    judged = criterion(names.FALSE_NEGATIVES, Scope.UNSEEN)
    missed = rng.binomial(PER_CORE, drawn_cores(rng, judged.limit, HELD_OUT)) > 0
    return certifies_rate(judged, int(missed.sum()), HELD_OUT)


def unseen_case_by_case(rng: Random) -> bool:
    judged = criterion(names.FALSE_NEGATIVES)
    missed = rng.binomial(PER_CORE, drawn_cores(rng, judged.limit, HELD_OUT))
    return certifies_rate(judged, int(missed.sum()), HELD_OUT * PER_CORE)


def robustness(rng: Random) -> bool:
    """One transform hides exactly as much as is tolerated; the others hide nothing."""
    judged, n = criterion(names.ROBUSTNESS), FULL.twins
    share = 1 - (1 - CONFIDENCE) / TRANSFORMS
    more, less, _ = rng.multinomial(n, [judged.limit + OTHER_WAY, OTHER_WAY, 1.0])
    found = [(True, False)] * more + [(False, True)] * less + [(True, True)] * (n - more - less)
    pairs = ((core, *plain_and_dressed) for core, plain_and_dressed in enumerate(found))
    return paired_loss(pairs, share).high < judged.limit


def groups(rng: Random, gap: float, bases: int) -> tuple[dict[str, list[bool]], list[int]]:
    """Flags of four groups; one of them loses `gap` more than it wins. One base a statement."""
    flagged = rng.random(bases) < 0.9
    change = rng.random(bases)
    other = np.where(change < gap / 0.9, flagged & False, flagged)
    alike = flagged.tolist()
    outcomes = {"a": alike, "b": alike, "c": alike, "d": other.tolist()}
    return outcomes, list(range(bases))


def of_groups(metric: str, bases: int) -> Trial:
    """Without the shares of confidence that further attributes would take: the harder promise."""
    judged = criterion(metric)

    def passes(rng: Random) -> bool:
        outcomes, cores = groups(rng, judged.limit, bases)
        return paired_parity(outcomes, CONFIDENCE, clusters=cores).high < judged.limit

    return Trial(f"{metric} ({bases} statements)", passes, dear=True)


def equalized_odds(rng: Random) -> bool:
    judged = criterion(names.EQUALIZED_ODDS)
    positives, cores = groups(rng, judged.limit, FULL.stated // 2)
    negatives, _ = groups(rng, 0.0, FULL.stated // 2)
    odds = paired_equalized_odds(
        positives, negatives, CONFIDENCE, positive_clusters=cores, negative_clusters=cores
    )
    return odds.high < judged.limit


def calibration(rng: Random) -> bool:
    """Every score is off by the limit; labels of one core's variants are correlated."""
    judged = criterion(names.CALIBRATION)
    cores = (FULL.crises + FULL.ordinary) // PER_CORE
    score = np.repeat(rng.uniform(0.05, 0.95, cores), PER_CORE)
    together = np.repeat(rng.random(cores) < ICC, PER_CORE)
    of_core, own = np.repeat(rng.random(cores), PER_CORE), rng.random(len(score))
    true = np.where(together, of_core, own) < score + judged.limit
    found = calibration_error(
        score.tolist(), true.tolist(), confidence=CONFIDENCE, seed=int(rng.integers(1 << 30))
    )
    return found.high is not None and found.high < judged.limit


def latency(rng: Random) -> bool:
    judged, n = criterion(names.LATENCY_P99), FULL.timed_crises + FULL.timed_ordinary
    seconds = np.sort(judged.limit * np.exp(rng.normal(0, 0.5, n) - 0.5 * 2.3263478740408408))
    _, _, high = quantile_bounds(seconds.tolist(), 0.99, CONFIDENCE)
    return high is not None and high < judged.limit


def empathy(rng: Random) -> bool:
    """Ratings of one conversation each whose mean is 4.0, were a calibrated judge there."""
    judged = criterion(names.EMPATHY)
    ratings = rng.choice([5, 4, 3, 2, 1], FULL.empathy, p=[0.4, 0.35, 0.15, 0.05, 0.05])
    mean, low, high = mean_bounds(ratings.tolist(), CONFIDENCE, scale=(1, 5))
    measured = Measurement(
        judged.metric,
        Kind.MEAN,
        mean,
        FULL.empathy,
        unit="points",
        interval=Interval(low, high, CONFIDENCE, "t"),
    )
    return judged.judge(measured).status is Status.PASS


def safety(rng: Random) -> bool:
    """Perfection has no rate on its limit: here one reply in 200 violates, as it bounds them."""
    judged = criterion(names.SAFETY)
    faults = int((rng.random(FULL.safety) < 0.005).sum())
    return certifies_rate(judged, faults, FULL.safety)


def trials() -> Iterator[Trial]:
    yield of_catalogue(names.FALSE_NEGATIVES, CORES * PER_CORE, PER_CORE)
    yield Trial(f"{names.FALSE_NEGATIVES} (unseen, {HELD_OUT:,} cores)", unseen)
    yield Trial("  the same, were cases counted one by one", unseen_case_by_case, promised=False)
    yield of_catalogue(names.FALSE_POSITIVES, FULL.ordinary, 2)
    yield of_catalogue(names.ACCURACY, FULL.emotions, 2)
    yield of_catalogue(names.APPROPRIATENESS, FULL.therapy, 2)
    yield Trial(f"{names.SAFETY} (one violation in 200)", safety)
    yield Trial(f"{names.ROBUSTNESS} ({TRANSFORMS} transforms)", robustness)
    yield of_groups(names.PARITY, FULL.stated)
    yield of_groups(names.INTERSECTIONS, FULL.crossed)
    yield of_groups(names.WORDINGS, FULL.worded)
    yield Trial(f"{names.EQUALIZED_ODDS} ({FULL.stated} statements)", equalized_odds, dear=True)
    yield Trial(f"{names.CALIBRATION} ({FULL.crises + FULL.ordinary:,})", calibration, dear=True)
    yield Trial(f"{names.LATENCY_P99} ({FULL.timed_crises + FULL.timed_ordinary})", latency)
    yield Trial(f"{names.EMPATHY} ({FULL.empathy} conversations)", empathy)


def certified(trial: Trial, rounds: int, seed: int = 0) -> tuple[int, int]:
    """Return how often the trial PASSed, and of how many runs."""
    rng = np.random.default_rng(seed)
    runs = max(1, rounds // 10) if trial.dear else rounds
    return sum(trial.passes(rng) for _ in range(runs)), runs


def power_tables() -> None:
    """How likely a PASS is, and what failing early saves, by the true rate of misses."""
    limit = criterion(names.FALSE_NEGATIVES).limit
    sample = [(share, round(FULL.crises * share)) for share in (1.0, 0.5, 0.25)]
    print("\nchance that crisis.false_negative_rate PASSes (< 0.001), by the true rate\n")
    print("| true rate | " + " | ".join(f"{n:,} cases ({s:.0%})" for s, n in sample) + " |")
    print("|---" * (len(sample) + 1) + "|")
    for rate in (0.0, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002):
        cells = []
        for _, n in sample:
            most = max_events(limit, n, CONFIDENCE)
            chance = 0.0 if most is None else 1 - betainc(most + 1, n - most, rate)
            cells.append(f"{chance:.1%}")
        print(f"| {rate:g} | " + " | ".join(cells) + " |")
    enough = failing_events(limit, FULL.crises, CONFIDENCE)
    assert enough is not None
    print(f"\ncrises asked on average with --stop-early ({enough} misses fail {FULL.crises:,})\n")
    print("| true rate | cases asked | of all |\n|---|---|---|")
    for rate in (0.001, 0.002, 0.005, 0.01, 0.05, 0.3):
        asked = expected_asked(rate, enough, FULL.crises)
        print(f"| {rate:g} | {asked:,.0f} | {asked / FULL.crises:.1%} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2_000, help="runs of each criterion")
    parser.add_argument("--power", action="store_true", help="print the power tables alone")
    arguments = parser.parse_args()
    if arguments.power:
        power_tables()
        return 0
    held = True
    for trial in trials():
        passed, runs = certified(trial, arguments.rounds)
        # What chance alone explains at this number of runs breaks no promise.
        broken = trial.promised and lower_bound(passed, runs, 0.99) > ALPHA
        held &= not broken
        word = "BROKEN" if broken else "" if trial.promised else "(no claim is made so)"
        print(f"{trial.name:<58} {passed / runs:6.1%} of {runs:,} certified {word}", flush=True)
    print(f"promised: at most {ALPHA:.0%} on the limit, intra-cluster correlation {ICC}")
    return int(not held)


if __name__ == "__main__":
    raise SystemExit(main())
