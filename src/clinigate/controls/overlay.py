"""A rule that is proposed and not in force: what it would change of a catalogue.

The catalogue itself stays as it is. What an overlay adds has citations of its own
(`NPRM.164.312(b)`), because a proposal gives numbers of the law in force to other duties.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from clinigate.controls.catalogue import CatalogueHead, Control, ControlCatalogue, Requirement
from clinigate.controls.loader import exactly, load_catalogue, read_control, read_head, read_yaml
from clinigate.errors import ControlError

__all__ = ["OVERLAYS", "Overlay", "load_overlay", "parse_overlay"]

#: The overlays that Clinigate ships.
OVERLAYS = ("hipaa-2025",)
SCHEMA = "clinigate.overlay/1"
_KEYS = (
    "schema",
    "overlay",
    "title",
    "prefix",
    "source",
    "grammar",
    "revised",
    "base",
    "requirements",
    "adds",
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """What a proposal would change.

    Attributes:
        head: name, title and source. base: the catalogue that it would change.
        requirements: clauses of the base that would be Required or Addressable otherwise.
        adds: duties that the base has not.
    """

    head: CatalogueHead
    base: str
    requirements: Mapping[str, Requirement]
    adds: tuple[Control, ...]

    def over(self, catalogue: ControlCatalogue) -> ControlCatalogue:
        """Return every clause as the proposal would have it; `catalogue` itself stays as it is."""
        changed = (
            replace(each, requirement=self.requirements.get(each.id, each.requirement))
            for each in catalogue
        )
        return ControlCatalogue([*changed, *self.adds])


@cache
def load_overlay(name: str) -> Overlay:
    """Return an overlay that Clinigate ships.

    Raises:
        ControlError: there is none of that name, or it is malformed.
    """
    if name not in OVERLAYS:
        raise ControlError(f"no overlay is named {name!r}; known are {', '.join(OVERLAYS)}")
    file = files("clinigate.controls.overlays") / f"{name}.yaml"
    return parse_overlay(file.read_text(encoding="utf-8"), f"{name}.yaml", load_catalogue())


def parse_overlay(text: str, file: str, catalogue: ControlCatalogue) -> Overlay:
    """Return an overlay from YAML.

    Raises:
        ControlError: it is malformed, changes what the base has not or has so already, or adds what
            the catalogues have.
    """
    data = exactly(read_yaml(text, file), _KEYS, file)
    if data["schema"] != SCHEMA:
        raise ControlError(f"{file}: schema is {data['schema']!r}, wanted {SCHEMA!r}")
    head = read_head({**data, "catalogue": data["overlay"]}, file)
    requirements = _requirements(data["requirements"], catalogue.of(data["base"]), file)
    rows = data["adds"]
    if not isinstance(rows, list):
        raise ControlError(f"{file}: adds must be a list")
    adds = tuple(
        read_control(row, head, f"{file}: addition {number}") for number, row in enumerate(rows, 1)
    )
    known = [each.id for each in adds if each.id in catalogue]
    if known:
        raise ControlError(
            f"{file}: adds {known[0]}, which {catalogue.get(known[0]).catalogue} has"
        )
    return Overlay(head, data["base"], requirements, adds)


def _requirements(data: Any, base: tuple[Control, ...], file: str) -> Mapping[str, Requirement]:
    if not isinstance(data, dict):
        raise ControlError(f"{file}: requirements must be a mapping from clauses")
    stands = {each.id: each.requirement for each in base}
    changed = {}
    for clause, word in data.items():
        if clause not in stands:
            raise ControlError(f"{file}: requirements: the base has no {clause!r}")
        if word not in list(Requirement) or stands[clause] == word:
            raise ControlError(f"{file}: requirements: {clause} is {word!r}, wanted a change")
        changed[clause] = Requirement(word)
    return MappingProxyType(changed)
