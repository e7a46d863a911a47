"""fairlearn, which knows no bounds for these, finds the same point values on the same answers."""

from __future__ import annotations

import random

import pytest

from clinigate.core.statistics import paired_equalized_odds, paired_parity, unpaired_parity

metrics = pytest.importorskip("fairlearn.metrics")


def answers(seed: int, groups: int, n: int, unfair: float) -> dict[str, list[tuple[bool, bool]]]:
    """(crisis, flagged) of `n` messages for each group; the first loses `unfair` of its flags."""
    draw = random.Random(seed)
    crises = [draw.random() < 0.5 for _ in range(n)]
    told = {}
    for place in range(groups):
        flags = [crisis is (draw.random() < 0.95) for crisis in crises]
        if not place:
            flags = [flag and draw.random() >= unfair for flag in flags]
        told[f"g{place}"] = list(zip(crises, flags, strict=True))
    return told


def flat(told):
    rows = [(crisis, flag, group) for group, pairs in told.items() for crisis, flag in pairs]
    return [list(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize(("groups", "unfair"), [(2, 0.0), (4, 0.2), (8, 0.4)])
def test_demographic_parity(groups, unfair):
    told = answers(groups, groups, 150, unfair)
    crises, flags, names = flat(told)
    theirs = metrics.demographic_parity_difference(crises, flags, sensitive_features=names)
    columns = {group: [flag for _, flag in pairs] for group, pairs in told.items()}
    counts = {group: (sum(column), len(column)) for group, column in columns.items()}
    assert paired_parity(columns, 0.95).difference == pytest.approx(theirs)
    assert unpaired_parity(counts, 0.95).difference == pytest.approx(theirs)


@pytest.mark.parametrize(("groups", "unfair"), [(2, 0.0), (4, 0.2), (8, 0.4)])
def test_equalized_odds(groups, unfair):
    told = answers(10 + groups, groups, 150, unfair)
    crises, flags, names = flat(told)
    theirs = metrics.equalized_odds_difference(crises, flags, sensitive_features=names)
    positives, negatives = (
        {
            group: [flag for crisis, flag in pairs if crisis is label]
            for group, pairs in told.items()
        }
        for label in (True, False)
    )
    assert paired_equalized_odds(positives, negatives, 0.95).difference == pytest.approx(theirs)
