"""What a scan found: by rule and gravity, the accepted ones last and told apart."""

from __future__ import annotations

from dataclasses import replace

from clinigate.core.criterion import Relation
from clinigate.core.flaw import Flaw, FlawSeverity, Place
from clinigate.core.observation import Finding
from clinigate.reports.findings import group_findings
from clinigate.reports.numbers import Ruler

METRIC = "security.sast.high"


def flaw(rule: str, severity: FlawSeverity, line: int, accepted: str | None = None) -> Finding:
    place = Place("src/app.py", line, symbol="handle")
    found = Flaw(
        rule, ("bandit",), severity, place, f"{line:032x}", fix="do not", accepted=accepted
    )
    return Finding(METRIC, f"{rule} in line {line}", flaw=found)


def test_the_gravest_come_first_and_the_accepted_last() -> None:
    """Nothing is hidden: an accepted flaw is counted, shown, and says why it does not count."""
    until = "until 2027-01-31: rewritten in March"
    findings = [
        flaw("B101", FlawSeverity.LOW, 1),
        flaw("B602", FlawSeverity.HIGH, 2, accepted=until),
        flaw("B602", FlawSeverity.HIGH, 3),
        flaw("B608", FlawSeverity.CRITICAL, 4),
    ]
    (group,) = group_findings(findings)
    assert (group.total, group.accepted, group.quotes) == (4, 1, False)
    assert group.parts == (("B101", 1), ("B602", 1), ("B608", 1), ("accepted", 1))
    assert group.rows[-1].accepted == until
    assert [row.rule for row in group.rows if row.accepted is None] == [
        "B101 · low · bandit",
        "B602 · high · bandit",
        "B608 · critical · bandit",
    ]
    assert group.rows[0].place == "src/app.py:1 (handle)"
    assert group.rows[0].fix == "do not"


def test_of_one_rule_the_graver_is_shown_first() -> None:
    """A rule may be graver in one place than in another."""
    low, high = flaw("R", FlawSeverity.LOW, 1), flaw("R", FlawSeverity.HIGH, 2)
    (group,) = group_findings([low, high])
    assert [row.place for row in group.rows] == ["src/app.py:2 (handle)", "src/app.py:1 (handle)"]


def test_a_quote_is_known_as_one() -> None:
    """The warning of strangers' words stands above those alone."""
    said = replace(flaw("R", FlawSeverity.LOW, 1), flaw=None, excerpt="no")
    (group,) = group_findings([said])
    assert group.quotes


def test_findings_are_whole_numbers() -> None:
    """Nobody finds 2.00 of something."""
    ruler = Ruler(Relation.AT_MOST, 0, "findings")
    assert (ruler.limit_text(), ruler.estimate(2.0)) == ("≤ 0 findings", "2 findings")
    assert ruler.estimate(1.0) == "1 finding"
