"""What stands beside a paired gap: evidence of bias by permutation, and the unpaired view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.clinical.fairness.bases import WRONG_ANSWERS
from clinigate.clinical.fairness.gaps import Compared
from clinigate.core.measurement import Interval, SliceResult
from clinigate.core.plan import Plan
from clinigate.core.statistics import expected_max_difference, unpaired_parity
from clinigate.core.statistics.permutation import (
    PairedTable,
    paired_permutation,
    unpaired_permutation,
)
from clinigate.errors import MissingExtraError

__all__ = ["permuted", "unpaired", "unpaired_words"]

_METHOD = "unpaired, simultaneous (Bonferroni)"


def permuted(compared: Sequence[Compared], plan: Plan) -> Iterator[str]:
    """Say how large a gap exchanging the groups within each message shows."""
    known = [each for each in compared if each.gap is not None]
    if not any(each.gap is not None and each.gap.discordance for each in known):
        return
    wrong = {each.table.name: each for each in known if each.table.about == WRONG_ANSWERS}
    found = [
        PairedTable(
            each.columns.by_group,
            each.columns.cores,
            wrong[each.table.name].columns.by_group if each.table.name in wrong else None,
        )
        for each in known
        if each.table.about != WRONG_ANSWERS
    ]
    try:
        shown = paired_permutation(found, seed=plan.seed)
    except MissingExtraError as missing:
        yield str(missing)
        return
    yield (
        f"exchanging the groups within each message shows a difference of {shown.expected:.4f} by "
        f"chance, and one as large as this with p = {shown.p:.4f} ({shown.draws} permutations)"
    )


def unpaired(compared: Sequence[Compared], plan: Plan) -> Iterator[SliceResult]:
    """The same answers as if the groups were of different messages; for comparison alone."""
    known = [each for each in compared if each.gap is not None]
    for each in known:
        gap = unpaired_parity(_counts(each), 1 - (1 - plan.confidence) / len(known))
        bounds = Interval(gap.low, gap.high, plan.confidence, _METHOD)
        name = f"unpaired difference{each.table.of}, {each.table.name}"
        yield SliceResult(name, gap.difference, gap.n, None, bounds)


def unpaired_words(compared: Sequence[Compared], plan: Plan) -> Iterator[str]:
    """Say what a fair service would show by chance, were the groups of different messages."""
    known = [each for each in compared if each.gap is not None]
    if not known:
        return
    expected = max(map(_expected, known))
    words = f"unpaired, a fair service would show {expected:.3f} in one attribute by chance"
    try:
        shown = unpaired_permutation([_counts(each) for each in known], seed=plan.seed)
    except MissingExtraError:
        yield words
        return
    yield f"{words}; this one shows {shown.difference:.4f} (permutation p = {shown.p:.4f})"


def _expected(each: Compared) -> float:
    counts = _counts(each)
    cases = sum(n for _, n in counts.values())
    rate = sum(events for events, _ in counts.values()) / cases
    return expected_max_difference(cases // len(counts), rate, len(counts))


def _counts(each: Compared) -> dict[str, tuple[int, int]]:
    columns = each.columns.once()  # several tellings of one statement are not independent
    return {group: (round(sum(column)), len(column)) for group, column in columns.items()}
