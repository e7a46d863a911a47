"""The release that another one is held against: a sealed run that remembers its answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clinigate.clinical import obligations
from clinigate.core.case import Case
from clinigate.core.plan import Plan
from clinigate.core.results import PackUse, Results, Subject
from clinigate.errors import EvidenceError, IntegrityError, UsageError
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustStore
from clinigate.gate.policy import Policy
from clinigate.modelgate.answers import Answers, Question
from clinigate.modelgate.memory import Remembered, remembered
from clinigate.pipeline.examine import examine

__all__ = ["Asking", "Baseline", "read_baseline"]

_AGAIN = "ask the baseline's model again: clinigate model-gate --record-baseline"


@dataclass(frozen=True, slots=True)
class Asking:
    """What a release will be asked: of which system, with which plan, packs and cases."""

    subject: Subject
    plan: Plan
    packs: tuple[PackUse, ...]
    cases: Mapping[Question, tuple[Case, ...]]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a release is compared with.

    Attributes:
        run: its id. statement: digest of what was sealed. signed_by: whose keys count on it.
        subject: the system that it speaks of. answers: of it.
    """

    run: str
    statement: str
    signed_by: tuple[str, ...]
    subject: Subject
    answers: Answers

    @property
    def words(self) -> str:
        """What a reader must know of it, beside each comparison."""
        signed = f"signed by {', '.join(self.signed_by)}" if self.signed_by else "UNSIGNED"
        return f"baseline: {self.subject.version}, run {self.run} ({signed})"


def read_baseline(
    path: Path, release: Asking, *, trust: TrustStore | None, policy: Policy
) -> Baseline:
    """Verify a bundle and take from it what a release is held against.

    All that could make the comparison mean nothing is refused here, before anything is asked. How
    the baseline's own verdicts came out is no such thing: what is in use is compared with, good or
    not, and the release has criteria of its own.

    Args:
        path: of the bundle.
        release: what will be asked.
        trust: the keys whose signatures count.
        policy: whether a signature is asked for.

    Raises:
        EvidenceError: there is no bundle, it was not sealed, or its run did not end well.
        IntegrityError: it is damaged, or not signed by whom the policy asks for.
        UsageError: it remembers no answers, or those to other cases, packs, rules, of another
            system.
    """
    examined = examine(path, trust=trust)
    bundle, report = examined.bundle, examined.report
    if report.problems:
        raise IntegrityError(f"baseline {path}: {report.problems[0]}")
    signers = [key for key in report.signed_by if key.role in policy.signer_roles]
    if policy.require_signed and len(signers) < policy.signer_threshold:
        raise IntegrityError(
            f"baseline {path}: {len(signers)} signatures that count, and policy {policy.name} asks "
            f"for {policy.signer_threshold} in {policy.environment}; name the keys with --trust"
        )
    if bundle.status is not RunStatus.COMPLETE:
        raise EvidenceError(f"baseline {path}: its run is {bundle.status}; take one that ended")
    results = bundle.results()
    memory = remembered(bundle, results)
    if memory is None:
        raise UsageError(f"baseline {path}: remembers no answers to compare with; {_AGAIN}")
    trouble = next(_troubles(results, memory, release), None)
    if trouble is not None:
        raise UsageError(f"baseline {path}: {trouble}")
    return Baseline(
        run=results.run,
        statement=bundle.statement_digest,
        signed_by=tuple(key.name for key in signers),
        subject=results.subject,
        answers=memory.answers,
    )


def _troubles(results: Results, memory: Remembered, release: Asking) -> Iterator[str]:
    """Yield why answers would not pair, the plainest reason first."""
    if results.subject.name != release.subject.name:
        yield (
            f"it is of the system {results.subject.name!r}, and this release is of "
            f"{release.subject.name!r} ([subject] name)"
        )
    yield from _other_packs(results.packs, release.packs)
    if memory.rules != obligations.VERSION:
        yield (
            f"its replies were judged by rules of version {memory.rules}, these will be by "
            f"{obligations.VERSION}; {_AGAIN}"
        )
    for key in ("seed", "repeats", "timeout_s"):
        before, now = getattr(memory, key), getattr(release.plan, key)
        if before != now:
            yield (
                f"it was asked with [run] {key} = {before}, and this release with {now}; keep it "
                "as it was there"
            )
    for question, rows in memory.answers.by.items():
        asked = {row.case for row in rows}
        wanted = {case.id for case in release.cases[question]}
        if missing := wanted - asked:
            yield (
                f"it was not asked {len(missing)} of the {len(wanted)} cases of {question}; keep "
                f"the profile and [run] split as they were there, or {_AGAIN}"
            )


def _other_packs(before: Collection[PackUse], now: Collection[PackUse]) -> Iterator[str]:
    known = {pack.name: pack for pack in before}
    drawn = {pack.name: pack for pack in now}
    for name in sorted({*known, *drawn}):
        was, is_now = known.get(name), drawn.get(name)
        if was is None or is_now is None:
            where = "this release" if was is None else "the baseline"
            yield f"another catalogue: only {where} draws from the pack {name}; {_AGAIN}"
        elif was.digest != is_now.digest:
            yield (
                f"another catalogue: it was asked cases of {name} {was.version} "
                f"({was.digest[:15]}…), and this release draws from {is_now.version} "
                f"({is_now.digest[:15]}…); answers to different words do not pair; {_AGAIN}"
            )
