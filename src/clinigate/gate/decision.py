"""The gate's decision: policy, bundles and people's records in, one answer with reasons out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from clinigate.core.codec import to_plain
from clinigate.core.criterion import Criterion
from clinigate.core.results import Results, Subject
from clinigate.core.verdict import Status
from clinigate.evidence.times import timestamp
from clinigate.gate.bundles import (
    GateInput,
    ages,
    believable,
    gaps_of_bundles,
    interruptions,
    reasons_of_bundles,
)
from clinigate.gate.control_states import control_entry
from clinigate.gate.entries import (
    ControlEntry,
    CriterionEntry,
    Effect,
    Gravity,
    Outcome,
    Reason,
)
from clinigate.gate.judging import judge_again
from clinigate.gate.policy import Demand, Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.gate.sign_offs import gaps_of_sign_offs, reasons_of_sign_offs
from clinigate.gate.stages import gaps_of_stages, has_open_stages, reasons_of_stages
from clinigate.gate.waivers import NEVER_WAIVED, RecordBook, open_book, why_not_waivable

__all__ = ["Decision", "decide"]

SCHEMA = "clinigate.decision/1"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate decided and why.

    Attributes:
        outcome: opened, shut, unfinished, or integrity broken.
        environment, policy, policy_digest: what was asked.
        certifies: the gate is open, and that means a full evaluation.
        evaluated_at: time of the decision, RFC 3339 in UTC.
        subject: what was evaluated; None when no bundle can be believed.
        bundles, statements: names of the bundles, and digests of their statements.
        criteria, controls: every entry, in the policy's order; criteria that the policy does not
            name come last and are only reported.
        reasons: why the gate is not open, in sentences, the gravest first.
        gaps: what was not shown although the gate may be open, in sentences.
    """

    outcome: Outcome
    environment: str
    policy: str
    policy_digest: str
    certifies: bool
    evaluated_at: str
    subject: Subject | None
    bundles: tuple[str, ...]
    statements: tuple[str, ...]
    criteria: tuple[CriterionEntry, ...]
    controls: tuple[ControlEntry, ...]
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]
    schema: str = SCHEMA

    @property
    def opens(self) -> bool:
        """Whether the build may enter the environment."""
        return self.outcome is Outcome.OPENED

    def to_plain(self) -> dict[str, Any]:
        """Return the decision as plain JSON values, with `opens` beside the outcome."""
        return {"opens": self.opens, **to_plain(self)}


def decide(
    policy: Policy,
    bundles: Sequence[GateInput],
    *,
    records: Sequence[VerifiedRecord] = (),
    now: datetime,
    base_criteria: Sequence[Criterion],
    other_criteria: Sequence[Criterion] = (),
) -> Decision:
    """Decide whether a build may enter the policy's environment.

    Pure: what it is given decides. The measurements are judged again at the tightest of the
    policy's and the runs' own limits; what a run says of itself can only make it worse.

    Args:
        policy: what the environment demands.
        bundles: of one system, possibly from several jobs.
        records: waivers and other records whose signatures were verified.
        now: an aware time.
        base_criteria: the criteria that every decision speaks of, demanded or not.
        other_criteria: those that a policy may demand too; not demanded and of no bundle, they are
            told in one sentence a family.

    Raises:
        PolicyError: the policy demands a criterion that neither exists nor stands in a bundle.
        UsageError: a limit of the command line is looser than the policy's.
        ValueError: `now` has no zone.
    """
    # 1. Which bundles can be believed and are whole, fresh, signed and of one system.
    runs = believable(bundles)
    subject = runs[0].subject if runs else None
    statements = _statements(bundles)
    reasons = list(reasons_of_bundles(policy, bundles, now))
    # 2. Judge every criterion again, and see what waivers let through. Of a team's own criteria
    # only the stage that measures them knows: where one did not run, or what it left is damaged,
    # their names are no mistake.
    unheard = has_open_stages(bundles) or any(each.problems for each in bundles)
    book = open_book(policy, records, subject=subject, statements=statements, now=now)
    entries = tuple(_entries(policy, runs, book, base_criteria, other_criteria, unheard=unheard))
    # 3. Clauses, from the criteria and the attestations.
    age = max(ages(bundles, now), default=timedelta(0))
    clauses = tuple(
        control_entry(control, entries, book, age=age, now=now) for control in policy.controls
    )
    # 4. Everything that keeps the gate shut, the gravest first.
    reasons += _reasons(policy, entries, clauses)
    reasons += reasons_of_stages(bundles)
    reasons += _unheard_of(policy, entries)
    reasons += reasons_of_sign_offs(policy, bundles, records, now)
    violated = any(each.gravity in (Gravity.CRISIS, Gravity.VIOLATION) for each in reasons)
    reasons += interruptions(bundles, violated=violated)
    reasons.sort(key=lambda reason: reason.gravity)
    outcome = _outcome(reasons)
    return Decision(
        outcome=outcome,
        environment=policy.environment,
        policy=policy.name,
        policy_digest=policy.digest,
        certifies=policy.certifies and outcome is Outcome.OPENED,
        evaluated_at=timestamp(now),
        subject=subject,
        bundles=tuple(bundle.name for bundle in bundles),
        statements=statements,
        criteria=entries,
        controls=clauses,
        reasons=tuple(reason.text for reason in reasons),
        gaps=(
            *gaps_of_bundles(policy, bundles),
            *gaps_of_stages(bundles),
            *_gaps(entries, clauses, (*base_criteria, *other_criteria)),
            *_silent(entries, other_criteria),
            *book.refused,
            *gaps_of_sign_offs(bundles, records, now),
        ),
    )


def _statements(bundles: Sequence[GateInput]) -> tuple[str, ...]:
    return tuple(
        bundle.statement_digest
        for bundle in bundles
        if bundle.statement_digest is not None and not bundle.problems
    )


def _entries(
    policy: Policy,
    runs: Sequence[Results],
    book: RecordBook,
    base: Sequence[Criterion],
    others: Sequence[Criterion],
    *,
    unheard: bool,
) -> Iterator[CriterionEntry]:
    own = [each for run in runs for each in run.criteria]
    # What Clinigate ships comes first: a run cannot redefine it, only what nobody else knows.
    known = {each.id: each for each in reversed((*base, *others, *own))}
    order = dict.fromkeys(each.id for each in (*base, *others, *own))
    for criterion in policy.criteria([known[each] for each in order], elsewhere=lambda _: unheard):
        demand = policy.demand_of(criterion.id) or Demand.REPORT
        yield _entry(criterion, demand, runs, book)
    seen = {each.id for each in policy.demands}
    for criterion in (*base, *(known[each.id] for each in own)):
        if criterion.id not in seen:
            seen.add(criterion.id)
            yield replace(_entry(criterion, policy.unnamed, runs, book), named=False)


def _entry(
    criterion: Criterion, demand: Demand, runs: Sequence[Results], book: RecordBook
) -> CriterionEntry:
    tightest, verdict = judge_again(criterion, runs)
    effect = _effect(demand, verdict.status)
    entry = CriterionEntry(tightest, verdict, demand, effect)
    if effect is not Effect.SHUTS:
        return entry
    waiver = book.waiver_of(criterion=criterion.id)
    if waiver is None:
        return entry
    why_not = why_not_waivable(tightest, verdict.status)
    if why_not is not None:
        return replace(entry, note=f"the waiver by {waiver.approver} does not count: {why_not}")
    shown = "non-compliant" if verdict.status is Status.FAIL else "not shown"
    note = f"{shown}, risk accepted until {waiver.until} by {waiver.approver}"
    return replace(entry, effect=Effect.WAIVED, waiver=waiver, note=note)


def _effect(demand: Demand, status: Status) -> Effect:
    match demand:
        case Demand.REPORT:
            return Effect.REPORTED
        case Demand.REQUIRED:
            return Effect.SATISFIED if status is Status.PASS else Effect.SHUTS
        case Demand.NO_FAIL:
            if status in (Status.FAIL, Status.ERROR):
                return Effect.SHUTS
            return Effect.SATISFIED if status is Status.PASS else Effect.REPORTED


def _reasons(
    policy: Policy, entries: Sequence[CriterionEntry], clauses: Sequence[ControlEntry]
) -> Iterator[Reason]:
    for entry in entries:
        if entry.effect is Effect.SHUTS:
            remarks = [entry.note, "" if entry.named else "the policy does not name it"]
            said = "; ".join(filter(None, remarks))
            note = f" ({said})" if said else ""
            text = f"{entry.criterion.id} is {entry.verdict.status}: {entry.verdict.reason}{note}"
            yield Reason(_gravity(entry), text)
    for clause in clauses:
        if clause.effect is Effect.SHUTS:
            text = f"{clause.control.citation} is {clause.status}: {clause.reason}"
            yield Reason(Gravity.REFUSED, text)
    required = [entry for entry in entries if entry.demand is Demand.REQUIRED]
    looked = [e for e in required if e.verdict.n > 0 and e.verdict.status is not Status.ERROR]
    if required and len(looked) / len(required) < policy.minimum_coverage:
        yield Reason(
            Gravity.REFUSED,
            f"{len(looked)} of {len(required)} required criteria were assessed, "
            f"the policy wants {policy.minimum_coverage:.0%}",
        )


def _unheard_of(policy: Policy, entries: Sequence[CriterionEntry]) -> Iterator[Reason]:
    """Name the required criteria that nobody who ran speaks of."""
    heard = {entry.criterion.id for entry in entries}
    for demanded in policy.demands:
        if demanded.demand is Demand.REQUIRED and demanded.id not in heard:
            text = f"{demanded.id} is {Status.NOT_ASSESSED}: no stage that ran speaks of it"
            yield Reason(Gravity.REFUSED, text)


def _gravity(entry: CriterionEntry) -> Gravity:
    if entry.verdict.status not in (Status.FAIL, Status.ERROR):
        return Gravity.REFUSED
    crisis = entry.criterion.zero_tolerance or entry.criterion.metric in NEVER_WAIVED
    return Gravity.CRISIS if crisis else Gravity.VIOLATION


def _outcome(reasons: Sequence[Reason]) -> Outcome:
    gravities = {reason.gravity for reason in reasons}
    if Gravity.INTEGRITY in gravities:
        return Outcome.INTEGRITY
    if Gravity.UNFINISHED in gravities:
        return Outcome.UNFINISHED
    return Outcome.SHUT if gravities else Outcome.OPENED


def _gaps(
    entries: Sequence[CriterionEntry], clauses: Sequence[ControlEntry], base: Sequence[Criterion]
) -> Iterator[str]:
    shipped = {criterion.id: criterion for criterion in base}
    for entry in entries:
        criterion, verdict = entry.criterion, entry.verdict
        if entry.effect is Effect.WAIVED:
            yield f"{criterion.id} is {verdict.status}: {entry.note}"
        elif entry.effect is Effect.REPORTED and verdict.status is not Status.PASS:
            unnamed = "" if entry.named else " (the policy does not name it)"
            yield f"{criterion.id} is {verdict.status}{unnamed}: {verdict.reason}"
        yield from _looser(criterion, shipped.get(criterion.id, criterion))
    for clause in clauses:
        if clause.effect is Effect.WAIVED:
            yield f"{clause.control.citation}: {clause.reason}"


def _silent(entries: Sequence[CriterionEntry], others: Sequence[Criterion]) -> Iterator[str]:
    """Name each family, as `chaos`, of which nothing was demanded and nothing was looked at."""
    spoken = {_family(entry.criterion) for entry in entries}
    silent = Counter(family for each in others if (family := _family(each)) not in spoken)
    for family, count in silent.items():
        yield (
            f"nothing of {family} was looked at, and the policy names none of it ({count} criteria)"
        )


def _family(criterion: Criterion) -> str:
    return criterion.id.partition(".")[0]


def _looser(criterion: Criterion, usual: Criterion) -> Iterator[str]:
    """Say in what a policy asks for less than the criterion that Clinigate ships."""
    relation, limit = criterion.relation, criterion.limit
    if limit != usual.limit and not relation.holds(limit, usual.limit):
        yield (
            f"{criterion.id} is judged at '{relation} {limit:g}', "
            f"looser than Clinigate's own {usual.limit:g}"
        )
    for word, own, other in (
        ("confidence", criterion.confidence, usual.confidence),
        ("min_n", criterion.min_n, usual.min_n),
    ):
        if own < other:
            yield (
                f"{criterion.id} is judged with {word} {own:g}, less than Clinigate's own {other:g}"
            )
