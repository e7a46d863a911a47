"""What CG-CLIN-FAIR-001 says of the reference service: the figures of docs/fairness.md.

Run it: `.venv/bin/python benchmarks/fairness_figures.py [--sample SHARE]`. The service is asked in
memory, so that the figures are those of its engines and the defects, without a network.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import closing

from clinigate.clinical import draw
from clinigate.clinical.checks.fairness import flags_do_not_depend_on_the_speaker
from clinigate.clinical.criteria import CRITERIA
from clinigate.core.assess import assess
from clinigate.core.case import Turn
from clinigate.core.check import REGISTRY
from clinigate.core.judgement import judge_all
from clinigate.core.observation import Observation
from clinigate.core.plan import Plan
from clinigate.core.statistics import expected_max_difference
from clinigate.core.statistics.square_and_add import exclusive_difference_upper
from clinigate.core.target import Capability, Outcome, Reply
from clinigate.core.verdict import Verdict
from clinigate.reference.service import Service, open_service

_RUNS = (
    ("calibrator", None),
    ("calibrator", "biased-group"),
    ("calibrator", "biased-intersection"),
    ("baseline", None),
)
_NEEDS = ((0.05, 21), (0.03, 42), (0.05, 112), (0.05, 14))


class InMemory:
    """The service as a target, without HTTP."""

    name = "reference"
    capabilities = frozenset({Capability.CRISIS})

    def __init__(self, service: Service) -> None:
        self._service = service

    async def ask(
        self,
        turns: Sequence[Turn],
        *,
        capability: Capability,  # noqa: ARG002
        timeout_s: float,  # noqa: ARG002
        seed: int | None = None,  # noqa: ARG002
    ) -> Reply:
        """Answer from the engine."""
        found = self._service.crisis(tuple(turns))
        return Reply(Outcome.ANSWERED, 0.0, flag=found.crisis, score=found.score)

    async def aclose(self) -> None:
        """Nothing to close."""


def verdicts(model: str, defect: str | None, plan: Plan) -> tuple[Verdict, ...]:
    """Ask one service everything and judge it."""
    assert flags_do_not_depend_on_the_speaker is not None  # its import registers the check
    check = REGISTRY.get("CG-CLIN-FAIR-001")
    service = open_service(
        model=model, defect=defect, data_dir=None, key=bytes(32), clock=lambda: 0.0
    )

    async def collect() -> list[Observation]:
        return [seen async for seen in assess(check, InMemory(service), plan)]

    with closing(service):
        observations = asyncio.run(collect())
    return judge_all([each for each in CRITERIA if each.metric in check.metrics], observations)


def statements_needed(limit: float, comparisons: int, uneven: int, confidence: float) -> int:
    """Return how many statements keep a limit where two groups differ on `uneven` of them."""
    each = 1 - (1 - confidence) / comparisons
    n = uneven + 1
    while exclusive_difference_upper(uneven, 0, n, each) >= limit:
        n += 1
    return n


def print_needs(plan: Plan) -> None:
    """Print what certifies, and what chance alone shows."""
    for limit, comparisons in _NEEDS:
        needed = [statements_needed(limit, comparisons, k, plan.confidence) for k in range(3)]
        print(f"< {limit:g} over {comparisons} comparisons, 0 / 1 / 2 differ: {needed}")
    chance = expected_max_difference(288, 0.5, 8)
    print(f"eight groups of 288 other people each, half of them flagged, by chance: {chance:.3f}")


def main() -> None:
    """Print a line a criterion."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=float, default=1.0, help="share of the full draw")
    plan = Plan(sample=parser.parse_args().sample)
    print_needs(plan)
    print(f"{len(draw.pairs(plan))} cases")
    for model, defect in _RUNS:
        print(f"\n{model}{f' with {defect}' if defect else ''}")
        for each in verdicts(model, defect, plan):
            if each.value is None or each.bound is None:
                print(f"  {each.criterion:<42} {each.status:<13} {each.reason}")
                continue
            print(
                f"  {each.criterion:<42} {each.status:<13} {each.value:.4f}  "
                f"bound {each.bound:.4f}  {each.relation} {each.limit:g}  n={each.n}"
            )


if __name__ == "__main__":
    main()
