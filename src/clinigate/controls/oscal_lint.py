"""What no schema sees of an OSCAL catalog or profile: that every reference leads somewhere.

A schema takes a link to a control that nobody has, and so do the tools that validate by it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

__all__ = ["controls_of", "head_problems", "lint_catalog", "lint_profile"]

#: A token of OSCAL, as its schema has it, with the letters that we use.
_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_VERSIONS = (4, 5)


def lint_catalog(document: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a catalog, in sentences; none where nothing is."""
    catalog = document.get("catalog")
    if not isinstance(catalog, dict):
        return ("there is no catalog",)
    return tuple(_of_catalog(catalog))


def lint_profile(document: dict[str, Any], catalog: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with a profile over a catalog, in sentences; none where nothing is."""
    profile, below = document.get("profile"), catalog.get("catalog")
    if not isinstance(profile, dict) or not isinstance(below, dict):
        return ("there is no profile, or no catalog",)
    return tuple(_of_profile(profile, {each["id"]: each for each in controls_of(below)}))


def _of_catalog(catalog: dict[str, Any]) -> Iterator[str]:
    yield from head_problems(catalog)
    groups = [each["id"] for each in catalog.get("groups", ())]
    controls = list(controls_of(catalog))
    ids = [*groups, *(each["id"] for each in controls)]
    if not controls:
        yield "it has no control"
    yield from (f"{each!r} is no token" for each in ids if not _TOKEN.fullmatch(each))
    yield from (
        f"{each!r} stands {ids.count(each)} times"
        for each in sorted(set(ids))
        if ids.count(each) > 1
    )
    for control in controls:
        if not any(prop["name"] == "label" for prop in control.get("props", ())):
            yield f"{control['id']} has no label"
        for link in control.get("links", ()):
            if link["href"].startswith("#") and link["href"][1:] not in ids:
                yield f"{control['id']} links to {link['href']}, which is nowhere"


def _of_profile(profile: dict[str, Any], controls: dict[str, Any]) -> Iterator[str]:
    yield from head_problems(profile)
    resources = {each["uuid"] for each in profile.get("back-matter", {}).get("resources", ())}
    included: list[str] = []
    for each in profile.get("imports", ()):
        if each["href"].startswith("#") and each["href"][1:] not in resources:
            yield f"it imports {each['href']}, which is nowhere"
        included += [one for named in each["include-controls"] for one in named["with-ids"]]
    if not included:
        yield "it selects no control"
    yield from (
        f"it selects {each}, which the catalog has not" for each in included if each not in controls
    )
    for alter in profile.get("modify", {}).get("alters", ()):
        name = alter["control-id"]
        if name not in included:
            yield f"it alters {name}, which it does not select"
            continue
        props = {prop["name"] for prop in controls.get(name, {}).get("props", ())}
        for removed in alter.get("removes", ()):
            if removed["by-name"] not in props:
                yield f"it removes {removed['by-name']} of {name}, which has none"


def head_problems(document: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the UUID and the date of a document."""
    try:
        if uuid.UUID(document["uuid"]).version not in _VERSIONS:
            yield "its uuid is of neither version 4 nor 5"
    except (KeyError, ValueError):
        yield "its uuid is none"
    try:
        if datetime.fromisoformat(document["metadata"]["last-modified"]).tzinfo is None:
            yield "last-modified has no zone"
    except (KeyError, ValueError):
        yield "last-modified is no time"


def controls_of(catalog: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the controls of a catalog of ours, whose groups hold no groups."""
    for group in catalog.get("groups", ()):
        yield from group.get("controls", ())
