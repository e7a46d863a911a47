"""What the gate knows of each sealed bundle, and whether it may be judged at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from clinigate.core.case import Split
from clinigate.core.plan import Profile
from clinigate.core.results import Results, Subject
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.stages import StageStory
from clinigate.gate.entries import Gravity, Reason
from clinigate.gate.policy import Policy
from clinigate.gate.records import NamedSigner

__all__ = [
    "GateInput",
    "ages",
    "believable",
    "gaps_of_bundles",
    "interruptions",
    "reasons_of_bundles",
]

#: Clocks of two machines may disagree by this much before a bundle comes from the future.
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class GateInput:
    """One bundle, after its bytes and signatures were looked at.

    Attributes:
        name: the job or producer that made it, as `bundles` of a policy names it.
        results: what the run found; None when there is none to read.
        status: how the run ended; INCOMPLETE when it never said so or was not sealed.
        problems: what broke its integrity, in sentences; such a bundle is not judged.
        signed: whether it carries a signature at all; UNSIGNED otherwise.
        signed_by: who signed it, as the trust file knows them.
        statement_digest: `sha256:…` of the statement's payload. sealed_at: RFC 3339.
        stages: what became of its stages, where it had any.
        basis: digests by name of what they were begun as, as `StagePlan` holds them.
        resumed: whether the run was left and continued. set_aside: parts of it that count no more.
    """

    name: str
    results: Results | None
    status: RunStatus = RunStatus.COMPLETE
    problems: tuple[str, ...] = ()
    signed: bool = False
    signed_by: tuple[NamedSigner, ...] = ()
    statement_digest: str | None = None
    sealed_at: str | None = None
    stages: tuple[StageStory, ...] = ()
    basis: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    resumed: bool = False
    set_aside: int = 0


def believable(bundles: Sequence[GateInput]) -> tuple[Results, ...]:
    """Return the results whose bytes can be believed."""
    return tuple(b.results for b in bundles if b.results is not None and not b.problems)


def reasons_of_bundles(
    policy: Policy, bundles: Sequence[GateInput], now: datetime
) -> Iterator[Reason]:
    """Yield whatever keeps the gate shut before any criterion is looked at."""
    if not bundles:
        yield Reason(Gravity.UNFINISHED, "no bundle was given; nothing is never a pass")
    present = {bundle.name for bundle in bundles}
    for name in policy.bundles:
        if name not in present:
            yield Reason(Gravity.UNFINISHED, f"the required bundle {name!r} is missing")
    yield from _one_run_twice([bundle for bundle in bundles if bundle.name in policy.bundles])
    for bundle in bundles:
        if bundle.problems:
            for problem in bundle.problems:
                yield Reason(Gravity.INTEGRITY, f"bundle {bundle.name!r}: {problem}")
        else:
            yield from _completeness(bundle)
            yield from _signatures(policy, bundle)
            yield from _freshness(policy, bundle, now)
            yield from _sample(policy, bundle)
    yield from _subjects(policy, [b for b in bundles if b.results is not None and not b.problems])


def gaps_of_bundles(policy: Policy, bundles: Sequence[GateInput]) -> Iterator[str]:
    """Yield what a reader must know of the bundles although it does not shut the gate."""
    for bundle in bundles:
        if not bundle.signed_by and not policy.require_signed:
            how = "is signed by nobody who is trusted" if bundle.signed else "is UNSIGNED"
            yield f"bundle {bundle.name!r} {how}; this environment does not ask for more"
        if not policy.certifies and (partial := _why_partial(bundle)):
            yield f"bundle {bundle.name!r} {partial}; it certifies nothing"


def interruptions(bundles: Sequence[GateInput], *, violated: bool) -> Iterator[Reason]:
    """Yield a reason for each run that ended early.

    Args:
        bundles: all of them.
        violated: what the runs did find already shuts the gate. An early end is then no excuse:
            the gate is shut, not unfinished.
    """
    gravity = Gravity.REFUSED if violated else Gravity.UNFINISHED
    for bundle in bundles:
        said = None if bundle.results is None else bundle.results.interrupted
        if bundle.problems or bundle.status is RunStatus.INCOMPLETE:
            continue  # said already
        if said is None and bundle.status is not RunStatus.ABORTED:
            continue
        yield Reason(gravity, f"bundle {bundle.name!r} ended early: {said or 'it was aborted'}")


def ages(bundles: Sequence[GateInput], now: datetime) -> Iterator[timedelta]:
    """Yield how old the evidence of each dated bundle is."""
    for bundle in bundles:
        seen = _seen_at(bundle)
        if seen is not None:
            yield now - seen


def _one_run_twice(bundles: Sequence[GateInput]) -> Iterator[Reason]:
    """A run under two required names would stand in for the one that the second is meant for."""
    first: dict[str, str] = {}
    for bundle in bundles:
        if bundle.results is None:
            continue
        other = first.setdefault(bundle.results.run, bundle.name)
        if other != bundle.name:
            yield Reason(
                Gravity.REFUSED,
                f"bundles {other!r} and {bundle.name!r} are one run, {bundle.results.run}; "
                "give each run once",
            )


def _completeness(bundle: GateInput) -> Iterator[Reason]:
    if not _whole(bundle):
        yield Reason(
            Gravity.UNFINISHED,
            f"bundle {bundle.name!r} is INCOMPLETE: the run was started and never finished",
        )


def _whole(bundle: GateInput) -> bool:
    return bundle.results is not None and bundle.status is not RunStatus.INCOMPLETE


def _signatures(policy: Policy, bundle: GateInput) -> Iterator[Reason]:
    if not policy.require_signed:
        return
    keys = {each.keyid for each in bundle.signed_by if each.role in policy.signer_roles}
    if len(keys) < policy.signer_threshold:
        got = f"has {len(keys)} signature(s) that count" if bundle.signed else "is UNSIGNED"
        wanted = f"{policy.signer_threshold} by the role {' or '.join(policy.signer_roles)}"
        yield Reason(Gravity.REFUSED, f"bundle {bundle.name!r} {got}; the policy wants {wanted}")


def _freshness(policy: Policy, bundle: GateInput, now: datetime) -> Iterator[Reason]:
    if not _whole(bundle):
        return
    seen = _seen_at(bundle)
    if seen is None:
        text = (
            f"bundle {bundle.name!r} does not say when it was measured, so that it counts as stale"
        )
        yield Reason(Gravity.UNFINISHED, text)
    elif seen - now > _CLOCK_SKEW:
        text = f"bundle {bundle.name!r} is dated {seen.isoformat()}, after now; check the clocks"
        yield Reason(Gravity.UNFINISHED, text)
    elif now - seen > timedelta(days=policy.max_age_days):
        yield Reason(
            Gravity.UNFINISHED,
            f"bundle {bundle.name!r} is stale: measured at {seen.isoformat()}, "
            f"and the policy allows {policy.max_age_days:g} days; run it again",
        )


def _sample(policy: Policy, bundle: GateInput) -> Iterator[Reason]:
    partial = _why_partial(bundle)
    if policy.certifies and partial is not None:
        yield Reason(
            Gravity.REFUSED,
            f"bundle {bundle.name!r} {partial}; the gate to {policy.environment} certifies, "
            "and opens on full evaluations alone",
        )


def _why_partial(bundle: GateInput) -> str | None:
    if bundle.results is None:
        return None
    plan = bundle.results.plan
    if plan.profile is not Profile.FULL:
        return f"is a sample (profile {plan.profile})"
    if plan.sample < 1:
        return f"is a sample ({plan.sample:.3g} of the cases)"
    if plan.only_cases:
        return f"looked at {len(plan.only_cases)} chosen case(s) only"
    if plan.split is Split.DEV:
        return "looked at the dev split only, which systems are built on"
    if plan.reply_cache:
        return "may hold answers of earlier runs (reply cache)"
    return None


def _subjects(policy: Policy, bundles: Sequence[GateInput]) -> Iterator[Reason]:
    subjects = [(b.name, b.results.subject) for b in bundles if b.results is not None]
    for name, subject in subjects[1:]:
        first_name, first = subjects[0]
        for text in _differences(first, subject):
            yield Reason(
                Gravity.REFUSED,
                f"bundles {first_name!r} and {name!r} speak of different systems: {text}",
            )
    for name, subject in subjects:
        for part, wanted in policy.subject_digests.items():
            got = subject.digests.get(part)
            if got != wanted:
                yield Reason(
                    Gravity.REFUSED,
                    f"bundle {name!r} evaluated {part} {got or 'of no stated digest'}, "
                    f"the gate expects {wanted}",
                )


def _differences(first: Subject, other: Subject) -> Iterator[str]:
    for name in ("name", "version"):
        if getattr(first, name) != getattr(other, name):
            yield f"{name} {getattr(first, name)!r} and {getattr(other, name)!r}"
    for part in sorted({*first.digests, *other.digests}):
        one, two = first.digests.get(part), other.digests.get(part)
        if one != two:
            yield f"{part} {one or 'not stated'} and {two or 'not stated'}"


def _seen_at(bundle: GateInput) -> datetime | None:
    """When the evidence was gathered: sealing an old run again makes it no younger."""
    if bundle.results is None:
        return None
    results = bundle.results
    # What a run had seen before it was left is as old as its beginning.
    finished = _moment(results.started_at if bundle.resumed else results.finished_at)
    sealed = finished if bundle.sealed_at is None else _moment(bundle.sealed_at)
    return None if finished is None or sealed is None else min(finished, sealed)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)
