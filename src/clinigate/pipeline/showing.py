"""A run as plain text: every criterion with its bound, and where the evidence is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from clinigate.core.measurement import Measurement
from clinigate.core.results import Results
from clinigate.core.verdict import Verdict
from clinigate.pipeline.conclude import Conclusion
from clinigate.reports.terminal import verdict_table

__all__ = ["LOG_WIDTH", "Screen", "results_table", "table_of"]

LOG_WIDTH = 110
"""Columns of a log, which has no width of its own."""


class Screen(TypedDict, total=False):
    """What a table is shown on.

    Attributes:
        width: columns. colour: whether to add ANSI colours.
        unicode: False for a terminal that knows ASCII alone.
    """

    width: int
    colour: bool
    unicode: bool


def table_of(
    conclusion: Conclusion,
    *,
    verdicts: Sequence[Verdict] | None = None,
    **screen: Unpack[Screen],
) -> str:
    """Return the table of a sealed run's verdicts, or of some of them, and where it is."""
    table = results_table(conclusion.results, verdicts=verdicts, **screen)
    return f"{table}\nevidence: {conclusion.place}"


def results_table(
    results: Results,
    *,
    verdicts: Sequence[Verdict] | None = None,
    **screen: Unpack[Screen],
) -> str:
    """Return the table of a run's verdicts; with `verdicts` left out, of all of them."""
    about = (observation.about for observation in results.observations)
    return verdict_table(
        results.verdicts if verdicts is None else verdicts,
        measurements=[each for each in about if isinstance(each, Measurement)],
        criteria=results.criteria,
        sample=results.plan.is_sample,
        interrupted=results.interrupted,
        **screen,
    )
