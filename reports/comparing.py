"""Compare a run with the last one that looked at the same system in the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clinigate.core.criterion import Criterion, Relation
from clinigate.core.measurement import Measurement
from clinigate.core.observation import Finding
from clinigate.core.plan import Plan
from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.reports.change import (
    ChangeKind,
    ChangeRow,
    ChangeView,
    LimitChange,
    PastRow,
    SystemChange,
)
from clinigate.reports.coverage import Frameworks, coverage_changes
from clinigate.reports.numbers import NONE, Ruler, percent
from clinigate.reports.past import PastRun

__all__ = ["change_view", "finding_total", "kind_of", "look_of", "why_not_comparable"]

_BAD = (Status.FAIL, Status.ERROR)


def change_view(
    results: Results, past: Sequence[PastRun], frameworks: Frameworks
) -> ChangeView | None:
    """Return what changed since the last of `past` that can be compared, None without any run.

    A full evaluation is compared with a full one, and a sample with a sample of the same kind:
    between the two every difference would be one of how much was asked.

    Args:
        results: of this run.
        past: earlier runs of the same system, oldest first.
        frameworks: the clauses of every framework.
    """
    if not past:
        return None
    passed_over: list[PastRow] = []
    view = ChangeView("")
    for run in reversed(past):
        why = why_not_comparable(results, run)
        if not why and run.results is not None:
            view = _compared(results, run, run.results, frameworks)
            break
        passed_over.append(PastRow(run.run, run.started_at, why))
    return replace(view, passed_over=tuple(reversed(passed_over)))


def why_not_comparable(results: Results, past: PastRun) -> str:
    """Say why an earlier run is not compared with this one; empty where it is."""
    if past.results is None:
        return past.why_not or "nothing is known of its results"
    if past.status != "COMPLETE" or past.results.interrupted is not None:
        reason = past.results.interrupted or f"it is {past.status}"
        return f"it did not go through: {reason}"
    before, now = look_of(past.results.plan), look_of(results.plan)
    return "" if before == now else f"it was {before}, and this run is {now}"


def look_of(plan: Plan) -> str:
    """How much a run looks at, in words: only runs of one look are compared."""
    if plan.only_cases:
        return f"a look at {len(plan.only_cases)} chosen cases"
    parts = [f"a {percent(plan.sample)} sample"] if plan.sample < 1 else []
    if not parts:
        parts = ["a full evaluation" if plan.profile.value == "full" else "a pull request's sample"]
    if plan.split is not None:
        parts.append(f"on the split {plan.split.value}")
    if plan.reply_cache:
        parts.append("with answers of earlier runs")
    return " ".join(parts)


def kind_of(before: Status | None, now: Status | None) -> ChangeKind:
    """Return what became of a criterion, from its two statuses; None is not asked at all."""
    if before is None:
        if now in _BAD:
            return ChangeKind.NEW_FAILING
        return ChangeKind.NEW if now is Status.PASS else ChangeKind.NEW_OPEN
    if now is Status.PASS:
        if before is Status.PASS:
            return ChangeKind.HELD
        return ChangeKind.FIXED if before in _BAD else ChangeKind.SHOWN
    if now in _BAD:
        return ChangeKind.STILL_FAILING if before in _BAD else ChangeKind.REGRESSED
    if before is Status.PASS:
        return ChangeKind.LOST
    if before in _BAD:
        return ChangeKind.UNDECIDED if now is Status.INCONCLUSIVE else ChangeKind.UNJUDGED
    return ChangeKind.GONE if now is None else ChangeKind.STILL_OPEN


def finding_total(results: Results) -> int:
    """How many findings a run has."""
    return sum(isinstance(each.about, Finding) for each in results.observations)


def _compared(
    results: Results, past: PastRun, before: Results, frameworks: Frameworks
) -> ChangeView:
    rows = sorted(_rows(before, results), key=lambda row: list(ChangeKind).index(row.kind))
    counted = Counter(row.kind for row in rows)
    return ChangeView(
        since=past.run,
        since_at=past.started_at,
        counts=tuple((kind, counted[kind]) for kind in ChangeKind),
        rows=tuple(row for row in rows if row.kind.listed),
        limits=tuple(_limits(before, results)),
        coverage=coverage_changes(before, results, frameworks),
        system=tuple(_system(before, results)),
        findings=(sum(count for _, count in past.findings), finding_total(results)),
        cautions=tuple(_cautions(past, before, results)),
    )


def _rows(before: Results, now: Results) -> Iterator[ChangeRow]:
    was, came = _judged(before), _judged(now)
    moved = {limit.criterion: limit for limit in _limits(before, now)}
    titles = {c.id: c.title or c.id for c in (*before.criteria, *now.criteria)}
    for criterion in dict.fromkeys((*came, *was)):
        old, new = was.get(criterion), came.get(criterion)
        before_status = None if old is None else old.status
        status = None if new is None else new.status
        limit = moved.get(criterion) if status is not before_status else None
        yield ChangeRow(
            kind=kind_of(before_status, status),
            criterion=criterion,
            title=titles.get(criterion, criterion),
            before=before_status,
            now=status,
            was=_words(old, before),
            came=_words(new, now),
            note="" if limit is None else _limit_note(limit),
        )


def _judged(results: Results) -> dict[str, Verdict]:
    return {verdict.criterion: verdict for verdict in results.verdicts}


def _words(verdict: Verdict | None, results: Results) -> str:
    """Estimate and bound, or that nothing was measured."""
    if verdict is None or verdict.value is None:
        return NONE
    ruler = _ruler(verdict, results)
    if verdict.bound is None:
        return ruler.estimate(verdict.value)
    caps = Relation(verdict.relation).caps
    upper = caps if verdict.bound == verdict.value else verdict.bound > verdict.value
    return f"{ruler.estimate(verdict.value)} ({ruler.bound(verdict.bound, upper=upper)})"


def _ruler(verdict: Verdict, results: Results) -> Ruler:
    about = (each.about for each in results.observations)
    units = (m.unit for m in about if isinstance(m, Measurement) and m.metric == verdict.metric)
    usual = "s" if verdict.metric.startswith("latency.") else "1"
    return Ruler(Relation(verdict.relation), verdict.limit, next(units, usual))


def _limits(before: Results, now: Results) -> Iterator[LimitChange]:
    old = {criterion.id: criterion for criterion in before.criteria}
    for new in now.criteria:
        known = old.get(new.id)
        if known is not None and _demand(known) != _demand(new):
            yield LimitChange(
                new.id, new.title or new.id, _demand(known), _demand(new), _looser(known, new)
            )


def _demand(criterion: Criterion) -> str:
    parts = [f"{criterion.relation.value} {criterion.limit:g}", percent(criterion.confidence)]
    if criterion.min_n > 1:
        parts.append(f"n of {criterion.min_n:,} or more")
    if criterion.zero_tolerance:
        parts.append("no violation tolerated")
    return ", ".join(parts)


def _looser(old: Criterion, new: Criterion) -> bool:
    """Whether anything that the criterion asks for is less than it was."""
    other_side = new.relation.caps != old.relation.caps
    wider = new.limit > old.limit if new.relation.caps else new.limit < old.limit
    weaker = new.confidence < old.confidence or new.min_n < old.min_n
    return other_side or wider or weaker or (old.zero_tolerance and not new.zero_tolerance)


def _limit_note(limit: LimitChange) -> str:
    way = "looser" if limit.looser else "stricter"
    return f"judged by a {way} demand than before: {limit.now}, was {limit.was}"


def _system(before: Results, now: Results) -> Iterator[SystemChange]:
    pairs: tuple[tuple[str, Mapping[str, str], Mapping[str, str]], ...] = (
        ("", {"Version": before.subject.version}, {"Version": now.subject.version}),
        ("Digest of ", before.subject.digests, now.subject.digests),
        ("Pack ", _packs(before), _packs(now)),
    )
    for prefix, was, came in pairs:
        for name in dict.fromkeys((*was, *came)):
            if was.get(name) != came.get(name):
                yield SystemChange(f"{prefix}{name}", was.get(name, "none"), came.get(name, "none"))


def _seen(results: Results) -> set[str]:
    """The criteria that a run looked at, however they came out."""
    return {v.criterion for v in results.verdicts if v.status is not Status.NOT_ASSESSED}


def _packs(results: Results) -> dict[str, str]:
    return {pack.name: f"{pack.version} {pack.digest}".strip() for pack in results.packs}


def _cautions(past: PastRun, before: Results, now: Results) -> Iterator[str]:
    if not past.signed:
        yield "The earlier run is UNSIGNED: nothing proves who made it"
    if before.plan.seed != now.plan.seed:
        yield (
            f"The cases were drawn with another seed ({before.plan.seed}, now {now.plan.seed}), so "
            "that small differences may be chance"
        )
    unlooked = _seen(before) - _seen(now)
    if unlooked:
        yield (
            f"{len(unlooked)} criteria that the earlier run looked at were not looked at here, as "
            "when some stages run alone: that they are not shown is no change of the system"
        )
    if before.target != now.target:
        yield f"The earlier run looked at {before.target}, this one at {now.target}"
    if now.interrupted is not None:
        yield "This run ended early: what it did not come to reads as no longer judged"
