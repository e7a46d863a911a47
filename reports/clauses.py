"""Every clause and how it stands, as a report and `clinigate controls` show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from clinigate.controls import ControlCatalogue, Mode, Requirement
from clinigate.controls.coverage import cover
from clinigate.controls.crosswalk import Crosswalk, load_crosswalk
from clinigate.controls.loader import load_heads
from clinigate.controls.standing import Covered, Evidence, State, Told, Word
from clinigate.core.criterion import Criterion
from clinigate.core.exhibit import Exhibit
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.reports.clauserows import ClauseGroup, ClauseRow, ClauseTest, ClauseView
from clinigate.reports.tried import asked_by, tried_for

if TYPE_CHECKING:  # a report without a gate's decision must not load policies and envelopes
    from clinigate.gate.decision import Decision
    from clinigate.gate.entries import ControlEntry

__all__ = ["REQUIREMENTS", "clause_view"]

#: What a requirement is called.
REQUIREMENTS: Mapping[Requirement, str] = MappingProxyType(
    {
        Requirement.REQUIRED: "Required",
        Requirement.ADDRESSABLE: "Addressable",
        Requirement.STANDARD: "Standard",
        Requirement.NONE: "",
    }
)
_NO_CHECKS: Mapping[str, tuple[str, ...]] = MappingProxyType({})


def clause_view(
    results: Results | None,
    decision: Decision | None = None,
    *,
    catalogue: ControlCatalogue,
    crosswalk: Crosswalk | None = None,
    installed: Sequence[Criterion] = (),
    checks: Mapping[str, tuple[str, ...]] = _NO_CHECKS,
    words: Iterable[Word] = (),
) -> ClauseView:
    """Return how every clause of the catalogue stands.

    Args:
        results: what a run found; None and every clause says who could speak for it.
        decision: a gate's, whose waivers and clauses count before what is worked out here.
        catalogue: the clauses.
        crosswalk: what joins them; by default the one that Clinigate ships.
        installed: criteria that could speak beside the run's own.
        checks: metric to the checks that measure it, beside those that the run observed.
        words: attestations that count now.
    """
    walk = load_crosswalk() if crosswalk is None else crosswalk
    criteria = tuple(
        {
            each.id: each for each in (*installed, *(() if results is None else results.criteria))
        }.values()
    )
    evidence = Evidence(
        criteria=criteria,
        verdicts=() if results is None else results.verdicts,
        ran=results is not None,
        words=tuple(words),
        attesting=_attesting(),
        waived=_waived(decision),
        told={entry.control.id: _told(entry) for entry in decision.controls} if decision else {},
        age=_age(results, decision),
    )
    measured = _measured(criteria, checks, results)
    covered = cover(catalogue, evidence, walk)
    spoken = _spoken(covered)
    tests = _tests(criteria, results)
    rows = [_row(each, measured, walk, tests, spoken=each.control.id in spoken) for each in covered]
    named = {row.id: row for row in rows}
    return ClauseView(
        groups=tuple(
            _group(name, [named[each.id] for each in catalogue.of(name)])
            for name in catalogue.names
        ),
        unbound=tuple(each.id for each in criteria if not each.controls),
        unknown=tuple(
            dict.fromkeys(c for each in criteria for c in each.controls if c not in catalogue)
        ),
    )


def _spoken(covered: Sequence[Covered]) -> frozenset[str]:
    """The clauses to which a criterion speaks, and those that such clauses show, in turn."""
    found = {each.control.id for each in covered if each.criteria}
    shown = {each.control.id: each.shown_by for each in covered if each.shown_by}
    while more := {clause for clause, by in shown.items() if found.issuperset(by)} - found:
        found |= more
    return frozenset(found)


def _tests(criteria: Iterable[Criterion], results: Results | None) -> Mapping[str, ClauseTest]:
    judged = {} if results is None else {v.criterion: v.status for v in results.verdicts}
    return {
        each.id: ClauseTest(
            each.id, each.title or each.id, judged.get(each.id), tried_for(each.metric)
        )
        for each in criteria
    }


def _row(
    covered: Covered,
    measured: Mapping[str, tuple[str, ...]],
    walk: Crosswalk,
    tests: Mapping[str, ClauseTest],
    *,
    spoken: bool,
) -> ClauseRow:
    control = covered.control
    return ClauseRow(
        id=control.id,
        citation=control.citation,
        title=control.title,
        requirement=REQUIREMENTS[control.requirement],
        mode=str(control.mode),
        fresh_days=control.fresh_days,
        state=covered.state,
        why=covered.why,
        until=covered.until,
        criteria=covered.criteria,
        checks=tuple(dict.fromkeys(c for each in covered.criteria for c in measured[each])),
        shown_by=covered.shown_by,
        related=covered.related,
        nist=walk.nist.get(control.id, ()),
        spoken=spoken,
        asks=asked_by(control.id),
        tests=tuple(tests[each] for each in covered.criteria),
    )


def _group(name: str, rows: Sequence[ClauseRow]) -> ClauseGroup:
    states = Counter(row.state for row in rows)
    words = [word or "Other" for word in REQUIREMENTS.values()]
    kept = [
        (word, sum(row.kept for row in asked), len(asked))
        for word in words
        if (asked := [row for row in rows if (row.requirement or "Other") == word])
    ]
    tally = tuple((state, states[state]) for state in State if states[state])
    titles = {head.name: head.title for head in load_heads()}
    return ClauseGroup(name, titles.get(name, name), tuple(rows), tally, tuple(kept))


def _measured(
    criteria: Iterable[Criterion],
    checks: Mapping[str, tuple[str, ...]],
    results: Results | None,
) -> Mapping[str, tuple[str, ...]]:
    """The checks behind each criterion: those that the run saw, else those that would measure."""
    seen: dict[str, dict[str, None]] = {}
    for observation in () if results is None else results.observations:
        if not isinstance(observation.about, Exhibit):
            seen.setdefault(observation.about.metric, {})[observation.check] = None
    return {
        each.id: tuple(seen.get(each.metric, ())) or tuple(checks.get(each.metric, ()))
        for each in criteria
    }


def _attesting() -> frozenset[str]:
    from clinigate.hipaa.named import NAMED  # a table for a terminal names no probe

    return frozenset(named.metric for named in NAMED.values() if named.attested)


def _waived(decision: Decision | None) -> Mapping[str, str]:
    entries = () if decision is None else decision.criteria
    return {
        entry.criterion.id: entry.waiver.until
        for entry in entries
        if entry.effect == "waived" and entry.waiver is not None
    }


def _told(entry: ControlEntry) -> Told:
    """What the gate decided: its waivers and its words count, whatever the verdicts."""
    if entry.effect == "waived":
        return Told(State.WAIVED, entry.reason, entry.waiver.until if entry.waiver else "")
    until = entry.attested_until or ""
    if entry.effect == "satisfied":
        # Satisfied by other than PASS: a documented decision not to implement what is Addressable.
        attested = entry.control.mode is Mode.ATTEST or entry.status is not Status.PASS
        return Told(State.ATTESTED if attested else State.PASSED, entry.reason, until)
    states = {
        Status.FAIL: State.FAILED,
        Status.ERROR: State.ERROR,
        Status.INCONCLUSIVE: State.INCONCLUSIVE,
    }
    # What shuts the gate is not shown, also where every verdict that speaks to it is PASS.
    return Told(states.get(entry.status, State.NOT_ASSESSED), entry.reason, until)


def _age(results: Results | None, decision: Decision | None) -> timedelta | None:
    if results is None or decision is None:
        return None
    return datetime.fromisoformat(decision.evaluated_at) - datetime.fromisoformat(
        results.finished_at
    )
