"""A proposal changes a copy: the catalogue of the law in force stays as it is."""

from __future__ import annotations

import re

import pytest

from clinigate.controls import Requirement, load_catalogue
from clinigate.controls.overlay import load_overlay, parse_overlay
from clinigate.errors import ControlError

CATALOGUE = load_catalogue()
OVERLAY = """\
schema: clinigate.overlay/1
overlay: ours
title: Ours
prefix: proposed 45 CFR
source: a draft
grammar: nprm 164
revised: "2026-11-22"
base: hipaa-security
requirements: {"164.312(a)(2)(iii)": R}
adds:
- {id: "NPRM.164.312(b)", title: Encryption, requirement: R, mode: auto}
"""


def test_the_proposal_of_2025_leaves_nothing_addressable() -> None:
    """All 22 Addressable specifications become Required, and the base keeps its 22."""
    digest = CATALOGUE.digest
    proposed = load_overlay("hipaa-2025").over(CATALOGUE)
    rule = proposed.of("hipaa-security")
    assert not [each for each in rule if each.requirement is Requirement.ADDRESSABLE]
    kept = [c for c in CATALOGUE.of("hipaa-security") if c.requirement is Requirement.ADDRESSABLE]
    assert len(kept) == 22
    assert CATALOGUE.digest == digest
    assert len(rule) == 71


def test_additional_duties_have_names_of_their_own() -> None:
    """The proposal's 164.312(b) is encryption; 164.312(b) stays audit controls."""
    proposed = load_overlay("hipaa-2025").over(CATALOGUE)
    assert proposed.get("164.312(b)").title == "Audit controls"
    assert proposed.get("NPRM.164.312(b)").title.startswith("Encryption")
    assert proposed.get("NPRM.164.312(h)(2)(i)").citation.startswith("proposed 45 CFR")
    assert len(proposed) == len(CATALOGUE) + len(load_overlay("hipaa-2025").adds)


def test_a_proposal_of_ones_own_loads() -> None:
    overlay = parse_overlay(OVERLAY, "ours.yaml", CATALOGUE)
    assert (overlay.head.name, overlay.base, len(overlay.adds)) == ("ours", "hipaa-security", 1)


def test_an_unknown_overlay_is_refused() -> None:
    with pytest.raises(ControlError, match="known are hipaa-2025"):
        load_overlay("hipaa-2030")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("overlay/1", "overlay/2", "schema is"),
        ("base: hipaa-security", "base: hippa", "no catalogue is named 'hippa'"),
        ("(iii)", "(ix)", "the base has no"),
        ('(iii)": R', '(iii)": A', "wanted a change"),
        ('(iii)": R', '(iii)": X', "wanted a change"),
        ("NPRM.164.312(b)", "164.312(b)", "cites nothing"),
        ("mode: auto", "mode: magic", "addition 1"),
        ("2026-11-22", "soon", "revised is 'soon'"),
        ("grammar: nprm 164\n", "", "grammar is missing"),
    ],
)
def test_a_malformed_overlay_is_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ControlError, match=re.escape(message)):
        parse_overlay(OVERLAY.replace(old, new), "ours.yaml", CATALOGUE)


def test_what_the_law_has_already_cannot_be_added() -> None:
    text = OVERLAY.replace("nprm 164", "cfr 164").replace("NPRM.164.312(b)", "164.312(b)")
    with pytest.raises(ControlError, match="which hipaa-security has"):
        parse_overlay(text, "ours.yaml", CATALOGUE)
