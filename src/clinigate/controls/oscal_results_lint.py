"""What no schema sees of OSCAL assessment results: a finding that rests on nothing, or on nobody.

A schema takes a finding about a control that nobody has, resting on an observation that is not
there, and so do the tools that validate by it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from clinigate.controls.oscal_lint import controls_of, head_problems

__all__ = ["lint_results"]

_VERSIONS = (4, 5)
#: Members that refer to a UUID of the same document.
_REFERENCES = (
    "observation-uuid",
    "risk-uuid",
    "actor-uuid",
    "subject-uuid",
    "component-uuid",
)


def lint_results(document: dict[str, Any], catalog: dict[str, Any]) -> tuple[str, ...]:
    """Return what is wrong with assessment results over a catalog, in sentences."""
    results, below = document.get("assessment-results"), catalog.get("catalog")
    if not isinstance(results, dict) or not isinstance(below, dict):
        return ("there are no assessment results, or no catalog",)
    return tuple(_all(results, {each["id"]: each for each in controls_of(below)}))


def _all(results: dict[str, Any], controls: dict[str, Any]) -> Iterator[str]:
    yield from head_problems(results)
    uuids = list(_values(results, "uuid"))
    yield from _uuids(uuids)
    yield from _references(results, set(uuids))
    if not results.get("results"):
        yield "it holds no result"
    for result in results.get("results", ()):
        yield from _times(result)
        yield from _controls(result, controls)
        yield from _findings(result, controls)


def _uuids(uuids: list[str]) -> Iterator[str]:
    seen: set[str] = set()
    for each in uuids:
        try:
            if uuid.UUID(each).version not in _VERSIONS:
                yield f"uuid {each} is of neither version 4 nor 5"
        except ValueError:
            yield f"uuid {each!r} is none"
        if each in seen:
            yield f"uuid {each} stands twice"
        seen.add(each)


def _references(results: dict[str, Any], known: set[str]) -> Iterator[str]:
    for name in _REFERENCES:
        for each in _values(results, name):
            if each not in known:
                yield f"{name} {each} is nowhere"
    parties = {each["uuid"] for each in results["metadata"].get("parties", ())}
    roles = {each["id"] for each in results["metadata"].get("roles", ())}
    for named in _values(results, "party-uuids"):
        yield from (f"party {each} is nowhere" for each in named if each not in parties)
    yield from (
        f"role {each} is nowhere" for each in _values(results, "role-id") if each not in roles
    )
    for href in _values(results, "href"):
        if href.startswith("#") and href[1:] not in known:
            yield f"it refers to {href}, which is nowhere"


def _times(result: dict[str, Any]) -> Iterator[str]:
    named = {"start": result.get("start"), "end": result.get("end", result.get("start"))}
    try:
        start, end = (datetime.fromisoformat(str(text)) for text in named.values())
    except ValueError:
        yield "start or end of the result is no time"
        return
    if start.tzinfo is None or end.tzinfo is None:
        yield "start or end of the result has no zone"
    elif end < start:
        yield "the result ends before it starts"


def _controls(result: dict[str, Any], controls: dict[str, Any]) -> Iterator[str]:
    selected = list(_values(result["reviewed-controls"], "control-id"))
    if not selected:
        yield "it reviews no control"
    yield from (f"it reviews {c}, which the catalog has not" for c in selected if c not in controls)
    for observation in result.get("observations", ()):
        for prop in observation.get("props", ()):
            if prop["name"] == "control" and prop["value"] not in controls:
                yield (
                    f"observation {observation.get('title')!r} is about {prop['value']}, which "
                    "the catalog has not"
                )


def _findings(result: dict[str, Any], controls: dict[str, Any]) -> Iterator[str]:
    """Each clause once, satisfied by something that somebody saw."""
    objectives = {part["id"]: each for each, c in controls.items() for part in c.get("parts", ())}
    reviewed = set(_values(result["reviewed-controls"], "control-id"))
    found: set[str] = set()
    for finding in result.get("findings", ()):
        target = finding["target"]["target-id"]
        if target not in objectives:
            yield f"a finding targets {target}, which the catalog has not"
            continue
        if objectives[target] not in reviewed:
            yield f"a finding targets {target}, and {objectives[target]} is not reviewed"
        if target in found:
            yield f"two findings target {target}"
        found.add(target)
        state = finding["target"]["status"]["state"]
        if state == "satisfied" and not finding.get("related-observations"):
            yield f"{target} is satisfied, and nothing was observed of it"


def _values(node: Any, name: str) -> Iterator[Any]:
    """Every value of a member of that name, at any depth."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _values(value, name)
    elif isinstance(node, list):
        for each in node:
            yield from _values(each, name)
