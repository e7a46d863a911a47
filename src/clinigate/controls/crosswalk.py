"""Which clauses the same evidence shows, and which controls of NIST stand beside them.

Two kinds of words join clauses. *Shown by*: a clause that rolls others up needs all of these
besides what speaks to itself; one that is the same as others is shown by what shows all of these,
where nothing speaks to itself. *Related* clauses are on one matter and show nothing of each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from clinigate.controls.catalogue import ControlCatalogue, Mode
from clinigate.controls.loader import exactly, load_catalogue, read_yaml
from clinigate.errors import ControlError

__all__ = ["Crosswalk", "load_crosswalk", "parse_crosswalk", "parse_nist"]

SCHEMA = "clinigate.crosswalk/1"
NIST_SCHEMA = "clinigate.crosswalk.nist/1"
#: A control of NIST SP 800-53 Revision 5, or an enhancement of one.
_NIST = re.compile(r"[A-Z]{2}-[1-9][0-9]?(\([1-9][0-9]?\))?")

Joined = Mapping[str, tuple[str, ...]]
_NONE: Joined = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """What joins clauses.

    Attributes:
        rolls_up, same_as: clauses whose evidence shows the clause; the module's text says how.
        related: clauses on the same matter, either way round, those of the other two included.
        nist: controls of NIST SP 800-53 Revision 5, indicative: nobody has confirmed them.
    """

    rolls_up: Joined = field(default_factory=lambda: _NONE)
    same_as: Joined = field(default_factory=lambda: _NONE)
    related: Joined = field(default_factory=lambda: _NONE)
    nist: Joined = field(default_factory=lambda: _NONE)


@cache
def load_crosswalk() -> Crosswalk:
    """Return the crosswalk that Clinigate ships.

    Raises:
        ControlError: it is malformed or names an unknown clause.
    """
    catalogue = load_catalogue()
    nist = parse_nist(_shipped("nist.yaml"), "nist.yaml", catalogue)
    return parse_crosswalk(_shipped("clauses.yaml"), "clauses.yaml", catalogue, nist=nist)


def parse_crosswalk(
    text: str, file: str, catalogue: ControlCatalogue, *, nist: Joined = _NONE
) -> Crosswalk:
    """Return a crosswalk from YAML.

    Raises:
        ControlError: it is malformed, names an unknown clause, one that only people attest, or
            leads from a clause back to itself.
    """
    data = exactly(
        read_yaml(text, file), ("schema", "title", "rolls_up", "same_as", "related"), file
    )
    if data["schema"] != SCHEMA:
        raise ControlError(f"{file}: schema is {data['schema']!r}, wanted {SCHEMA!r}")
    rolls_up = _joined(data["rolls_up"], f"{file}: rolls_up", catalogue)
    same_as = _joined(data["same_as"], f"{file}: same_as", catalogue)
    shown_by = {**same_as, **rolls_up}
    for clause in shown_by:
        if clause in rolls_up and clause in same_as:
            raise ControlError(f"{file}: {clause} stands in rolls_up and in same_as; keep one")
        if catalogue.get(clause).mode is Mode.ATTEST:
            raise ControlError(f"{file}: {clause} is attested alone; no check of others shows it")
        _refuse_circle(clause, shown_by, file)
    groups = [
        _known(group, f"{file}: related", catalogue) for group in _list(data["related"], file)
    ]
    pairs = [(clause, *others) for clause, others in shown_by.items()]
    return Crosswalk(rolls_up, same_as, _related([*groups, *_stars(pairs)], catalogue), nist)


def parse_nist(text: str, file: str, catalogue: ControlCatalogue) -> Joined:
    """Return the controls of NIST beside each clause, from YAML that calls itself indicative.

    Raises:
        ControlError: it is malformed, names an unknown clause, or a control of another form.
    """
    data = exactly(read_yaml(text, file), ("schema", "title", "status", "controls"), file)
    if (data["schema"], data["status"]) != (NIST_SCHEMA, "indicative"):
        raise ControlError(f"{file}: wanted schema {NIST_SCHEMA!r} and status 'indicative'")
    beside = {}
    for clause, ids in _mapping(data["controls"], f"{file}: controls").items():
        where = f"{file}: {catalogue.get(clause).id}"
        beside[clause] = tuple(_list(ids, where))
        wrong = [each for each in beside[clause] if not _NIST.fullmatch(str(each))]
        if wrong:
            raise ControlError(f"{where}: {wrong[0]!r} is no control of SP 800-53, as AC-2(3)")
    return MappingProxyType(beside)


def _shipped(name: str) -> str:
    return (files("clinigate.controls.crosswalks") / name).read_text(encoding="utf-8")


def _joined(data: Any, where: str, catalogue: ControlCatalogue) -> Joined:
    return MappingProxyType(
        {
            catalogue.get(clause).id: _known(others, f"{where}: {clause}", catalogue)
            for clause, others in _mapping(data, where).items()
        }
    )


def _known(clauses: Any, where: str, catalogue: ControlCatalogue) -> tuple[str, ...]:
    listed = tuple(catalogue.get(each).id for each in _list(clauses, where))
    if not listed or len(set(listed)) != len(listed):
        raise ControlError(f"{where}: wanted clauses, each once")
    return listed


def _mapping(data: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise ControlError(f"{where}: wanted a mapping from clauses in quotes")
    return data


def _list(data: Any, where: str) -> list[Any]:
    if not isinstance(data, list):
        raise ControlError(f"{where}: wanted a list")
    return data


def _refuse_circle(clause: str, shown_by: Joined, file: str) -> None:
    reached, open_ones = set(), list(shown_by.get(clause, ()))
    while open_ones:
        each = open_ones.pop()
        if each == clause:
            raise ControlError(f"{file}: {clause} is shown by itself in the end; break the circle")
        if each not in reached:
            reached.add(each)
            open_ones += shown_by.get(each, ())


def _stars(rows: Iterable[tuple[str, ...]]) -> Iterable[tuple[str, ...]]:
    """Pairs of a clause and each that shows it; those are not related to each other by that."""
    return ((row[0], other) for row in rows for other in row[1:])


def _related(groups: Iterable[tuple[str, ...]], catalogue: ControlCatalogue) -> Joined:
    near: dict[str, set[str]] = {}
    for group in groups:
        for clause in group:
            near.setdefault(clause, set()).update(each for each in group if each != clause)
    order = {control.id: place for place, control in enumerate(catalogue)}
    return MappingProxyType(
        {clause: tuple(sorted(others, key=order.__getitem__)) for clause, others in near.items()}
    )
