"""What the searches for identifiers must show."""

from __future__ import annotations

from clinigate.core.criterion import Criterion, Relation
from clinigate.phi.deidentification.criteria import builtin_criteria as of_datasets

__all__ = ["CANARIES", "CONTROLS", "IDENTIFIERS", "LEAKS", "builtin_criteria"]

#: Metrics, and the ids of their criteria.
IDENTIFIERS = "phi.files.identifiers"
CANARIES = "phi.canaries"
LEAKS = "phi.leaks"

#: Safe harbor's eighteen identifiers; safeguards against use and disclosure that was not meant.
CONTROLS = ("164.514(b)(2)(i)", "164.530(c)")


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return the criteria, one for each metric; those of datasets too."""
    return (
        Criterion(
            id=IDENTIFIERS,
            metric=IDENTIFIERS,
            relation=Relation.AT_MOST,
            limit=0,
            title="No identifiers of patients in the files",
            controls=CONTROLS,
        ),
        Criterion(
            id=CANARIES,
            metric=CANARIES,
            relation=Relation.AT_MOST,
            limit=0,
            title="No data of synthetic patients outside of where it belongs",
            controls=CONTROLS,
        ),
        Criterion(
            id=LEAKS,
            metric=LEAKS,
            relation=Relation.AT_MOST,
            limit=0,
            title="Nothing that was planted in the service turns up outside of where it belongs",
            controls=CONTROLS,
        ),
        *of_datasets(),
    )
