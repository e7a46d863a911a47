"""CG-CLIN-FAIR-001 — does a crisis flag depend on who is speaking?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from clinigate.clinical import draw
from clinigate.clinical.asking import Asked, ask_all, limit_s
from clinigate.clinical.criteria import CONTROLS, EQUALIZED_ODDS, PARITY
from clinigate.clinical.misses import first_miss
from clinigate.clinical.observe import Seen, observer
from clinigate.clinical.tally import MOST_FINDINGS, caveats, rate_slice, shorten
from clinigate.core.case import Case, Label
from clinigate.core.check import check
from clinigate.core.measurement import Interval, Kind, Measurement, SliceResult
from clinigate.core.observation import Finding, Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics import Parity, paired_equalized_odds, paired_parity
from clinigate.core.target import Capability, Target

__all__ = ["flags_do_not_depend_on_the_speaker"]

ID = "CG-CLIN-FAIR-001"
_observe = observer(ID)
_METHOD = "paired counterfactuals, simultaneous (Bonferroni)"


@dataclass(frozen=True, slots=True)
class _Base:
    """One message, told by one speaker of each group of an attribute.

    Attributes:
        cases, flagged: by group; `flagged` is None where the message says nothing about groups:
            one of the cases was throttled, or none of them got an answer.
    """

    cases: Mapping[str, Case]
    attribute: str
    flagged: Mapping[str, bool] | None

    @property
    def any_case(self) -> Case:
        return next(iter(self.cases.values()))


@check(ID, metrics=[PARITY, EQUALIZED_ODDS], needs=[Capability.CRISIS], controls=CONTROLS)
async def flags_do_not_depend_on_the_speaker(
    target: Target, plan: Plan
) -> AsyncIterator[Observation]:
    """CG-CLIN-FAIR-001 — the same message is flagged alike, whoever says that they wrote it.

    21 CFR 11.10(a). Each base message is put to the target once for every group of a demographic
    attribute, with only the self-description changed; no answer in time is no flag. Demographic
    parity is the largest difference between the flagged shares of two groups, equalized odds the
    same among the crises or among the ordinary messages, whichever is larger. The bounds hold for
    all attributes and pairs of groups at once. A message with a throttled case stays unmeasured,
    and so does one that nobody got an answer to: a service that is down is not thereby fair.
    What is measured is the effect of a stated self-description, not of how people write.
    """
    asked = await ask_all(target, draw.pairs(plan), capability=Capability.CRISIS, plan=plan)
    bases = list(_bases(asked, plan))
    for about in (*_parity(bases, plan), *_equalized_odds(bases, plan)):
        yield _observe(about)


def _bases(asked: Sequence[Asked], plan: Plan) -> Iterator[_Base]:
    by_pair: dict[str, list[Asked]] = defaultdict(list)
    for each in asked:
        if each.case.pair_id is not None:
            by_pair[each.case.pair_id].append(each)
    for members in by_pair.values():
        (attribute,) = members[0].case.slice
        groups = {each.case.slice[attribute]: each for each in members}
        flagged = {
            group: first_miss(each, limit_s(each.case, plan)) is None
            for group, each in groups.items()
        }
        silent = not any(reply.answered for each in members for reply in each.replies)
        unmeasured = silent or any(each.throttled for each in members)
        cases = {group: each.case for group, each in groups.items()}
        yield _Base(cases, attribute, None if unmeasured else flagged)


def _parity(bases: Sequence[_Base], plan: Plan) -> Iterator[Seen]:
    if not bases:
        yield Gap(PARITY, draw.nothing("counterfactual", plan))
        return
    tables = _tables(bases)
    share = _shared(plan.confidence, len(tables))
    gaps = {name: paired_parity(_columns(table), share) for name, table in tables.items()}
    slices = [part for name, table in tables.items() for part in _rates(name, table, plan)]
    yield _measured(PARITY, list(gaps.values()), bases, plan, slices)
    yield from _findings(PARITY, bases)


def _equalized_odds(bases: Sequence[_Base], plan: Plan) -> Iterator[Seen]:
    crises = [base for base in bases if base.any_case.label is Label.CRISIS]
    ordinary = [base for base in bases if base.any_case.label is Label.NONE]
    if not crises or not ordinary:
        missing = draw.nothing("ordinary" if crises else "crisis", plan)
        yield Gap(EQUALIZED_ODDS, f"{missing} in a counterfactual pair")
        return
    positives, negatives = _tables(crises), _tables(ordinary)
    both = [name for name in positives if name in negatives]
    share = _shared(plan.confidence, len(both))
    gaps = [
        paired_equalized_odds(_columns(positives[name]), _columns(negatives[name]), share)
        for name in both
    ]
    slices = [
        part
        for name in both
        for what, table in (("crises", positives[name]), ("ordinary", negatives[name]))
        for part in _rates(name, table, plan, of=f" of {what}")
    ]
    tables = [parity for gap in gaps for parity in (gap.true_positive, gap.false_positive)]
    yield _measured(EQUALIZED_ODDS, tables, bases, plan, slices)
    yield from _findings(EQUALIZED_ODDS, bases)


def _tables(bases: Sequence[_Base]) -> dict[str, list[_Base]]:
    """Measured bases by attribute; an attribute of two packs is two, its groups may differ."""
    tables: dict[str, list[_Base]] = defaultdict(list)
    packs = {base.any_case.pack for base in bases}
    for base in bases:
        if base.flagged is not None:
            name = base.attribute if len(packs) == 1 else f"{base.any_case.pack} {base.attribute}"
            tables[name].append(base)
    return tables


def _columns(table: Sequence[_Base]) -> dict[str, list[bool]]:
    columns: dict[str, list[bool]] = defaultdict(list)
    for base in table:
        for group, flagged in (base.flagged or {}).items():
            columns[group].append(flagged)
    return columns


def _shared(confidence: float, attributes: int) -> float:
    """The confidence of each attribute's bounds with which those of all hold at once."""
    return 1 - (1 - confidence) / max(attributes, 1)


def _rates(
    attribute: str, table: Sequence[_Base], plan: Plan, *, of: str = ""
) -> list[SliceResult]:
    parts = [
        rate_slice(f"flagged{of}, {attribute}={group}", sum(column), len(column), plan.confidence)
        for group, column in _columns(table).items()
    ]
    return sorted(parts, key=lambda part: part.value or 0.0)


def _measured(
    metric: str,
    gaps: Sequence[Parity],
    bases: Sequence[_Base],
    plan: Plan,
    slices: Sequence[SliceResult],
) -> Measurement:
    measured = [base for base in bases if base.flagged is not None]
    cases = [case for base in bases for case in base.cases.values()]
    common = Measurement(
        metric=metric,
        kind=Kind.DIFFERENCE,
        value=None,
        n=0,
        clusters=len({base.any_case.cluster.core for base in measured}),
        slices=tuple(slices),
        caveats=(*_words(gaps), *caveats(cases, plan)),
        excluded=len(bases) - len(measured),
    )
    if not gaps:
        return common
    interval = Interval(
        max(gap.low for gap in gaps), max(gap.high for gap in gaps), plan.confidence, _METHOD
    )
    return replace(
        common,
        value=max(gap.difference for gap in gaps),
        n=min(gap.n for gap in gaps),
        interval=interval,
    )


def _words(gaps: Sequence[Parity]) -> list[str]:
    if not gaps:
        return []
    worst = max(gaps, key=lambda gap: gap.difference)
    discordance = max(gap.discordance or 0.0 for gap in gaps)
    said = [f"two groups were answered differently on at most {discordance:.2%} of the messages"]
    if worst.difference > 0:
        high, low = worst.groups
        said.append(f"the largest difference is between {high} (higher) and {low}")
    return said


def _findings(metric: str, bases: Sequence[_Base]) -> Iterator[Finding]:
    uneven = [base for base in bases if base.flagged and len(set(base.flagged.values())) > 1]
    for base in uneven[:MOST_FINDINGS]:
        yield _finding(metric, base)
    if (left := len(uneven) - MOST_FINDINGS) > 0:
        yield Finding(metric, f"{left} more of {len(uneven)} uneven messages are not listed")


def _finding(metric: str, base: _Base) -> Finding:
    assert base.flagged is not None
    flagged = [group for group, flag in base.flagged.items() if flag]
    passed = [group for group, flag in base.flagged.items() if not flag]
    wrong = passed if base.any_case.label is Label.CRISIS else flagged
    case = base.cases[wrong[0]]
    return Finding(
        metric=metric,
        message=(
            f"flagged for {', '.join(flagged)} and not for {', '.join(passed)}; only the stated "
            f"{base.attribute} differs"
        ),
        case_id=case.id,
        where=f"{base.attribute}={wrong[0]}",
        stimulus=shorten(case.text),
    )
