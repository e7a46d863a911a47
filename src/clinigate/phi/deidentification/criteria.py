"""What a dataset must show to be de-identified by safe harbor, 45 CFR 164.514(b)(2)."""

from __future__ import annotations

from clinigate.config.phi_deidentification import DeidentificationTable
from clinigate.core.criterion import Criterion, Relation
from clinigate.phi.model import Letter

__all__ = [
    "CODES_CLAUSE",
    "DIVERSITY",
    "KNOWLEDGE",
    "KNOWLEDGE_CLAUSE",
    "RECALL",
    "SMALL_CELLS",
    "builtin_criteria",
    "clause_of",
    "criteria_for",
    "metric_of",
]

SAFE_HARBOR = "164.514(b)(2)(i)"
KNOWLEDGE_CLAUSE = "164.514(b)(2)(ii)"
CODES_CLAUSE = "164.514(c)"
EXPERT = "164.514(b)(1)"

#: Metrics, and the ids of their criteria.
RECALL = "phi.safe_harbor.recall"
KNOWLEDGE = "phi.safe_harbor.knowledge"
SMALL_CELLS = "phi.expert.small_cells"
DIVERSITY = "phi.expert.diversity"

_RECALL = 0.8


def metric_of(letter: Letter) -> str:
    """Return the metric of a letter, and the id of its criterion: `phi.safe_harbor.a`."""
    return f"phi.safe_harbor.{letter.name.lower()}"


def clause_of(letter: Letter) -> str:
    """Return the clause by which an attestation names a letter."""
    return f"{SAFE_HARBOR}({letter.name})"


def builtin_criteria() -> tuple[Criterion, ...]:
    """Return all criteria, those of the expert's figures too."""
    return (*_safe_harbor(_RECALL), _small_cells(), _diversity(2))


def criteria_for(table: DeidentificationTable) -> tuple[Criterion, ...]:
    """Return what a dataset is judged by: the figures for experts only where a k or l is set."""
    expert = (
        *((_small_cells(),) if table.k is not None else ()),
        *((_diversity(table.l),) if table.l is not None else ()),
    )
    return (*_safe_harbor(table.recall), *expert)


def _safe_harbor(recall: float) -> tuple[Criterion, ...]:
    return (
        *(
            Criterion(
                metric_of(letter),
                metric_of(letter),
                Relation.AT_MOST,
                0,
                title=f"No {letter.value} ({letter.name})",
                controls=(SAFE_HARBOR,),
            )
            for letter in Letter
        ),
        Criterion(
            KNOWLEDGE,
            KNOWLEDGE,
            Relation.AT_MOST,
            0,
            title="No actual knowledge that what is left could identify somebody",
            controls=(KNOWLEDGE_CLAUSE,),
        ),
        Criterion(
            RECALL,
            RECALL,
            Relation.AT_LEAST,
            recall,
            title="Identifiers that were planted into the dataset's rows are found",
            controls=(SAFE_HARBOR,),
            possible=(0, 1),
        ),
    )


def _small_cells() -> Criterion:
    return Criterion(
        SMALL_CELLS,
        SMALL_CELLS,
        Relation.AT_MOST,
        0,
        title="No combination of quasi-identifiers is shared by too few",
        controls=(EXPERT,),
    )


def _diversity(least: int) -> Criterion:
    return Criterion(
        DIVERSITY,
        DIVERSITY,
        Relation.AT_LEAST,
        least,
        title="Those who look alike differ in what is sensitive",
        controls=(EXPERT,),
    )
