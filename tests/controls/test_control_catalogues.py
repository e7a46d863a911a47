"""The shipped catalogues cite the law as it is, and whatever is misspelt is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.controls import (
    ControlCatalogue,
    Mode,
    Requirement,
    load_catalogue,
    parse_catalogue,
)
from clinigate.errors import ControlError

CATALOGUE = load_catalogue()

HEAD = """\
schema: clinigate.controls/1
catalogue: house
title: House rules
prefix: House
source: the kitchen door
grammar: free
revised: "2026-11-22"
controls:
"""
ROW = '- {id: "1.10", title: Wash hands, requirement: none, mode: auto}\n'


def test_appendix_a_counts():
    """Appendix A to Subpart C lists 20 Required and 22 Addressable in 164.308 to 164.312."""
    listed = [c for c in CATALOGUE.of("hipaa-security") if re.match(r"164\.3(08|10|12)\(", c.id)]
    assert sum(c.requirement is Requirement.REQUIRED for c in listed) == 20
    assert sum(c.requirement is Requirement.ADDRESSABLE for c in listed) == 22


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("hipaa-security", 71),
        ("hipaa-breach", 7),
        ("hipaa-privacy", 22),
        ("hipaa-safe-harbor", 18),
        ("part2", 30),
        ("part11", 27),
        ("gdpr", 18),
        ("soc2", 61),
        ("slo", 5),
    ],
)
def test_size_of_each_catalogue(name, count):
    """SOC 2 counts 33 common, 3 + 5 + 2 + 18 further criteria; the rest as their lists say."""
    assert len(CATALOGUE.of(name)) == count


@pytest.mark.parametrize(
    ("control_id", "title", "requirement", "mode"),
    [
        ("164.312(b)", "Audit controls", "R", "auto"),
        ("164.312(a)(2)(iii)", "Automatic logoff", "A", "auto"),
        ("164.312(d)", "Person or entity authentication", "R", "auto"),
        ("164.310(d)(1)", "Device and media controls", "S", "attest"),
        ("164.310(a)(2)(ii)", "Facility security plan", "A", "attest"),
        ("164.308(a)(1)(ii)(A)", "Risk analysis", "R", "hybrid"),
        ("11.10(a)", "Validation of systems", "none", "hybrid"),
        ("Art.32", "Security of processing", "none", "auto"),
        ("CC6.1", "Logical access security", "none", "auto"),
    ],
)
def test_clauses_that_public_lists_get_wrong(control_id, title, requirement, mode):
    """Titles and Required/Addressable of clauses that public mappings mix up."""
    control = CATALOGUE.get(control_id)
    assert (control.title, control.requirement, control.mode) == (title, requirement, mode)


def test_authorization_is_not_consent():
    """164.508 is authorization; consent is 164.506(b); psychotherapy notes have their own row."""
    assert "authorization is required" in CATALOGUE.get("164.508").title
    assert CATALOGUE.get("164.506(b)").title.startswith("Consent")
    assert "psychotherapy notes" in CATALOGUE.get("164.508(a)(2)").title


def test_retention_runs_from_the_later_date():
    """Six years run from creation or the last effective date, whichever is later."""
    for control_id in ("164.316(b)(2)(i)", "164.530(j)"):
        assert "whichever is later" in CATALOGUE.get(control_id).title


def test_no_id_is_a_range_or_a_number():
    """YAML would read 164.410 as a number and a range cites nothing that a check could serve."""
    assert {"164.410", "11.30", "11.70"} <= {control.id for control in CATALOGUE}
    for control in CATALOGUE:
        assert isinstance(control.id, str)
        assert not re.search(r"\d-[A-Z]", control.id), control.id


def test_citation_names_the_law():
    assert CATALOGUE.get("164.312(b)").citation == "45 CFR 164.312(b)"
    assert CATALOGUE.get("SLO.api.latency").citation == "SLO.api.latency"


@pytest.mark.parametrize(
    ("wrong", "near"),
    [
        ("164.312(z)", "164.312(b)"),
        ("45 CFR 164.312(b)", "164.312(b)"),
        ("CC6.9", "CC6.8"),
        ("Art32", "Art.32"),
    ],
)
def test_unknown_id_is_refused_with_the_nearest(wrong, near):
    with pytest.raises(ControlError, match=re.escape(near)):
        CATALOGUE.get(wrong)


def test_unknown_catalogue_is_refused():
    with pytest.raises(ControlError, match="hipaa-security"):
        CATALOGUE.of("hippa")


def test_empty_and_duplicate_catalogues_are_refused():
    first = CATALOGUE.get("164.312(b)")
    with pytest.raises(ControlError, match="at least one"):
        ControlCatalogue([])
    with pytest.raises(ControlError, match="stands twice"):
        ControlCatalogue([first, replace(first, title="Audit trail")])


@given(st.permutations(list(CATALOGUE)[:12]))
def test_digest_does_not_depend_on_order(controls):
    assert ControlCatalogue(controls).digest == ControlCatalogue(list(CATALOGUE)[:12]).digest


@given(st.sampled_from(list(CATALOGUE)), st.sampled_from(["title", "mode", "requirement"]))
def test_any_change_changes_the_digest(control, field):
    other = {"title": control.title + ".", "mode": Mode.AUTO, "requirement": Requirement.NONE}
    if getattr(control, field) == other[field]:
        other |= {"mode": Mode.ATTEST, "requirement": Requirement.STANDARD}
    changed = [replace(c, **{field: other[field]}) if c is control else c for c in CATALOGUE]
    assert ControlCatalogue(changed).digest != CATALOGUE.digest


def test_lock_names_every_catalogue():
    lock = CATALOGUE.lock()
    assert list(lock["catalogues"]) == list(CATALOGUE.names)
    assert sum(each["controls"] for each in lock["catalogues"].values()) == len(CATALOGUE)
    assert lock["digest"].startswith("sha256:")
    assert json.loads(json.dumps(lock)) == lock


def test_a_catalogue_of_ones_own_loads():
    (control,) = parse_catalogue(HEAD + ROW, "house.yaml")
    assert (control.id, control.catalogue, control.citation) == ("1.10", "house", "House 1.10")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "house.yaml: not YAML"),
        ("[]", "house.yaml: wanted a mapping"),
        (HEAD, "at least one control"),
        (HEAD.replace("/1", "/9") + ROW, "schema is"),
        (HEAD.replace("prefix: House\n", "") + ROW, "prefix is missing"),
        (HEAD + "extra: 1\n" + ROW, "not YAML"),
        (HEAD.replace("title:", "titel:") + ROW, "unknown key 'titel'"),
        (HEAD + ROW.replace('"1.10"', "1.10"), "control 1: id is 1.1; put it in quotes"),
        (HEAD + ROW.replace("mode: auto", "mode: magic"), "control 1: Control.mode"),
        (HEAD + ROW.replace("requirement: none", "requirement: X"), "Control.requirement"),
        (HEAD + ROW.replace("mode: auto", "mode: auto, fresh_days: 0"), "at least 1"),
        (HEAD + ROW.replace("mode: auto", "mode: auto, fresh: 5"), "unknown key 'fresh'"),
        (HEAD + ROW.replace('"1.10"', '" 1.10"'), "without blanks"),
        (HEAD + "- 7\n", "control 1: wanted a mapping"),
    ],
)
def test_malformed_catalogue_names_file_and_control(text, message):
    with pytest.raises(ControlError, match=re.escape(message)) as caught:
        parse_catalogue(text, "house.yaml")
    assert str(caught.value).startswith("house.yaml")


def test_controls_start_light():
    """Reading a catalogue pulls in neither numpy nor pydantic."""
    code = (
        "import sys; from clinigate.controls import load_catalogue; load_catalogue();"
        "print([m for m in ('numpy', 'pydantic', 'httpx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
