"""Figures for an expert's determination, 45 CFR 164.514(b)(1): judged only where a limit is set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from clinigate.core.measurement import Kind, Measurement, SliceResult
from clinigate.core.observation import Gap, Observation
from clinigate.phi.deidentification import criteria as asked
from clinigate.phi.deidentification.anonymity import Anonymity
from clinigate.phi.deidentification.judging import Assessment

__all__ = ["USUAL_K", "expert_figures"]

CHECK = "CG-PHI-EXPERT-001"
#: The smallest cell that CMS publishes has 11; the figures speak of it where no k is set.
USUAL_K = 11

_CONTROLS = (asked.EXPERT,)
_NO_QUASI = (
    "no table has a column that looks like a quasi-identifier; name them in [phi.deidentification] "
    "quasi or by --quasi"
)


def expert_figures(done: Assessment) -> Iterator[Observation]:
    """Yield the rows in small cells, and the least diversity of sensitive columns."""
    tables = done.anonymity
    if not any(each.rows for each in tables):
        yield Observation(CHECK, Gap(asked.SMALL_CELLS, _NO_QUASI), _CONTROLS)
    else:
        yield Observation(CHECK, _small_cells(done, tables), _CONTROLS)
    diverse = [each for table in tables for each in table.diversity]
    if not diverse:
        reason = "no sensitive column is named ([phi.deidentification] sensitive, --sensitive)"
        yield Observation(CHECK, Gap(asked.DIVERSITY, reason), _CONTROLS)
        return
    least = min(diverse, key=lambda each: each.distinct)
    yield Observation(
        CHECK,
        Measurement(
            asked.DIVERSITY,
            Kind.CENSUS,
            float(least.distinct),
            sum(table.rows for table in tables),
            unit="values",
            excluded=len(done.census.unread),
            slices=tuple(
                SliceResult(f"column={each.column}", float(each.distinct), table.rows)
                for table in tables
                for each in table.diversity
            ),
            caveats=tuple(
                f"{each.column}: effective number of values at least {each.effective:.2f}; "
                f"{each.rows} rows among rows of one value"
                for each in diverse
            ),
        ),
        _CONTROLS,
    )


def _small_cells(done: Assessment, tables: Sequence[Anonymity]) -> Measurement:
    k = done.question.table.k or USUAL_K
    rows = sum(each.rows for each in tables)
    below = sum(each.rows_below(k) for each in tables)
    return Measurement(
        asked.SMALL_CELLS,
        Kind.CENSUS,
        float(below),
        rows,
        unit="rows",
        events=below,
        excluded=len(done.census.unread),
        slices=tuple(
            SliceResult(f"table={table.uri} cell={name}", float(count), table.rows)
            for table in tables
            for name, count in table.bands()
        ),
        caveats=tuple(_caveats(done, tables, k)),
    )


def _caveats(done: Assessment, tables: Sequence[Anonymity], k: int) -> Iterator[str]:
    yield f"rows in cells of fewer than {k}; the risk within the dataset, not in the population"
    for each in tables:
        how = "guessed from their names" if each.guessed else "as configured"
        yield (
            f"{each.uri}: quasi-identifiers {', '.join(each.quasi)} ({how}); smallest cell "
            f"{each.smallest}, {each.alone} rows alone"
        )
    for uri in done.without_quasi:
        yield f"{uri}: no quasi-identifiers, not looked at"
