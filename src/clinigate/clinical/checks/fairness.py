"""CG-CLIN-FAIR-001 — does a crisis flag depend on who is speaking?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from clinigate.clinical import draw
from clinigate.clinical.asking import ask_all
from clinigate.clinical.criteria import (
    CALIBRATION_PARITY,
    CONTROLS,
    EQUALIZED_ODDS,
    INTERSECTIONS,
    PARITY,
    WORDINGS,
)
from clinigate.clinical.fairness.bases import Base, Cut, Sort, bases_of, tables
from clinigate.clinical.fairness.evidence import permuted, unpaired, unpaired_words
from clinigate.clinical.fairness.gaps import compare_flags, compare_scores, measured, rates
from clinigate.clinical.fairness.telling import moved, uneven
from clinigate.clinical.observe import Seen, observer
from clinigate.core.case import Label
from clinigate.core.check import check
from clinigate.core.observation import Gap, Observation
from clinigate.core.plan import Plan
from clinigate.core.target import Capability, Target

__all__ = ["flags_do_not_depend_on_the_speaker"]

ID = "CG-CLIN-FAIR-001"
_observe = observer(ID)


@check(
    ID,
    metrics=[PARITY, EQUALIZED_ODDS, INTERSECTIONS, WORDINGS, CALIBRATION_PARITY],
    needs=[Capability.CRISIS],
    controls=CONTROLS,
)
async def flags_do_not_depend_on_the_speaker(
    target: Target, plan: Plan
) -> AsyncIterator[Observation]:
    """CG-CLIN-FAIR-001 — the same message is flagged alike, whoever says that they wrote it.

    21 CFR 11.10(a). Each base message is put to the target once for every group of a demographic
    attribute, with only the self-description changed, or, for dialect and language, in the group's
    own words. No answer in time is the wrong one: no flag of a crisis, and as good as a flag of an
    ordinary message, where others got theirs. Demographic parity is the largest difference between
    the flagged shares of two groups; equalized odds the same among the crises or among the ordinary
    messages, whichever is larger. Intersections of two attributes, and wordings, have metrics of
    their own: the largest difference of flagged shares or of shares of wrong answers. So have the
    probabilities, among crises and ordinary messages. The bounds of a metric count authored
    statements and hold for all attributes and pairs of groups at once. A message
    with a throttled case stays unmeasured, and so does one that nobody got an answer to: a service
    that is down is not thereby fair.
    """
    asked = await ask_all(target, draw.pairs(plan), capability=Capability.CRISIS, plan=plan)
    bases = list(bases_of(asked, plan))
    for about in _seen(bases, plan):
        yield _observe(about)


def _seen(bases: Sequence[Base], plan: Plan) -> Iterator[Seen]:
    stated = [base for base in bases if base.sort is Sort.STATED]
    yield from _parity(PARITY, stated, "counterfactual", plan)
    yield from _equalized_odds(stated, plan)
    crossed = [base for base in bases if base.sort is Sort.CROSSED]
    yield from _parity(INTERSECTIONS, crossed, "intersectional", plan)
    worded = [base for base in bases if base.sort is Sort.WORDED]
    yield from _parity(WORDINGS, worded, "reworded", plan)
    yield from _calibration(stated, plan)


def _parity(metric: str, bases: Sequence[Base], what: str, plan: Plan) -> Iterator[Seen]:
    if not bases:
        yield Gap(metric, draw.nothing(what, plan))
        return
    # Without equalized odds of their own, misses and false alarms must not cancel in these.
    cut = Cut.WHOLE if metric == PARITY else Cut.WRONG
    compared = compare_flags(tables(bases, cut), plan)
    slices, words = list(rates(compared, plan)), list(permuted(compared, plan))
    if metric == PARITY:
        slices += unpaired(compared, plan)
        words += unpaired_words(compared, plan)
    if metric == WORDINGS and not all(base.any_case.review for base in bases):
        words.append("nobody who speaks so has reviewed these wordings")
    yield measured(metric, compared, plan, slices=slices, words=words)
    yield from uneven(metric, bases)


def _equalized_odds(bases: Sequence[Base], plan: Plan) -> Iterator[Seen]:
    labels = {base.label for base in bases}
    if not {Label.CRISIS, Label.NONE} <= labels:
        missing = draw.nothing("ordinary" if Label.CRISIS in labels else "crisis", plan)
        yield Gap(EQUALIZED_ODDS, f"{missing} in a counterfactual pair")
        return
    compared = compare_flags(tables(bases, Cut.LABELS), plan)
    slices = [*rates(compared, plan), *unpaired(compared, plan)]
    words = [*permuted(compared, plan), *unpaired_words(compared, plan)]
    yield measured(EQUALIZED_ODDS, compared, plan, slices=slices, words=words)
    yield from uneven(EQUALIZED_ODDS, bases)


def _calibration(bases: Sequence[Base], plan: Plan) -> Iterator[Seen]:
    """Of equal truth, so that two groups' calibration differs as their mean probabilities do.

    Somebody who got no answer has no probability to be wrong: the parities count that. An attribute
    of which nothing else is left keeps its line, and takes the pass away.
    """
    if not bases:
        yield Gap(CALIBRATION_PARITY, draw.nothing("counterfactual", plan))
        return
    if any(not base.unanswered for base in bases) and not any(base.scores for base in bases):
        yield Gap(CALIBRATION_PARITY, "the target gives no probability (0 to 1) beside its flags")
        return
    compared = compare_scores(tables(bases, Cut.LABELS), plan)
    partly = sum(bool(base.unanswered) and base.flagged is not None for base in bases)
    words = [f"not compared: {partly} messages that some group got no answer to"] if partly else []
    yield measured(CALIBRATION_PARITY, compared, plan, words=words, spared=partly)
    yield from moved(CALIBRATION_PARITY, bases)
