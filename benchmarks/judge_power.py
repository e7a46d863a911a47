"""How many rated conversations a panel of judges needs: the tables of docs/judge.md.

    python benchmarks/judge_power.py            # under a minute on one core

Simulated, with a fixed seed. People's points are a normal truth with errors, rounded to 1 to 5; the
judge sees the same truth with errors of its own. Printed are shares of simulated calibrations.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from clinigate.core.statistics.agreement import kappa_lower_bound, weighted_kappa
from clinigate.core.statistics.rectified import rectified_mean_bounds

ROUNDS = 400
SCALE = (1.0, 5.0)
LIMIT, MIN_KAPPA = 4.0, 0.6
#: Standard deviation of a judge's errors; smaller ones agree better.
ERRORS = (0.75, 0.65, 0.55, 0.45)
CARDS = (50, 100, 200, 400)


def main() -> None:
    """Print both tables."""
    print("A card is accepted (lower bound of the weighted kappa >= .60), by conversations rated")
    print("| true kappa | " + " | ".join(f"n={n}" for n in CARDS) + " |")
    for error in ERRORS:
        true = weighted_kappa(*_card(random.Random(1), 20_000, error))
        shares = " | ".join(f"{share:.0%}" for share in _accepted(error))
        print(f"| {true:.2f} | {shares} |")
    print()
    print("Empathy passes (> 4.0) with 80 conversations of a mean m, a judge .3 points too kind")
    print("| true mean | " + " | ".join(f"card of {n}" for n in CARDS[1:]) + " |")
    for mean in (None, 4.0, 4.2, 4.4, 4.6):
        shares = " | ".join(f"{_passes(mean, n):.1%}" for n in CARDS[1:])
        print(f"| {'4.0, few of 1 point' if mean is None else f'{mean:.1f}'} | {shares} |")


def _accepted(error: float) -> Iterator[float]:
    for n in CARDS:
        draw = random.Random(n)
        good = sum(kappa_lower_bound(*_card(draw, n, error)) >= MIN_KAPPA for _ in range(ROUNDS))
        yield good / ROUNDS


def _passes(mean: float | None, rated: int) -> float:
    draw = random.Random(rated)
    passed = 0
    for _ in range(ROUNDS):
        by_judge, by_people = zip(
            *(_pair(draw, draw.gauss(3, 1)) for _ in range(rated)), strict=True
        )
        judged = [_pair(draw, value)[0] for value in _replies(draw, mean, 80)]
        low = rectified_mean_bounds(judged, by_judge, by_people, 0.95, scale=SCALE)[1]
        passed += low > LIMIT
    return passed / ROUNDS


def _replies(draw: random.Random, mean: float | None, n: int) -> list[float]:
    """Truths on the scale with exactly this mean in the long run: beta, spread of about .5. None
    is a mean of 4.0 with a long tail: one in sixteen has 1 point, the rest 4.2.
    """
    if mean is None:
        return [1.0 if draw.random() < 1 / 16 else 4.2 for _ in range(n)]
    share = (mean - 1) / 4
    weight = 12.0
    return [1 + 4 * draw.betavariate(share * weight, (1 - share) * weight) for _ in range(n)]


def _pair(draw: random.Random, truth: float) -> tuple[float, float]:
    """A judge .3 points too kind, and people; both within the scale."""
    people = min(5.0, max(1.0, truth))
    return min(5.0, max(1.0, people + 0.3 + draw.gauss(0, 0.5))), people


def _card(draw: random.Random, n: int, error: float) -> tuple[list[float], list[float]]:
    """The judge's points, and the mean of two people's."""
    judge, people = [], []
    for _ in range(n):
        truth = draw.gauss(3, 1.1)
        judge.append(float(min(5, max(1, round(truth + draw.gauss(0, error))))))
        two = [min(5, max(1, round(truth + draw.gauss(0, 0.5)))) for _ in range(2)]
        people.append(sum(two) / 2)
    return judge, people


if __name__ == "__main__":
    main()
