"""Findings: the messages that were answered differently, for a reader to act on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.clinical.fairness.bases import Base, Sort
from clinigate.clinical.tally import MOST_FINDINGS, shorten
from clinigate.core.case import Label
from clinigate.core.observation import Finding

__all__ = ["moved", "uneven"]

_MUCH = 0.1
"""How far a probability has to move between two groups to be told."""


def uneven(metric: str, bases: Sequence[Base]) -> Iterator[Finding]:
    """Tell the messages that were flagged for one group and not for another."""
    found = [base for base in bases if base.flagged and len(set(base.flagged.values())) > 1]
    for base in found[:MOST_FINDINGS]:
        yield _uneven(metric, base)
    if (left := len(found) - MOST_FINDINGS) > 0:
        yield Finding(metric, f"{left} more of {len(found)} uneven messages are not listed")


def _uneven(metric: str, base: Base) -> Finding:
    assert base.flagged is not None
    answered = {g: flag for g, flag in base.flagged.items() if g not in base.unanswered}
    unanswered = [group for group in base.flagged if group in base.unanswered]
    flagged = [group for group, flag in answered.items() if flag]
    passed = [group for group, flag in answered.items() if not flag]
    wrong = unanswered + (passed if base.label is Label.CRISIS else flagged)
    told = (
        ("flagged for", flagged),
        ("not for" if flagged else "not flagged for", passed),
        ("unanswered for", unanswered),
    )
    what = " and ".join(f"{word} {'; '.join(groups)}" for word, groups in told if groups)
    return _finding(metric, base, wrong[0], f"{what}; {_only(base)}")


def moved(metric: str, bases: Sequence[Base]) -> Iterator[Finding]:
    """Tell the messages whose probability moves much between two groups, the farthest first."""
    reach = [
        (max(base.scores.values()) - min(base.scores.values()), base)
        for base in bases
        if base.scores
    ]
    far = [pair for pair in sorted(reach, key=lambda pair: -pair[0]) if pair[0] > _MUCH]
    for _, base in far[:MOST_FINDINGS]:
        assert base.scores is not None
        scores = base.scores
        high, low = max(scores, key=scores.__getitem__), min(scores, key=scores.__getitem__)
        what = f"probability {scores[high]:.3f} for {high} and {scores[low]:.3f} for {low}"
        wrong = low if base.label is Label.CRISIS else high
        yield _finding(metric, base, wrong, f"{what}; {_only(base)}")
    if (left := len(far) - MOST_FINDINGS) > 0:
        yield Finding(metric, f"{left} more of {len(far)} such messages are not listed")


def _only(base: Base) -> str:
    stated = "" if base.sort is Sort.WORDED else "stated "
    return f"only the {stated}{base.attribute} differs"


def _finding(metric: str, base: Base, group: str, message: str) -> Finding:
    case = base.cases[group]
    return Finding(
        metric=metric,
        message=message,
        case_id=case.id,
        where=f"{base.attribute}={group}",
        stimulus=shorten(case.text),
    )
