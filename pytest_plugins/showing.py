"""What a reader is shown of an evaluation: in the terminal, and in JUnit's report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Verdict
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.setup import Setup
from clinigate.reports.terminal import verdict_table

__all__ = ["Screen", "header", "properties", "summary"]


@dataclass(frozen=True, slots=True)
class Screen:
    """What is shown on: columns, and whether it knows colours and more than ASCII."""

    width: int = 100
    colour: bool = False
    unicode: bool = True


def header(setup: Setup) -> str:
    """By what is judged, in one line."""
    plan, policy = setup.plan, setup.policy
    sample = ", a SAMPLE that never certifies" if plan.is_sample else ""
    chosen = f", {len(plan.only_cases)} selected case(s)" if plan.only_cases else ""
    return (
        f"clinigate: policy {policy.name} for {policy.environment}, profile {plan.profile}, "
        f"seed {plan.seed}{chosen}{sample}"
    )


def summary(conclusion: Conclusion, screen: Screen) -> str:
    """Every criterion with its bound and verdict, and where the evidence is."""
    results = conclusion.results
    about = (observation.about for observation in results.observations)
    table = verdict_table(
        results.verdicts,
        measurements=[each for each in about if isinstance(each, Measurement)],
        criteria=results.criteria,
        sample=results.plan.is_sample,
        interrupted=results.interrupted,
        width=screen.width,
        colour=screen.colour,
        unicode=screen.unicode,
    )
    return f"{table}\nevidence: {conclusion.place}"


def properties(verdicts: Iterable[Verdict], *, run: str) -> Iterator[tuple[str, object]]:
    """Return what a test's report carries: the run, and each criterion with its numbers."""
    yield "clinigate.run", run
    for verdict in verdicts:
        name = f"clinigate.{verdict.criterion}"
        yield name, verdict.status.value
        yield f"{name}.reason", verdict.reason
        yield f"{name}.limit", f"{verdict.relation} {verdict.limit:g}"
        for field in ("value", "bound", "n"):
            number = getattr(verdict, field)
            if number is not None:
                yield f"{name}.{field}", number
