"""The catalogues as OSCAL (NIST, 1.2.1): a catalog, and a profile over it.

Every control has its real citation as its label, and one objective, which findings of an
assessment speak of. The same catalogues give the same bytes: UUIDs are of version 5, and the date
is the day on which the lists were last changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from clinigate.controls.catalogue import CatalogueHead, Control, ControlCatalogue, Requirement
from clinigate.controls.crosswalk import Crosswalk, load_crosswalk
from clinigate.controls.loader import load_catalogue, load_heads
from clinigate.controls.oscal_terms import (
    OSCAL_VERSION,
    Plain,
    objective_id,
    oscal_id,
    prop,
    uuid_of,
)
from clinigate.controls.overlay import Overlay, load_overlay

__all__ = ["CATALOG_FILE", "oscal_catalog", "oscal_id", "oscal_profile", "oscal_text"]

CATALOG_FILE = "clinigate-catalog.json"

_WORDS: Mapping[Requirement, str] = MappingProxyType(
    {
        Requirement.REQUIRED: "required",
        Requirement.ADDRESSABLE: "addressable",
        Requirement.STANDARD: "standard",
    }
)


def oscal_catalog(names: Iterable[str], overlay: str | None = None) -> Plain:
    """Return the catalogues of these names as one OSCAL catalog.

    Args:
        names: as `hipaa-security`; in any order.
        overlay: a proposal whose additional duties become a group of their own. What it changes of
            clauses is said by the profile.

    Raises:
        ControlError: a catalogue or overlay is not known.
    """
    wanted = set(names)
    catalogue, walk = load_catalogue(), load_crosswalk()
    groups = [
        _group(head, catalogue.of(head.name), catalogue, walk, wanted)
        for head in load_heads()
        if head.name in wanted
    ]
    heads = [head for head in load_heads() if head.name in wanted]
    if overlay is not None:
        proposed = load_overlay(overlay)
        heads.append(proposed.head)
        groups.append(_group(proposed.head, proposed.adds, catalogue, walk, wanted))
    title = f"Clauses of {', '.join(head.title for head in heads)}"
    return {"catalog": _signed({"metadata": _metadata(title, heads), "groups": groups})}


def oscal_profile(names: Iterable[str], overlay: str | None = None) -> Plain:
    """Return a profile that selects these catalogues out of the catalog.

    With an overlay it also changes what the proposal would make Required, so that the catalog
    itself stays as the law in force has it.

    Raises:
        ControlError: a catalogue or overlay is not known.
    """
    wanted = set(names)
    catalogue = load_catalogue()
    proposed = None if overlay is None else load_overlay(overlay)
    selected = [each for each in catalogue if each.catalogue in wanted]
    heads = [head for head in load_heads() if head.name in wanted]
    if proposed is not None:
        selected += proposed.adds
        heads.append(proposed.head)
    catalog = oscal_catalog(wanted, overlay)["catalog"]
    resource = uuid_of(f"catalog {catalog['uuid']}")
    body: Plain = {
        "metadata": _metadata(f"Selection: {', '.join(head.title for head in heads)}", heads),
        "imports": [
            {
                "href": f"#{resource}",
                "include-controls": [{"with-ids": [oscal_id(each) for each in selected]}],
            }
        ],
        "merge": {"as-is": True},
    }
    if proposed is not None:
        body["modify"] = {"alters": _alters(proposed, catalogue)}
    body["back-matter"] = {
        "resources": [
            {
                "uuid": resource,
                "title": catalog["metadata"]["title"],
                "rlinks": [{"href": CATALOG_FILE, "media-type": "application/oscal.catalog+json"}],
            }
        ]
    }
    return {"profile": _signed(body)}


def oscal_text(document: Plain) -> str:
    """Return a document as JSON."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _signed(body: Plain) -> Plain:
    """The body behind a UUID that is made of it: another body, another UUID."""
    content = json.dumps(body, sort_keys=True)
    return {"uuid": uuid_of(content), **body}


def _metadata(title: str, heads: Iterable[CatalogueHead]) -> Plain:
    revised = max(head.revised for head in heads)
    return {
        "title": title,
        "last-modified": f"{revised}T00:00:00Z",
        "version": revised,
        "oscal-version": OSCAL_VERSION,
        "remarks": "Titles are in our words, not the text of the law. NIST SP 800-53 controls are "
        "indicative and were confirmed by nobody.",
    }


def _group(
    head: CatalogueHead,
    controls: Iterable[Control],
    catalogue: ControlCatalogue,
    walk: Crosswalk,
    wanted: set[str],
) -> Plain:
    return {
        "id": f"group-{head.name}",
        "class": "catalogue",
        "title": head.title,
        "props": [prop("source", head.source), prop("revised", head.revised)],
        "controls": [_control(each, catalogue, walk, wanted) for each in controls],
    }


def _control(
    control: Control, catalogue: ControlCatalogue, walk: Crosswalk, wanted: set[str]
) -> Plain:
    props = [{"name": "label", "value": control.citation}]
    if control.requirement in _WORDS:
        props.append(prop("requirement", _WORDS[control.requirement]))
    props.append(prop("shown-by", str(control.mode)))
    if control.fresh_days is not None:
        props.append(prop("fresh-days", str(control.fresh_days)))
    props += [
        {**prop("nist-sp-800-53-r5", each), "class": "indicative"}
        for each in walk.nist.get(control.id, ())
    ]
    plain: Plain = {
        "id": oscal_id(control),
        "class": control.catalogue,
        "title": control.title,
        "props": props,
        "parts": [
            {
                "id": objective_id(control),
                "name": "assessment-objective",
                "prose": f"Whether {control.citation} ({control.title}) is kept.",
            }
        ],
    }
    links = [
        {"href": f"#{oscal_id(other)}", "rel": "related"}
        for each in walk.related.get(control.id, ())
        if (other := catalogue.get(each)).catalogue in wanted
    ]
    return {**plain, "links": links} if links else plain


def _alters(overlay: Overlay, catalogue: ControlCatalogue) -> list[Plain]:
    return [
        {
            "control-id": oscal_id(catalogue.get(clause)),
            "removes": [{"by-name": "requirement"}],
            "adds": [{"position": "ending", "props": [prop("requirement", _WORDS[word])]}],
        }
        for clause, word in overlay.requirements.items()
    ]
