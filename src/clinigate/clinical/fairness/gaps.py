"""From tables of bases to one measurement: the largest gap, its bounds, a line for each table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from clinigate.clinical.criteria import CALIBRATION_PARITY, CRITERIA
from clinigate.clinical.fairness.bases import WRONG_ANSWERS, Base, Columns, Table
from clinigate.clinical.tally import caveats, rate_slice
from clinigate.core.case import Case
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.plan import Plan
from clinigate.core.statistics import Parity, paired_parity
from clinigate.core.statistics.score_gaps import paired_score_gap

__all__ = ["Compared", "compare_flags", "compare_scores", "measured", "rates"]

_METHOD = "paired counterfactuals by statement, simultaneous (Bonferroni)"

Bound = Callable[[Columns, float], Parity]


@dataclass(frozen=True, slots=True)
class Compared:
    """One table with its gap; None where no base of it was measured."""

    table: Table
    columns: Columns
    gap: Parity | None

    @property
    def statements(self) -> int:
        """How many authored statements the gap rests on."""
        return 0 if self.gap is None else self.gap.clusters


def compare_flags(found: Sequence[Table], plan: Plan) -> list[Compared]:
    """Compare the flagged shares of all groups; the bounds of all tables hold at once."""
    return _compare(found, plan, Table.flags, _flag_gap)


def compare_scores(found: Sequence[Table], plan: Plan) -> list[Compared]:
    """Compare the mean probabilities of all groups; the bounds of all tables hold at once."""
    return _compare(found, plan, Table.scores, _score_gap)


def _flag_gap(columns: Columns, confidence: float) -> Parity:
    outcomes = {group: [bool(each) for each in column] for group, column in _items(columns)}
    return paired_parity(outcomes, confidence, clusters=columns.cores)


def _score_gap(columns: Columns, confidence: float) -> Parity:
    return paired_score_gap(columns.by_group, confidence, clusters=columns.cores)


def _items(columns: Columns) -> Iterator[tuple[str, Sequence[float]]]:
    yield from columns.by_group.items()


def _compare(
    found: Sequence[Table],
    plan: Plan,
    read: Callable[[Table], Columns],
    bound: Bound,
) -> list[Compared]:
    """Each comparison of two groups gets the same share of the error, whichever table it is in."""
    error = (1 - plan.confidence) / max(1, _comparisons(found))
    compared = []
    for table in found:
        columns = read(table)
        confidence = 1 - error * math.comb(len(table.groups), 2)
        gap = bound(columns, confidence) if columns.cores else None
        compared.append(Compared(table, columns, gap))
    return compared


def _comparisons(found: Sequence[Table]) -> int:
    return sum(math.comb(len(table.groups), 2) for table in found)


def measured(
    metric: str,
    compared: Sequence[Compared],
    plan: Plan,
    *,
    slices: Sequence[SliceResult] = (),
    words: Sequence[str] = (),
    spared: int = 0,
) -> Measurement:
    """Return the largest gap of all tables.

    The bounds count authored statements, the fewest of any table. A table of which nothing is known
    leaves room for any gap, so that a pass is impossible and a fail is not. `spared` of the bases
    are not compared for a reason that another criterion judges, and do not count as unmeasured.
    """
    once = [each for each in compared if each.table.about != WRONG_ANSWERS]  # of the same bases
    bases = [base for each in once for base in each.table.bases]
    known = [each for each in compared if each.gap is not None]
    common = Measurement(
        metric=metric,
        kind=Kind.DIFFERENCE,
        value=None,
        n=0,
        clusters=len({core for each in known for core in each.columns.cores}),
        slices=(*_lines(metric, compared, plan), *slices),
        caveats=(*_words(compared), *words, *caveats(_cases(bases), plan)),
        excluded=len(bases) - sum(len(each.columns.cores) for each in once) - spared,
    )
    gaps = [each.gap for each in known if each.gap is not None]
    if not gaps:
        return common
    high = max(gap.high for gap in gaps) if len(gaps) == len(compared) else 1.0
    return replace(
        common,
        value=max(gap.difference for gap in gaps),
        n=min(each.statements for each in known),
        interval=Interval(max(gap.low for gap in gaps), high, plan.confidence, _METHOD),
    )


def _cases(bases: Sequence[Base]) -> list[Case]:
    return [case for base in bases for case in base.cases.values()]


def _lines(metric: str, compared: Sequence[Compared], plan: Plan) -> Iterator[SliceResult]:
    """One line a table, the worst bound first; one of too few statements to tell says so."""
    limit = next(each.limit for each in CRITERIA if each.metric == metric)
    least = _least(metric, limit, compared, plan)
    for each in sorted(compared, key=lambda one: -1.0 if one.gap is None else -one.gap.high):
        name = f"difference{each.table.of}, {each.table.name}"
        proven = each.gap is not None and each.gap.low >= limit
        if each.statements < least and not proven:
            name += f" (INCONCLUSIVE: {each.statements} statements, {least} needed at the least)"
        if each.gap is None:
            yield SliceResult(name, None, 0)
            continue
        bounds = Interval(each.gap.low, each.gap.high, plan.confidence, _METHOD)
        yield SliceResult(name, each.gap.difference, each.statements, None, bounds)


def _least(metric: str, limit: float, compared: Sequence[Compared], plan: Plan) -> int:
    """Return how many statements keep the limit where no two groups are answered differently."""
    error = (1 - plan.confidence) / _comparisons([each.table for each in compared])
    if metric == CALIBRATION_PARITY:  # the bound of each of the two parts takes half of it
        error /= 2
    return math.floor(math.log(error) / math.log1p(-limit)) + 1


def rates(compared: Sequence[Compared], plan: Plan) -> Iterator[SliceResult]:
    """The flagged share of every group, or that of wrong answers; the lowest of a table first."""
    for each in compared:
        wrong = each.table.about == WRONG_ANSWERS
        what = "wrong" if wrong else f"flagged{each.table.of}"
        parts = [
            rate_slice(
                f"{what}, {each.table.name}={group}",
                round(sum(column)),
                len(column),
                plan.confidence,
            )
            for group, column in _items(each.columns)
            if column
        ]
        if each.columns.repeats:  # a bound that counts bases would take them for independent
            parts = [replace(part, interval=None) for part in parts]
        yield from sorted(parts, key=lambda part: part.value or 0.0)


def _words(compared: Sequence[Compared]) -> Iterator[str]:
    known = [(each, each.gap) for each in compared if each.gap is not None]
    if not known:
        return
    worst, gap = max(known, key=lambda pair: pair[1].difference)
    if gap.difference > 0:
        high, low = gap.groups
        yield (
            f"the largest difference{worst.table.of} is by {worst.table.name}, between {high} "
            f"(higher) and {low}"
        )
    if (most := max((one.discordance or 0.0 for _, one in known), default=0.0)) > 0:
        yield f"two groups were answered differently on up to {most:.2%} of the statements"
    counts = ", ".join(
        f"{each.table.name}{each.table.of} {each.statements}"
        for each in compared
        if each.table.about != WRONG_ANSWERS
    )
    yield f"statements compared: {counts}"
    yield (
        f"the bounds count statements and hold for all {sum(one.comparisons for _, one in known)} "
        "comparisons of two groups at once"
    )
