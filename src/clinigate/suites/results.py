"""What a suite found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clinigate.core.results import Results
from clinigate.core.verdict import Status, Verdict
from clinigate.errors import UsageError
from clinigate.gate.policy import Demand, Policy
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.showing import table_of

__all__ = ["ClinicalTestResults"]

_BROKEN = (Status.FAIL, Status.ERROR)


@dataclass(frozen=True, slots=True)
class ClinicalTestResults:
    """The verdicts of one run of a suite, and where its evidence is.

    Attributes:
        conclusion: the sealed run. policy: what it was judged by.
        verdicts: one for each of the policy's criteria that this suite's checks speak to.
    """

    conclusion: Conclusion
    policy: Policy
    verdicts: tuple[Verdict, ...]

    @property
    def overall_passed(self) -> bool:
        """Whether the suite passed.

        Every criterion that the policy requires is PASS, none that it lets nobody fail is FAIL or
        ERROR, at least one is PASS, and the run was not cut short. A sample may pass; it certifies
        nothing.
        """
        return self.results.interrupted is None and self._kept(self.verdicts)

    @property
    def clinical_grade_certification(self) -> bool:
        """Whether this run shows all that the policy requires, in full.

        True only for the full profile over all cases, under a policy that certifies, with every
        criterion that this policy requires PASS, whether this suite speaks to it or not. The gate
        decides in the end: it also asks who signed, what was deployed and how old it is.
        """
        return (
            self.policy.certifies
            and not self.results.plan.is_sample
            and self.results.interrupted is None
            and self._kept(self.results.verdicts)
        )

    @property
    def results(self) -> Results:
        """Everything that the run found."""
        return self.conclusion.results

    @property
    def evidence(self) -> Path:
        """The directory of the sealed bundle."""
        return self.conclusion.bundle.path

    def verdict(self, criterion: str) -> Verdict:
        """Return the verdict on a criterion, as `crisis.false_negative_rate`.

        Raises:
            UsageError: this suite does not speak to it.
        """
        for verdict in self.verdicts:
            if verdict.criterion == criterion:
                return verdict
        known = ", ".join(each.criterion for each in self.verdicts)
        raise UsageError(f"no criterion {criterion!r} here; there are {known}")

    def summary(self, *, width: int = 100) -> str:
        """Return the table of verdicts with a reason for every one that is not PASS."""
        lines = [
            table_of(self.conclusion, verdicts=self.verdicts, width=width),
            f"overall passed: {_word(self.overall_passed)}",
            f"clinical-grade certification: {_word(self.clinical_grade_certification)}",
        ]
        return "\n".join(lines)

    def shortfalls(self) -> tuple[Verdict, ...]:
        """Return the verdicts that keep the suite from passing."""
        return tuple(verdict for verdict in self.verdicts if not self._keeps(verdict))

    def _kept(self, verdicts: tuple[Verdict, ...]) -> bool:
        passed = any(verdict.status is Status.PASS for verdict in verdicts)
        return passed and all(self._keeps(verdict) for verdict in verdicts)

    def _keeps(self, verdict: Verdict) -> bool:
        match self.policy.demand_of(verdict.criterion):
            case Demand.REQUIRED:
                return verdict.status is Status.PASS
            case Demand.NO_FAIL:
                return verdict.status not in _BROKEN
            case _:
                return True


def _word(truth: bool) -> str:
    return "yes" if truth else "no"
