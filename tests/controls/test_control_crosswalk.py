"""Clauses are joined by words that are checked: known ids, no circles, no signature by detour."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from clinigate.controls import Mode, load_catalogue
from clinigate.controls.crosswalk import load_crosswalk, parse_crosswalk, parse_nist
from clinigate.errors import ControlError

CATALOGUE = load_catalogue()
HEAD = "schema: clinigate.crosswalk/1\ntitle: ours\n"
NIST = "schema: clinigate.crosswalk.nist/1\ntitle: beside\nstatus: indicative\ncontrols:\n"


def test_every_clause_of_the_security_rule_has_controls_of_nist_beside_it() -> None:
    """All 71, but for the three duties of plan sponsors that SP 800-53 has nothing for."""
    nist = load_crosswalk().nist
    assert set(nist) == {control.id for control in CATALOGUE.of("hipaa-security")}
    assert {clause for clause, ids in nist.items() if not ids} <= {
        control.id for control in CATALOGUE.of("hipaa-security") if "164.314(b)" in control.id
    }
    assert nist["164.312(a)(2)(iii)"] == ("AC-11", "AC-12", "AC-2(5)")


def test_the_shipped_crosswalk_is_symmetric_where_it_says_related() -> None:
    """Who stands beside a clause has the clause beside it, and nobody stands beside himself."""
    related = load_crosswalk().related
    for clause, others in related.items():
        assert clause not in others
        assert all(clause in related[other] for other in others)


def test_what_others_show_is_never_attested_alone() -> None:
    """A check of another clause cannot stand in for a signature."""
    walk = load_crosswalk()
    for clause in (*walk.same_as, *walk.rolls_up):
        assert CATALOGUE.get(clause).mode is not Mode.ATTEST


def test_nothing_of_part_2_is_shown_by_checks_of_hipaa() -> None:
    """42 CFR Part 2 asks more of its records than HIPAA does; its clauses are related alone."""
    walk = load_crosswalk()
    part2 = {control.id for control in CATALOGUE.of("part2")}
    assert part2.isdisjoint({*walk.same_as, *walk.rolls_up})
    assert "164.508" in walk.related["2.31(a)"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("rolls_up: {}\nsame_as: {}\n", "related is missing"),
        ("rolls_up: []\nsame_as: {}\nrelated: []\n", "rolls_up: wanted a mapping"),
        ('rolls_up: {}\nsame_as: {"11.30": []}\nrelated: []\n', "wanted clauses, each once"),
        ('rolls_up: {}\nsame_as: {11.30: ["11.70"]}\nrelated: []\n', "in quotes"),
        ('rolls_up: {}\nsame_as: {"11.31": ["11.70"]}\nrelated: []\n', "'11.31'"),
        ('rolls_up: {}\nsame_as: {"11.30": ["11.71"]}\nrelated: []\n', "'11.71'"),
        ('rolls_up: {}\nsame_as: {"11.10(i)": ["11.30"]}\nrelated: []\n', "attested alone"),
        (
            'rolls_up: {"11.30": ["11.70"]}\nsame_as: {"11.30": ["11.70"]}\nrelated: []\n',
            "keep one",
        ),
        (
            'rolls_up: {"11.30": ["11.70"]}\nsame_as: {"11.70": ["11.30"]}\nrelated: []\n',
            "break the circle",
        ),
        ("rolls_up: {}\nsame_as: {}\nrelated: [7]\n", "wanted a list"),
    ],
)
def test_a_malformed_crosswalk_is_refused(body: str, message: str) -> None:
    with pytest.raises(ControlError, match=re.escape(message)):
        parse_crosswalk(HEAD + body, "ours.yaml", CATALOGUE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("indicative", "confirmed"), "status 'indicative'"),
        (lambda text: text + '  "164.312(b)": [AU2]\n', "'AU2' is no control"),
        (lambda text: text + '  "164.312(z)": [AU-2]\n', "'164.312(z)'"),
        (lambda text: text + '  "164.312(b)": AU-2\n', "wanted a list"),
    ],
)
def test_controls_of_nist_are_indicative_and_well_formed(
    change: Callable[[str], str], message: str
) -> None:
    with pytest.raises(ControlError, match=re.escape(message)):
        parse_nist(change(NIST), "nist.yaml", CATALOGUE)
