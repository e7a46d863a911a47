"""A sealed run as plain text: every criterion with its bound, and where the evidence is."""

from __future__ import annotations

from collections.abc import Sequence

from clinigate.core.measurement import Measurement
from clinigate.core.verdict import Verdict
from clinigate.pipeline.conclude import Conclusion
from clinigate.reports.terminal import verdict_table

__all__ = ["table_of"]


def table_of(
    conclusion: Conclusion,
    *,
    verdicts: Sequence[Verdict] | None = None,
    width: int = 100,
    colour: bool = False,
    unicode: bool = True,
) -> str:
    """Return the table of a run's verdicts, or of some of them.

    Args:
        conclusion: the sealed run.
        verdicts: what to show; left out, all of the run's.
        width: columns.
        colour: whether to add ANSI colours.
        unicode: False for a terminal that knows ASCII alone.
    """
    results = conclusion.results
    about = (observation.about for observation in results.observations)
    table = verdict_table(
        results.verdicts if verdicts is None else verdicts,
        measurements=[each for each in about if isinstance(each, Measurement)],
        criteria=results.criteria,
        sample=results.plan.is_sample,
        interrupted=results.interrupted,
        width=width,
        colour=colour,
        unicode=unicode,
    )
    return f"{table}\nevidence: {conclusion.place}"
