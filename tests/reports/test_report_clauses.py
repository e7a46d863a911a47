"""The clauses of a report: states as the gate has them, totals that add up, files that are safe."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from clinigate.controls import Control, ControlCatalogue, Mode, Requirement, load_catalogue
from clinigate.controls.standing import State, Word
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.gate.entries import AppliedWaiver, ControlEntry, Effect
from clinigate.reports.build import build_report
from clinigate.reports.clausefiles import clauses_csv, clauses_json
from clinigate.reports.clauserows import ClauseView
from clinigate.reports.clauses import clause_view
from clinigate.reports.clausetable import clause_detail, clause_table
from clinigate.reports.html import render_html

WAIVER = AppliedWaiver("sha256:1", "2026-12-01T00:00:00.000000Z", "A", "B", "later", "watched")
HOSTILE = "=HYPERLINK(0)<script>alert(1)</script>\u202e"


def view_of(view: ClauseView, clause: str) -> Any:
    return next(row for row in view.rows if row.id == clause)


@pytest.fixture
def run(examples: ModuleType) -> Results:
    made: Results = examples.clean()
    return made


def speaking(run: Results, control: str, status: Status, reason: str = "seen") -> Results:
    """The run with one criterion that speaks to a clause."""
    criterion = Criterion("hipaa.x", "hipaa.x", Relation.AT_MOST, 0, controls=(control,))
    verdict = criterion.unjudged(status, reason)
    return replace(run, criteria=(criterion,), verdicts=(verdict,), observations=())


@pytest.mark.parametrize(
    ("entry", "state", "until"),
    [
        ((Status.PASS, Effect.SATISFIED, {}), State.PASSED, ""),
        ((Status.FAIL, Effect.SHUTS, {}), State.FAILED, ""),
        ((Status.PASS, Effect.SHUTS, {}), State.NOT_ASSESSED, ""),
        ((Status.INCONCLUSIVE, Effect.SHUTS, {}), State.INCONCLUSIVE, ""),
        ((Status.FAIL, Effect.WAIVED, {"waiver": WAIVER}), State.WAIVED, WAIVER.until),
        # A documented decision not to implement what is Addressable.
        ((Status.NOT_ASSESSED, Effect.SATISFIED, {"attested_until": "x"}), State.ATTESTED, "x"),
    ],
)
def test_what_the_gate_decided_is_what_the_report_shows(
    examples: ModuleType, run: Results, entry: Any, state: State, until: str
) -> None:
    """A clause that the policy requires never reads better in the table than at the gate."""
    control = load_catalogue().get("164.312(b)")
    status, effect, more = entry
    decided = replace(
        examples.gate(run, "staging"),
        controls=(ControlEntry(control, status, effect, "the gate says so", **more),),
    )
    view = clause_view(speaking(run, control.id, Status.PASS), decided, catalogue=load_catalogue())
    row = view_of(view, control.id)
    assert (row.state, row.why, row.until) == (state, "the gate says so", until)


def test_totals_add_up(run: Results) -> None:
    """Each clause is in one state and one requirement of its framework."""
    view = clause_view(
        speaking(run, "164.312(b)", Status.PASS),
        catalogue=load_catalogue(),
        words=[Word("164.308(a)(2)", "2027-01-01")],
    )
    assert len(view.rows) == len(load_catalogue())
    for group in view.groups:
        assert sum(number for _, number in group.tally) == len(group.rows)
        assert sum(of for _, _, of in group.kept) == len(group.rows)
    security = view.groups[0]
    assert security.asked == (
        ("Required", "2 of 32"),
        ("Addressable", "0 of 22"),
        ("Standard", "0 of 17"),
    )


def test_orphans_of_both_directions_are_named(run: Results) -> None:
    """Clauses without a check, criteria without a clause, citations that nobody has."""
    catalogue = ControlCatalogue(
        [
            Control("1", "One", "house", "House", Requirement.NONE, Mode.AUTO),
            Control("2", "Two", "house", "House", Requirement.NONE, Mode.HYBRID),
            Control("3", "Three", "house", "House", Requirement.NONE, Mode.ATTEST),
        ]
    )
    bound = Criterion("x.bound", "x.bound", Relation.AT_MOST, 0, controls=("1", "9"))
    loose = Criterion("x.loose", "x.loose", Relation.AT_MOST, 0)
    view = clause_view(None, catalogue=catalogue, installed=[bound, loose])
    assert view.unspoken == ("House 2",)
    assert view.unbound == ("x.loose",)
    assert view.unknown == ("9",)
    told = clause_table(view, width=100)
    assert "clauses that ask for a check and have none: 1 (House 2)" in told
    assert "criteria that serve no clause: 1 (x.loose)" in told


def test_who_is_shown_by_a_clause_with_a_check_is_no_orphan() -> None:
    """One check serves 164.312(a)(1) and by it 21 CFR 11.10(d)."""
    criterion = Criterion("x.a", "x.a", Relation.AT_MOST, 0, controls=("164.312(a)(1)",))
    view = clause_view(None, catalogue=load_catalogue(), installed=[criterion])
    assert "21 CFR 11.10(d)" not in view.unspoken
    assert "21 CFR 11.10(g)" in view.unspoken


def test_both_directions_of_traceability_agree(examples: ModuleType) -> None:
    """A criterion stands at each clause that it names, and at no other."""
    results = examples.defective()
    view = clause_view(results, catalogue=load_catalogue())
    for criterion in results.criteria:
        at = {row.id for row in view.rows if criterion.id in row.criteria}
        assert at == set(criterion.controls)


def test_a_reason_from_outside_acts_on_nothing(run: Results) -> None:
    """Neither in a spreadsheet nor in a page nor in a terminal."""
    view = clause_view(
        speaking(run, "164.312(b)", Status.FAIL, HOSTILE), catalogue=load_catalogue()
    )
    row = view_of(view, "164.312(b)")
    assert "[U+202E]" in clause_detail(row, width=80)
    rows = list(csv.DictReader(io.StringIO(clauses_csv(view), newline="")))
    assert not [cell for each in rows for cell in each.values() if cell.startswith("=")]
    assert json.loads(clauses_json(view))["schema"] == "clinigate.clauses/1"
    page = render_html(build_report(speaking(run, "164.312(b)", Status.FAIL, HOSTILE)))
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_a_formula_in_a_cell_is_text(run: Results) -> None:
    view = clause_view(None, catalogue=load_catalogue())
    row = replace(view.rows[0], why="=1+1")
    group = replace(view.groups[0], rows=(row,))
    assert "'=1+1" in clauses_csv(replace(view, groups=(group,)))


def test_only_what_is_open_is_left_where_that_is_asked(run: Results) -> None:
    view = clause_view(speaking(run, "164.312(b)", Status.PASS), catalogue=load_catalogue())
    told = clause_table(view, width=100, open_only=True)
    assert "  164.312(b) " not in told
    assert "  164.312(d) " in told


def test_the_box_hides_what_is_kept_without_a_script(
    browser: Any, run: Results, tmp_path: Path
) -> None:
    """In a browser that runs no script: the style sheet does it."""
    page_path = tmp_path / "report.html"
    report = build_report(speaking(run, "164.312(b)", Status.PASS))
    page_path.write_text(render_html(report), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(page_path.as_uri())
    page.locator("#clauses summary").first.click()
    kept = page.locator("#clauses tr.kept")
    assert (kept.count(), kept.first.is_visible()) == (1, True)
    page.get_by_label("Only clauses that are neither passed nor attested").check()
    assert not kept.first.is_visible()
    assert page.locator("#clauses tbody tr:not(.kept)").nth(12).is_visible()
    context.close()
