"""Which clauses of which framework criteria speak to, and which of these are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clinigate.controls import ControlCatalogue
from clinigate.controls.loader import load_heads
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.reports.change import CoverageChange

__all__ = ["Frameworks", "coverage_changes", "frameworks_of", "shown_clauses"]

_OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Frameworks:
    """The title of the law or standard of each clause."""

    of_clause: Mapping[str, str] = field(default_factory=dict)

    def name(self, clause: str) -> str:
        """The framework of a clause; `Other` for one that no catalogue knows."""
        return self.of_clause.get(clause, _OTHER)


def frameworks_of(catalogue: ControlCatalogue) -> Frameworks:
    """Return the frameworks of every clause that the catalogue knows."""
    titles = {head.name: head.title for head in load_heads()}
    return Frameworks({each.id: titles.get(each.catalogue, each.catalogue) for each in catalogue})


def shown_clauses(results: Results) -> dict[str, bool]:
    """Return every clause that a criterion serves, and whether all of these criteria passed.

    What people attest, and what the gate makes of it, is another matter: see the clauses.
    """
    found: dict[str, bool] = {}
    for criterion, verdict in zip(results.criteria, results.verdicts, strict=False):
        for clause in criterion.controls:
            found[clause] = found.get(clause, True) and verdict.status is Status.PASS
    return found


def coverage_changes(
    before: Results, now: Results, frameworks: Frameworks
) -> tuple[CoverageChange, ...]:
    """Return for each framework what is asked and shown, before and now."""
    old, new = shown_clauses(before), shown_clauses(now)
    names = sorted({frameworks.name(clause) for clause in (*old, *new)})
    return tuple(
        _change(name, *(_within(name, each, frameworks) for each in (old, new))) for name in names
    )


def _within(name: str, clauses: Mapping[str, bool], frameworks: Frameworks) -> dict[str, bool]:
    return {each: shown for each, shown in clauses.items() if frameworks.name(each) == name}


def _change(name: str, old: Mapping[str, bool], new: Mapping[str, bool]) -> CoverageChange:
    was, now = _true(old), _true(new)
    return CoverageChange(
        framework=name,
        asked_before=len(old),
        asked_now=len(new),
        shown_before=len(was),
        shown_now=len(now),
        gained=tuple(sorted(now - was)),
        lost=tuple(sorted(was - now)),
    )


def _true(clauses: Mapping[str, bool]) -> frozenset[str]:
    listed: Iterable[str] = (each for each, shown in clauses.items() if shown)
    return frozenset(listed)
