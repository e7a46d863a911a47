"""What is exported as OSCAL can be read by others: legal ids, references that lead somewhere."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from clinigate.controls import load_catalogue
from clinigate.controls.loader import BUILT_IN
from clinigate.controls.oscal import oscal_catalog, oscal_id, oscal_profile, oscal_text
from clinigate.controls.oscal_lint import lint_catalog, lint_profile
from clinigate.controls.overlay import load_overlay
from clinigate.errors import ControlError

CATALOGUE = load_catalogue()
SELECTIONS = [
    (tuple(BUILT_IN), None),
    (("hipaa-security",), None),
    (("gdpr", "soc2"), None),
    (("hipaa-security",), "hipaa-2025"),
]


def test_ids_are_legal_in_oscal_and_never_shared() -> None:
    """A token begins with a letter and holds no parentheses; two clauses keep two ids."""
    controls = [*CATALOGUE, *load_overlay("hipaa-2025").adds]
    ids = [oscal_id(control) for control in controls]
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9._-]*", each) for each in ids)
    assert len(set(ids)) == len(controls)
    assert oscal_id(CATALOGUE.get("164.312(a)(2)(iii)")) == "hipaa-164.312-a-2-iii"


@pytest.mark.parametrize(("names", "overlay"), SELECTIONS)
def test_what_is_exported_has_nothing_wrong(names: tuple[str, ...], overlay: str | None) -> None:
    catalog, profile = oscal_catalog(names, overlay), oscal_profile(names, overlay)
    assert lint_catalog(catalog) == ()
    assert lint_profile(profile, catalog) == ()


@pytest.mark.parametrize(("names", "overlay"), SELECTIONS)
def test_the_same_catalogues_give_the_same_bytes(
    names: tuple[str, ...], overlay: str | None
) -> None:
    """Whatever the order in which they were named; nothing of the day or the machine is in it."""
    again = oscal_text(oscal_catalog(reversed(names), overlay))
    assert oscal_text(oscal_catalog(names, overlay)) == again
    assert json.loads(again)["catalog"]["metadata"]["last-modified"] == "2026-11-22T00:00:00Z"


def test_the_catalog_says_what_is_required_and_what_is_indicative() -> None:
    controls = _controls(oscal_catalog(BUILT_IN))
    props = controls["hipaa-164.312-a-2-iii"]["props"]
    told = {prop["name"]: prop["value"] for prop in props}
    assert told["label"] == "45 CFR 164.312(a)(2)(iii)"
    assert told["requirement"] == "addressable"
    nist = [prop for prop in props if prop["name"] == "nist-sp-800-53-r5"]
    assert {prop["class"] for prop in nist} == {"indicative"}


def test_a_proposal_is_a_profile_and_changes_no_catalog() -> None:
    """Addressable in the catalog, Required by the profile; the additional duties are a group."""
    catalog = oscal_catalog(("hipaa-security",), "hipaa-2025")
    logoff = _controls(catalog)["hipaa-164.312-a-2-iii"]
    assert {"addressable"} == {p["value"] for p in logoff["props"] if p["name"] == "requirement"}
    alters = oscal_profile(("hipaa-security",), "hipaa-2025")["profile"]["modify"]["alters"]
    assert len(alters) == 22
    assert {alter["adds"][0]["props"][0]["value"] for alter in alters} == {"required"}
    assert "group-hipaa-2025" in {group["id"] for group in catalog["catalog"]["groups"]}


def test_an_unknown_overlay_is_refused() -> None:
    with pytest.raises(ControlError, match="hipaa-2030"):
        oscal_catalog(BUILT_IN, "hipaa-2030")


def _controls(catalog: dict[str, Any]) -> dict[str, Any]:
    groups = catalog["catalog"]["groups"]
    return {control["id"]: control for group in groups for control in group["controls"]}


def _first(catalog: dict[str, Any]) -> dict[str, Any]:
    return next(iter(_controls(catalog).values()))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: c.clear(), "there is no catalog"),
        (lambda c: c["catalog"].update(uuid="7"), "its uuid is none"),
        (
            lambda c: c["catalog"].update(uuid="6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
            "neither version 4 nor 5",
        ),
        (
            lambda c: c["catalog"]["metadata"].update({"last-modified": "2026-11-22T00:00:00"}),
            "no zone",
        ),
        (lambda c: c["catalog"].update(metadata={}), "no time"),
        (lambda c: _first(c).update(id="164.308(a)"), "is no token"),
        (lambda c: _first(c).update(id="group-hipaa-security"), "stands 2 times"),
        (lambda c: _first(c).update(props=[]), "has no label"),
        (lambda c: _first(c).update(links=[{"href": "#hipaa-164.999"}]), "which is nowhere"),
        (lambda c: c["catalog"].update(groups=[]), "it has no control"),
    ],
)
def test_lint_finds_what_is_wrong_with_a_catalog(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    """Schemas take a link to a control that nobody has."""
    catalog = copy.deepcopy(oscal_catalog(("hipaa-security",)))
    spoil(catalog)
    assert any(message in each for each in lint_catalog(catalog)), lint_catalog(catalog)


def _select(profile: dict[str, Any], *ids: str) -> None:
    profile["profile"]["imports"][0]["include-controls"] = [{"with-ids": list(ids)}]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.clear(), "there is no profile"),
        (lambda p: _select(p), "selects no control"),
        (lambda p: _select(p, "hipaa-164.999"), "which the catalog has not"),
        (lambda p: _select(p, "hipaa-164.312-b"), "which it does not select"),
        (lambda p: p["profile"]["back-matter"].update(resources=[]), "which is nowhere"),
        (
            lambda p: p["profile"]["modify"]["alters"][0]["removes"].append({"by-name": "colour"}),
            "which has none",
        ),
    ],
)
def test_lint_finds_what_is_wrong_with_a_profile(
    spoil: Callable[[dict[str, Any]], None], message: str
) -> None:
    names = ("hipaa-security",)
    catalog = oscal_catalog(names, "hipaa-2025")
    profile = copy.deepcopy(oscal_profile(names, "hipaa-2025"))
    spoil(profile)
    found = lint_profile(profile, catalog)
    assert any(message in each for each in found), found
