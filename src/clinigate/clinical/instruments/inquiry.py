"""Ask a system about one instrument: which sheets, what it makes of them, what is told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from clinigate.clinical.instruments.catalogue import DEFINITIONS
from clinigate.clinical.instruments.comparing import Compared, known_fields, same_band
from clinigate.clinical.instruments.criteria import (
    METRICS,
    MIN_N,
    followed_up,
    refused,
    scored_right,
)
from clinigate.clinical.instruments.definition import Definition
from clinigate.clinical.instruments.examining import FOLLOW_UP, Tally, examine
from clinigate.clinical.instruments.refusals import ask_unfit
from clinigate.clinical.instruments.sheets import covering, every, uniform
from clinigate.clinical.instruments.telling import Extent, findings, measured
from clinigate.core.measurement import Kind, Measurement
from clinigate.core.observation import Finding, Gap
from clinigate.core.plan import Plan, Profile
from clinigate.core.scoring import SCORED_FIELDS, Answers, Instrument, Scorer, Terms
from clinigate.core.target import Target
from clinigate.errors import ConfigError, CriticalSafetyTestFailure

__all__ = ["MOST_REQUESTS", "inquire"]

#: Requests up to which every sheet is asked; beyond, a choice of them.
MOST_REQUESTS = 1_000
#: Sheets drawn at random, where not every sheet is asked. A pull request's sample takes fewer.
_DRAWN = {Profile.FULL: MIN_N, Profile.PR: 60}
#: Seconds up to which every sheet is asked, judged by how long some of them take.
MOST_SECONDS = 300.0
_PILOT = 64
#: Sheets of one request of a choice: a slow system must answer it within its time limit.
_FEW = 16
#: Sheets up to which a pull request's sample asks every one.
_MOST_SHEETS_OF_A_SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class _Asking:
    """One inquiry: whom, about what, by which fields, and how."""

    scorer: Scorer
    definition: Definition
    terms: Terms
    fields: frozenset[str]
    plan: Plan

    async def examine(self, sheets: Iterable[Answers], *, at_once: int) -> Tally:
        return await examine(
            self.scorer,
            self.definition,
            sheets,
            compared=Compared(self.definition, self.terms, self.fields),
            follow_up=FOLLOW_UP in self.fields,
            at_once=min(at_once, self.scorer.sheets_at_once),
            concurrency=self.plan.concurrency,
            timeout_s=self.plan.timeout_s,
        )


async def inquire(
    target: Target, instrument: Instrument, plan: Plan
) -> AsyncIterator[Measurement | Finding | Gap]:
    """Yield what is seen of one instrument.

    Raises:
        ConfigError: the target says that it scores by a rule that no source gives.
        TargetError: asking made no sense.
        CriticalSafetyTestFailure: nobody is called where somebody must look at once, and the plan
            says to stop at the first violation.
    """
    why_not = _why_not(target, instrument, plan)
    if why_not is not None or not isinstance(target, Scorer):
        for metric in METRICS[instrument]:
            yield Gap(metric, why_not or "the target scores no sheets")
        return
    definition, terms = DEFINITIONS[instrument], target.instruments[instrument]
    _refuse_unknown_terms(definition, terms)
    first = await _first_look(target, definition, plan)
    if isinstance(first, str):
        for metric in METRICS[instrument]:
            yield Measurement(metric, Kind.CENSUS, None, 0, unit="sheets", unmeasurable=first)
        return
    asking = _Asking(target, definition, terms, first, plan)
    nobody_called = False
    async for about in _scores(asking):
        nobody_called |= _is_missed_call(about, instrument)
        yield about
    async for about in _refusals(asking):
        yield about
    if plan.fail_fast and nobody_called:
        raise CriticalSafetyTestFailure(
            f"{definition.title}: item {1 + (definition.follow_up_item or 0)} is answered and "
            "nobody is called; the run stops at the first violation, the findings say which sheets"
        )


async def _scores(asking: _Asking) -> AsyncIterator[Measurement | Finding | Gap]:
    definition, plan = asking.definition, asking.plan
    scoring, calls = scored_right(definition.instrument), followed_up(definition.instrument)
    asks_calls = definition.follow_up_item is not None
    says_calls = FOLLOW_UP in asking.fields
    if await _asks_every(asking):
        tally = await _every_sheet(asking)
        extent = Extent(tally.asked - tally.unmeasured)
        of_calls = Extent(tally.called)
    else:
        count = _DRAWN[plan.profile]
        chosen = covering(definition)
        drawn = uniform(definition, count, seed=plan.seed)
        calling = uniform(definition, count, seed=plan.seed, calls=True) if says_calls else []
        tally = await asking.examine(chosen, at_once=1)
        tally.add(await asking.examine([*drawn, *calling], at_once=_FEW))
        extent = Extent(len(drawn), covered=len(chosen))
        of_calls = Extent(len(calling), covered=len(chosen))
    left_out = _not_told(asking)
    yield measured(scoring, tally, extent, plan, wrong=tally.wrong, left_out=left_out)
    for finding in findings(definition, scoring, tally, of_calls=False):
        yield finding
    if not asks_calls:
        return
    if not says_calls:
        yield Gap(calls, "the target's answers do not say whether somebody must look at once")
        return
    yield measured(calls, tally, of_calls, plan, wrong=tally.missed)
    for finding in findings(definition, calls, tally, of_calls=True):
        yield finding


async def _every_sheet(asking: _Asking) -> Tally:
    """Ask every sheet once: a choice as people's sheets come, one by one, the others in batches.

    What scores a batch may be other code than what scores a person's sheet.
    """
    chosen = dict.fromkeys(covering(asking.definition))
    tally = await asking.examine(chosen, at_once=1)
    others = (sheet for sheet in every(asking.definition) if sheet not in chosen)
    tally.add(await asking.examine(others, at_once=asking.scorer.sheets_at_once))
    return tally


def _is_missed_call(about: Measurement | Finding | Gap, instrument: Instrument) -> bool:
    calls = followed_up(instrument)
    return isinstance(about, Measurement) and about.metric == calls and bool(about.events)


async def _refusals(asking: _Asking) -> AsyncIterator[Measurement | Finding | Gap]:
    metric = refused(asking.definition.instrument)
    async for about in ask_unfit(
        asking.scorer,
        asking.definition,
        metric,
        compared=Compared(asking.definition, asking.terms, asking.fields),
        plan=asking.plan,
    ):
        yield about


async def _asks_every(asking: _Asking) -> bool:
    """Whether every sheet is asked: by few requests, soon, and in a sample few sheets as well."""
    sheets, at_once = asking.definition.form.sheets, asking.scorer.sheets_at_once
    if -(-sheets // at_once) > MOST_REQUESTS:
        return False
    if asking.plan.profile is not Profile.FULL and sheets > _MOST_SHEETS_OF_A_SAMPLE:
        return False
    some = covering(asking.definition)[: min(_PILOT, at_once)]
    began = time.perf_counter()
    await asking.scorer.score(asking.definition.instrument, some, timeout_s=asking.plan.timeout_s)
    return (time.perf_counter() - began) / len(some) * sheets <= MOST_SECONDS


async def _first_look(scorer: Scorer, definition: Definition, plan: Plan) -> frozenset[str] | str:
    """Return which fields the answers hold, or why there is nothing to look at.

    The lowest and the highest sheet are asked. A system that scores neither has not understood the
    question, and what it refuses later would say nothing of it.
    """
    instrument, form = definition.instrument, definition.form
    seen = []
    for sheet in (form.floor, form.ceiling):
        (scored,) = await scorer.score(instrument, [sheet], timeout_s=plan.timeout_s)
        seen.append(scored)
    if not any(scored.answered for scored in seen):
        why = seen[0].error or seen[0].outcome.value
        return f"neither the lowest nor the highest sheet was scored: {why}"
    found = {name for name in SCORED_FIELDS for each in seen if getattr(each, name) is not None}
    return known_fields(definition, scorer.scored_fields or found)


def _why_not(target: Target, instrument: Instrument, plan: Plan) -> str | None:
    if plan.only_cases:
        return "selected cases alone were asked, and a sheet is none"
    if isinstance(target, Scorer) and instrument not in target.instruments:
        offered = ", ".join(sorted(target.instruments)) or "none"
        return f"the target scores no {instrument}, only {offered}"
    return None


def _refuse_unknown_terms(definition: Definition, terms: Terms) -> None:
    """Raise where the target says that it scores as nobody does."""
    place = f"[target.scoring.terms.{definition.instrument}]"
    definition.screen(terms.screen)
    if terms.prorates and not definition.may_prorate:
        raise ConfigError(f"{place} prorates: {definition.title} has no rule for items left out")
    if terms.percent and definition.percent_factor is None:
        raise ConfigError(f"{place} percent: {definition.title} has no scale of 0 to 100")
    if terms.bands and len(terms.bands) != len(definition.bands):
        raise ConfigError(
            f"{place} bands: {len(terms.bands)} names; {definition.title} has "
            f"{len(definition.bands)} bands"
        )
    for one, other in combinations(terms.bands, 2):
        if same_band(one, other):
            raise ConfigError(
                f"{place} bands: {one!r} and {other!r} are one name; give each band its own"
            )


def _not_told(asking: _Asking) -> tuple[str, ...]:
    """What cannot be judged since the answers do not hold it."""
    means = known_fields(asking.definition, SCORED_FIELDS) - {FOLLOW_UP}
    return tuple(_sentences(sorted(means - asking.fields)))


def _sentences(fields: Iterable[str]) -> Iterator[str]:
    words = {
        "band": "its answers name no band: bands were not judged",
        "percent": "its answers give no number of 100: that scale was not judged",
        "positive": "its answers do not say whether the screen is positive: cut-off and direction "
        "were not judged",
    }
    for name in fields:
        yield words[name]
