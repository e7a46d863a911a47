"""May the release go? Each criterion as the policy asks of it, those of a release in any case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinigate.core.criterion import Criterion
from clinigate.core.plan import Plan
from clinigate.core.verdict import Status, Verdict
from clinigate.gate.policy import Demand, Policy
from clinigate.quality.model_criteria import MODEL_CRITERIA

__all__ = ["Decision", "decide_release"]

_OWN = frozenset(criterion.id for criterion in MODEL_CRITERIA)
_SHUTS = {
    Demand.REQUIRED: frozenset(Status) - {Status.PASS},
    Demand.NO_FAIL: frozenset({Status.FAIL, Status.ERROR}),
    Demand.REPORT: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a release may go.

    Attributes:
        reasons: why not, in sentences; empty where it may.
    """

    reasons: tuple[str, ...]

    @property
    def opens(self) -> bool:
        """Whether the release may go."""
        return not self.reasons


def decide_release(
    policy: Policy,
    criteria: Sequence[Criterion],
    verdicts: Sequence[Verdict],
    plan: Plan,
    *,
    stopped: str | None,
) -> Decision:
    """Decide on a release by what was judged.

    A release's own criteria are required unless the policy says otherwise of one; of the others
    the policy demands what it demands at its gate. What was never judged is no PASS.
    """
    found = {verdict.criterion: verdict for verdict in verdicts}
    reasons = [] if stopped is None else [f"the run ended early: {stopped}"]
    reasons += _reasons(policy, criteria, found)
    if policy.certifies and plan.is_sample:
        reasons.append(
            f"this was a sample, and policy {policy.name} certifies in {policy.environment}"
        )
    if not verdicts:
        reasons.append("nothing was judged")
    return Decision(tuple(reasons))


def _reasons(
    policy: Policy, criteria: Sequence[Criterion], found: Mapping[str, Verdict]
) -> list[str]:
    """Say what shuts, what is proven wrong first."""
    proven: list[str] = []
    unproven: list[str] = []
    for criterion in criteria:
        demand = policy.demand_of(criterion.id)
        if demand is None:
            demand = Demand.REQUIRED if criterion.id in _OWN else policy.unnamed
        verdict = found.get(criterion.id)
        status = Status.NOT_ASSESSED if verdict is None else verdict.status
        if status in _SHUTS[demand]:
            reason = "nothing was observed of it" if verdict is None else verdict.reason
            told = proven if status in _SHUTS[Demand.NO_FAIL] else unproven
            told.append(f"{criterion.id} is {status}: {reason}")
    return proven + unproven
