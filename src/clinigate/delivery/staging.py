"""What staging passed: its bundles, verified and judged anew, and the answers in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinigate.core.results import Results
from clinigate.delivery.memory import remembered
from clinigate.delivery.sample import Answers, Question
from clinigate.errors import IncompleteRunError, IntegrityError
from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.trust import TrustStore
from clinigate.gate.policy import Policy
from clinigate.gate.record_files import VerifiedRecord
from clinigate.pipeline.gating import decide_on

__all__ = ["Staging", "read_staging"]


@dataclass(frozen=True, slots=True)
class Staging:
    """What is compared with.

    Attributes:
        bundles: their names.
        reasons: why the gate does not open on them, in sentences; empty where it does.
        digests: of the system that they speak of.
        answers: staging's own, by question.
    """

    bundles: tuple[str, ...]
    reasons: tuple[str, ...]
    digests: Mapping[str, str]
    answers: Mapping[Question, Answers]

    @property
    def opens(self) -> bool:
        """Whether what they say may be held against production."""
        return bool(self.bundles) and not self.reasons


def read_staging(
    bundles: Sequence[tuple[str, Path]],
    policy: Policy,
    *,
    trust: TrustStore | None,
    records: Sequence[VerifiedRecord] = (),
) -> Staging:
    """Verify staging's bundles, decide on them now, and read what they remember.

    A bundle that is damaged, stale or of another system is a reason, never an error: production is
    then not known to be what was evaluated.

    Raises:
        EvidenceError: there is no bundle at a path.
        PolicyError: the policy demands a criterion that does not exist.
    """
    decision = decide_on(bundles, policy, trust=trust, records=records)
    reasons = list(decision.reasons)
    if not decision.opens:
        reasons = reasons or [f"the gate is {decision.outcome}"]
    digests = {} if decision.subject is None else decision.subject.digests
    if decision.opens and not digests:
        reasons.append("the bundles name no digest of what was evaluated ([subject] digests)")
    answers: Mapping[Question, Answers] = {}
    if not reasons:
        try:
            answers = remembered(_results([path for _, path in bundles]))
        except IntegrityError as error:
            reasons.append(str(error))
    return Staging(tuple(name for name, _ in bundles), tuple(reasons), digests, answers)


def _results(paths: Sequence[Path]) -> list[Results]:
    found = []
    for path in paths:
        try:
            found.append(open_bundle(path).results())
        except IncompleteRunError as error:
            raise IntegrityError(str(error)) from error
    return found
