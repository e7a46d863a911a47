"""Groups of different people: what a team's own labelled answers show of its fairness.

The counterfactuals of CG-CLIN-FAIR-001 hold everything but the speaker equal. Messages that people
really wrote do not, so that a difference may come from what they wrote about; and it takes ten
times as many to bound it (`parity_planning.unpaired_parity_need_n`).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from clinigate.clinical.criteria import CALIBRATION_PARITY, CRITERIA, EQUALIZED_ODDS, PARITY
from clinigate.clinical.tally import rate_slice
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.statistics import (
    Parity,
    expected_max_difference,
    unpaired_parity,
    unpaired_parity_need_n,
)
from clinigate.core.statistics.arguments import check_range
from clinigate.core.statistics.permutation import unpaired_permutation
from clinigate.core.statistics.score_gaps import bounded_mean_lower, bounded_mean_upper
from clinigate.errors import MissingExtraError, UsageError

__all__ = ["Record", "compare_groups"]

_METHOD = "unpaired, simultaneous (Bonferroni)"
_NOT_PAIRED = "unpaired: a difference may come from what these people wrote about"

Counts = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Record:
    """One answer to one person; several messages of one person are not independent: give one.

    Attributes:
        group: the person's, as `75+` or, of an intersection, `woman, 75+`.
        crisis: whether the message discloses one, as people who know have labelled it.
        flagged: what the system made of it. No answer is the wrong one, False of a crisis and True
            of an ordinary message: somebody who was not served was not treated like the others.
        score: its probability of a crisis, 0 to 1, where it gives one.

    Raises:
        UsageError: a group that is no text, or `crisis` or `flagged` neither true nor false.
    """

    group: str
    crisis: bool
    flagged: bool
    score: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.group, str) or not self.group.strip():
            raise UsageError(f"a record's group is {self.group!r}; wanted its name")
        for name, value in (("crisis", self.crisis), ("flagged", self.flagged)):
            if value not in (True, False):
                raise UsageError(
                    f"a record of {self.group!r}: {name} is {value!r}; wanted true or false, and "
                    "of a message that got no answer what would be wrong"
                )


@dataclass(frozen=True, slots=True)
class _Cell:
    """The records of one label, or of both: (flagged, cases) of each group, also of none."""

    about: str
    counts: Counts

    @property
    def filled(self) -> Counts:
        return {group: each for group, each in self.counts.items() if each[1]}


def compare_groups(
    records: Iterable[Record], *, attribute: str, confidence: float = 0.95, seed: int = 0
) -> tuple[Measurement, ...]:
    """Return demographic parity, equalized odds and, with scores, calibration over groups.

    Judge each by the criterion of its metric. A group with too few cases has a line of its own
    that says so; the bounds are of all groups, so that no pass is possible without it.

    Raises:
        UsageError: fewer than two groups, a score outside 0 to 1, or scores of some records alone.
    """
    rows = list(records)
    groups = list(dict.fromkeys(row.group for row in rows))
    if len(groups) < 2:
        raise UsageError(f"{attribute}: groups are {groups!r}; wanted two or more to compare")
    whole = _cell("", rows, groups, lambda _row: True)
    odds = (
        _cell("crises", rows, groups, lambda row: row.crisis),
        _cell("ordinary", rows, groups, lambda row: not row.crisis),
    )
    measured = [
        _measured(PARITY, attribute, [whole], confidence, seed),
        _measured(EQUALIZED_ODDS, attribute, odds, confidence, seed),
    ]
    scored = [row for row in rows if row.score is not None]
    if scored and len(scored) < len(rows):
        raise UsageError(f"{attribute}: {len(rows) - len(scored)} of {len(rows)} have no score")
    if scored:
        measured.append(_calibration(attribute, rows, groups, confidence))
    return tuple(measured)


def _cell(
    about: str, rows: Sequence[Record], groups: Sequence[str], takes: Callable[[Record], bool]
) -> _Cell:
    flags: dict[str, list[bool]] = {group: [] for group in groups}
    for row in rows:
        if takes(row):
            flags[row.group].append(row.flagged)
    return _Cell(about, {group: (sum(each), len(each)) for group, each in flags.items()})


def _measured(
    metric: str, attribute: str, cells: Sequence[_Cell], confidence: float, seed: int
) -> Measurement:
    share = 1 - (1 - confidence) / len(cells)
    gaps = [unpaired_parity(each.filled, share) for each in cells if len(each.filled) > 1]
    complete = all(cases for each in cells for _, cases in each.counts.values())
    slices = [line for each in cells for line in _lines(metric, attribute, each, confidence)]
    return Measurement(
        metric=metric,
        kind=Kind.DIFFERENCE,
        value=max((gap.difference for gap in gaps), default=None),
        n=min((gap.n for gap in gaps), default=0),
        interval=_interval(gaps, confidence, complete=complete),
        slices=tuple(slices),
        caveats=(*_words(attribute, cells, gaps, seed), _NOT_PAIRED),
    )


def _interval(gaps: Sequence[Parity], confidence: float, *, complete: bool) -> Interval | None:
    """The bounds of the largest gap; a group of which nothing is known leaves room for any."""
    if not gaps:
        return None
    high = max(gap.high for gap in gaps) if complete else 1.0
    return Interval(max(gap.low for gap in gaps), high, confidence, _METHOD)


def _lines(metric: str, attribute: str, cell: _Cell, confidence: float) -> Iterator[SliceResult]:
    """The flagged share of every group, the smallest group first."""
    need = _need(metric, cell, confidence)
    of = f" of {cell.about}" if cell.about else ""
    for group, (flagged, cases) in sorted(cell.counts.items(), key=lambda pair: pair[1][1]):
        name = f"flagged{of}, {attribute}={group}"
        if cases < need:
            name += f" (INCONCLUSIVE: {cases} cases, about {need} needed)"
        yield rate_slice(name, flagged, cases, confidence)


def _need(metric: str, cell: _Cell, confidence: float) -> int:
    limit = next(each.limit for each in CRITERIA if each.metric == metric)
    cases = sum(n for _, n in cell.counts.values())
    rate = sum(events for events, _ in cell.counts.values()) / cases if cases else 0.5
    return unpaired_parity_need_n(limit, len(cell.counts), rate, confidence)


def _words(
    attribute: str, cells: Sequence[_Cell], gaps: Sequence[Parity], seed: int
) -> Iterator[str]:
    if not gaps:
        return
    worst = max(gaps, key=lambda gap: gap.difference)
    if worst.difference > 0:
        high, low = worst.groups
        yield f"the largest difference by {attribute} is between {high} (higher) and {low}"
    filled = [each.filled for each in cells if len(each.filled) > 1]
    expected = max(map(_expected, filled))
    words = f"a fair service would show up to {expected:.3f} by chance"
    try:
        shown = unpaired_permutation(filled, seed=seed)
    except MissingExtraError:
        yield words
        return
    yield f"{words}; one as large as this has p = {shown.p:.4f} ({shown.draws} permutations)"


def _expected(counts: Counts) -> float:
    cases = sum(n for _, n in counts.values())
    rate = sum(events for events, _ in counts.values()) / cases
    return expected_max_difference(min(n for _, n in counts.values()), rate, len(counts))


def _calibration(
    attribute: str, rows: Sequence[Record], groups: Sequence[str], confidence: float
) -> Measurement:
    """How far mean probabilities lie from the shares of crises, and how differently by group."""
    gaps: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        score = check_range(f"a score of {attribute}={row.group}", row.score or 0.0, 0.0, 1.0)
        gaps[row.group].append(score - row.crisis)
    pairs = list(permutations(groups, 2))
    each = (1 - confidence) / (len(pairs) / 2)
    means = [math.fsum(gaps[group]) / len(gaps[group]) for group in groups]
    high = max(
        _bound(gaps[a], 1 - each / 2, upper=True) - _bound(gaps[b], 1 - each / 2, upper=False)
        for a, b in pairs
    )
    low = max(
        _bound(gaps[a], 1 - each / 4, upper=False) - _bound(gaps[b], 1 - each / 4, upper=True)
        for a, b in pairs
    )
    return Measurement(
        metric=CALIBRATION_PARITY,
        kind=Kind.DIFFERENCE,
        value=max(means) - min(means),
        n=min(map(len, gaps.values())),
        interval=Interval(max(0.0, low), min(1.0, high), confidence, _METHOD),
        slices=tuple(_calibration_lines(attribute, gaps, each, proven=low)),
        caveats=(_NOT_PAIRED,),
    )


def _calibration_lines(
    attribute: str, gaps: Mapping[str, Sequence[float]], error: float, *, proven: float
) -> Iterator[SliceResult]:
    """The gap of every group, the widest first, and of how many cases more there should be.

    `error` is that of two groups' bounds together. Where a difference beyond the limit is `proven`,
    no group was too small.
    """
    limit = next(each.limit for each in CRITERIA if each.metric == CALIBRATION_PARITY)
    need = math.ceil(8 * math.log(2 / error) / limit**2)  # Hoeffding, each bound a quarter of it
    means = {group: math.fsum(each) / len(each) for group, each in gaps.items()}
    for group, mean in sorted(means.items(), key=lambda pair: -abs(pair[1])):
        name, cases = f"calibration gap, {attribute}={group}", len(gaps[group])
        if cases < need and proven < limit:
            name += f" (INCONCLUSIVE: {cases} cases, about {need} needed)"
        yield SliceResult(name, mean, cases)


def _bound(gaps: Sequence[float], confidence: float, *, upper: bool) -> float:
    """Bound the mean of values from -1 to 1, as that of values from 0 to 1."""
    half = (math.fsum(gaps) / len(gaps) + 1) / 2
    bound = bounded_mean_upper if upper else bounded_mean_lower
    return 2 * bound(half, len(gaps), confidence) - 1
