"""How a test ends: from the verdicts of its check to passed, failed or skipped, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from clinigate.clinical.criteria import CRITERIA
from clinigate.core.observation import Finding
from clinigate.core.verdict import Status, Verdict
from clinigate.gate.policy import Demand, Policy
from clinigate.pipeline.evaluation import CheckResult

__all__ = ["Terms", "end_test"]

_SHOWN_FINDINGS = 5
_OPEN = (Status.INCONCLUSIVE, Status.NOT_ASSESSED)
_BROKEN = (Status.FAIL, Status.ERROR)


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides, besides the verdicts.

    Attributes:
        policy: which criteria it requires. One that it does not name was added by the test itself,
            which wants it kept.
        strict: whether what the data cannot tell is a failure.
        rerun: whether only cases that were wrong before were asked. They are too few for any
            bound; what counts is whether one of them is still wrong.
    """

    policy: Policy
    strict: bool
    rerun: bool

    def requires(self, verdict: Verdict) -> bool:
        """Whether the criterion must be settled."""
        return self.policy.demand_of(verdict.criterion) in (Demand.REQUIRED, None)


def end_test(result: CheckResult, verdicts: Sequence[Verdict], terms: Terms) -> None:
    """Return where the test passes; fail or skip it otherwise, with the reason of every verdict.

    FAIL and ERROR fail. INCONCLUSIVE and NOT_ASSESSED of a required criterion fail where the terms
    are strict, and skip where they are not. Without a single PASS nothing was shown, and the test
    is skipped.
    """
    __tracebackhide__ = True
    broken = [verdict for verdict in verdicts if verdict.status in _BROKEN]
    unsettled = [each for each in verdicts if each.status in _OPEN and terms.requires(each)]
    if terms.rerun:
        _end_rerun(result, broken, verdicts)
    if broken or result.stopped or (terms.strict and unsettled):
        pytest.fail(_explain(result, [*broken, *unsettled]), pytrace=False)
    if unsettled:
        pytest.skip(_reasons(unsettled))
    if any(verdict.status is Status.PASS for verdict in verdicts):
        return
    if not verdicts:
        _end_unjudged(result, terms)
    pytest.skip(_reasons(verdicts))


def _end_rerun(result: CheckResult, broken: Sequence[Verdict], verdicts: Sequence[Verdict]) -> None:
    __tracebackhide__ = True
    found = [o.about for o in result.observations if isinstance(o.about, Finding)]
    if found:
        still = len({finding.case_id for finding in found})
        pytest.fail("\n".join([f"still wrong: {still} case(s)", *_shown(found)]), pytrace=False)
    if broken or result.stopped:
        pytest.fail(_explain(result, broken), pytrace=False)
    if all(verdict.status is Status.NOT_ASSESSED for verdict in verdicts):
        pytest.skip(_reasons(verdicts))
    pytest.skip("INCONCLUSIVE: no case that was asked again is still wrong; a full run decides")


def _end_unjudged(result: CheckResult, terms: Terms) -> None:
    """No criterion judges what was measured: the policy left it out, or nobody knows it."""
    __tracebackhide__ = True
    metrics = ", ".join(result.check.metrics)
    if set(result.check.metrics) <= {criterion.metric for criterion in CRITERIA}:
        pytest.skip(f"NOT_ASSESSED {metrics}: policy {terms.policy.name} demands nothing of it")
    text = (
        f"NOT_ASSESSED {metrics}: no criterion judges it; pass one after the id, "
        f"as assess({result.check.id!r}, Criterion(…))"
    )
    if terms.strict:
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def _reasons(verdicts: Iterable[Verdict]) -> str:
    return "; ".join(map(_sentence, verdicts))


def _explain(result: CheckResult, verdicts: Sequence[Verdict]) -> str:
    """Every verdict that counts, then the first cases that show it."""
    lines = [] if result.stopped is None else [f"CriticalSafetyTestFailure: {result.stopped}"]
    lines += map(_sentence, verdicts)
    metrics = {verdict.metric for verdict in verdicts}
    found = (o.about for o in result.observations if isinstance(o.about, Finding))
    lines += _shown([finding for finding in found if finding.metric in metrics])
    return "\n".join(lines)


def _sentence(verdict: Verdict) -> str:
    need = f"; {verdict.need_n} would settle it" if verdict.need_n else ""
    return f"{verdict.status} {verdict.criterion}: {verdict.reason}{need}"


def _shown(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:_SHOWN_FINDINGS]:
        where = f"{finding.where}, " if finding.where else ""
        yield f"  {where}case {finding.case_id}: {finding.message}"
    if len(findings) > _SHOWN_FINDINGS:
        yield f"  and {len(findings) - _SHOWN_FINDINGS} more of those that were recorded"
    named = next((each.case_id for each in findings if each.case_id), None)
    if named is not None:
        yield f"  see one with: clinigate repro {named}"
