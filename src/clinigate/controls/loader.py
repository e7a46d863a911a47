"""Read catalogues from YAML, strictly: a citation that is misspelt must not load."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from clinigate.controls.catalogue import Control, ControlCatalogue
from clinigate.core.codec import from_plain
from clinigate.errors import ControlError

__all__ = ["BUILT_IN", "load_catalogue", "parse_catalogue"]

#: The catalogues that Clinigate ships, in the order in which reports list them.
BUILT_IN = (
    "hipaa-security",
    "hipaa-breach",
    "hipaa-privacy",
    "part11",
    "gdpr",
    "soc2",
    "slo",
)

#: libyaml's where it is there: every command that writes evidence reads the catalogues.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

SCHEMA = "clinigate.controls/1"
_HEAD = ("schema", "catalogue", "title", "prefix", "source", "controls")
_ROW = ("id", "title", "requirement", "mode", "fresh_days")


@cache
def load_catalogue() -> ControlCatalogue:
    """Return every control that Clinigate ships; read once, when first asked for.

    Raises:
        ControlError: a shipped catalogue is missing or malformed.
    """
    folder = files("clinigate.controls.catalogues")
    controls: list[Control] = []
    for name in BUILT_IN:
        file = f"{name}.yaml"
        controls += parse_catalogue((folder / file).read_text(encoding="utf-8"), file)
    return ControlCatalogue(controls)


def parse_catalogue(text: str, file: str) -> tuple[Control, ...]:
    """Return the controls of one catalogue in YAML.

    Args:
        text: the YAML.
        file: its name, for messages.

    Raises:
        ControlError: not YAML, no such catalogue, or a control that is malformed; file and control
            are named.
    """
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise ControlError(f"{file}: not YAML: {error}") from error
    head = _exactly(data, _HEAD, file)
    if head["schema"] != SCHEMA:
        raise ControlError(f"{file}: schema is {head['schema']!r}, wanted {SCHEMA!r}")
    rows = head["controls"]
    if not isinstance(rows, list) or not rows:
        raise ControlError(f"{file}: controls must be a list with at least one control")
    return tuple(
        _control(row, head, f"{file}: control {number}") for number, row in enumerate(rows, 1)
    )


def _control(row: Any, head: Mapping[str, Any], where: str) -> Control:
    fields = _exactly(row, _ROW, where, optional=("fresh_days",))
    if not isinstance(fields["id"], str):
        raise ControlError(
            f"{where}: id is {fields['id']!r}; put it in quotes, YAML reads 164.410 as a number"
        )
    plain = {**fields, "catalogue": head["catalogue"], "prefix": head["prefix"]}
    try:
        control = from_plain(Control, plain)
    except ValueError as error:
        raise ControlError(f"{where}: {error}") from error
    if not control.id or control.id != control.id.strip() or not control.title.strip():
        raise ControlError(f"{where}: id and title must be texts without blanks around them")
    if control.fresh_days is not None and control.fresh_days < 1:
        raise ControlError(f"{where}: fresh_days is {control.fresh_days}, it must be at least 1")
    return control


def _exactly(
    data: Any, keys: tuple[str, ...], where: str, *, optional: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise ControlError(f"{where}: wanted a mapping with {', '.join(keys)}")
    unknown = [str(key) for key in data if key not in keys]
    if unknown:
        raise ControlError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(keys)}")
    missing = [key for key in keys if key not in data and key not in optional]
    if missing:
        raise ControlError(f"{where}: {missing[0]} is missing")
    return data
