"""Which clauses were in scope, and why the others were not: one row for each framework."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from clinigate.controls import ControlCatalogue, Mode
from clinigate.controls.loader import load_heads
from clinigate.controls.standing import State
from clinigate.reports.clauserows import ClauseGroup, ClauseRow, ClauseView

__all__ = ["Excluded", "ScopeRow", "ScopeView", "scope_view"]

_DOCUMENTS = "only a document can show it, and none was given"
_HYBRID = "takes a check and a document, and this run has neither"
_NOBODY = "a check could show it, and none that ran speaks to it"
_BY_OTHERS = "shown by way of other clauses, of which too little is known"


@dataclass(frozen=True, slots=True)
class Excluded:
    """Clauses that are out of scope for the same reason."""

    why: str
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """One framework: how many of its clauses were looked at, and why the others were not."""

    title: str
    source: str
    revised: str
    inside: tuple[str, ...]
    excluded: tuple[Excluded, ...]

    @property
    def outside(self) -> int:
        """How many clauses were not looked at."""
        return sum(len(each.citations) for each in self.excluded)


@dataclass(frozen=True, slots=True)
class ScopeView:
    """All frameworks, and the digest of the catalogues as they were then."""

    digest: str
    rows: tuple[ScopeRow, ...]


def scope_view(clauses: ClauseView, catalogue: ControlCatalogue) -> ScopeView:
    """Return what of the catalogues was in scope.

    In scope is what anything is known of: a criterion that was judged, an attestation, a waiver, or
    the gate's decision.
    """
    heads = {head.name: head for head in load_heads()}
    return ScopeView(
        catalogue.digest,
        tuple(
            ScopeRow(
                title=group.title,
                source=heads[group.name].source if group.name in heads else "",
                revised=heads[group.name].revised if group.name in heads else "",
                inside=tuple(_inside(group)),
                excluded=tuple(_excluded(group)),
            )
            for group in clauses.groups
        ),
    )


def _known(row: ClauseRow) -> bool:
    return row.spoken or row.state is not State.NOT_ASSESSED


def _inside(group: ClauseGroup) -> Iterator[str]:
    return (row.citation for row in group.rows if _known(row))


def _excluded(group: ClauseGroup) -> Iterator[Excluded]:
    out = [row for row in group.rows if not _known(row)]
    for why, _ in Counter(_why(row) for row in out).most_common():
        yield Excluded(why, _citations(row for row in out if _why(row) == why))


def _citations(rows: Iterable[ClauseRow]) -> tuple[str, ...]:
    return tuple(row.citation for row in rows)


def _why(row: ClauseRow) -> str:
    if row.mode == Mode.ATTEST:
        return _DOCUMENTS
    if row.shown_by:
        return _BY_OTHERS
    return _HYBRID if row.mode == Mode.HYBRID else _NOBODY
