"""A run's findings as SARIF: those that have a place, accepted ones suppressed, always one tool."""

from __future__ import annotations

import json
from types import MappingProxyType

from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.observation import Finding, Observation
from clinigate.core.plan import Plan
from clinigate.core.results import Results, Subject
from clinigate.reports.sarif import sarif_of


def results_of(*findings: Finding) -> Results:
    return Results(
        run="r",
        subject=Subject("s"),
        target="t",
        plan=Plan(packs=MappingProxyType({})),
        started_at="2026-11-22T00:00:00Z",
        finished_at="2026-11-22T00:00:01Z",
        criteria=(),
        verdicts=(),
        observations=tuple(Observation("CG-SEC-X-001", finding) for finding in findings),
    )


def flaw(rule: str, line: int, accepted: str | None = None) -> Finding:
    place = Place("app.py", line)
    found = Flaw(rule, ("bandit",), FlawSeverity.HIGH, place, f"{line:032x}", accepted=accepted)
    return Finding("security.sast.high", f"{rule} is wrong", flaw=found)


def test_findings_with_a_place_are_written_and_the_others_left_to_the_reports() -> None:
    said = Finding("crisis.false_negative_rate", "missed", case_id="c1")
    accepted = flaw("B105", 2, "baseline until 2027-01-31: why")
    data = sarif_of(results_of(flaw("B602", 9), said, accepted))
    (run,) = json.loads(data)["runs"]
    assert run["tool"]["driver"]["name"] == "clinigate"
    assert [(each["ruleId"], "suppressions" in each) for each in run["results"]] == [
        ("B105", True),
        ("B602", False),
    ]
    assert data == sarif_of(results_of(accepted, flaw("B602", 9)))


def test_a_run_without_findings_says_so_to_the_code_host() -> None:
    (run,) = json.loads(sarif_of(results_of()))["runs"]
    assert run["results"] == []
