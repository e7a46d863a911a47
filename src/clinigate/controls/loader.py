"""Read catalogues from YAML, strictly: a citation that is misspelt must not load."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from clinigate.controls.catalogue import CatalogueHead, Control, ControlCatalogue
from clinigate.controls.citation import check_citation
from clinigate.core.codec import from_plain
from clinigate.errors import ControlError

__all__ = [
    "BUILT_IN",
    "exactly",
    "load_catalogue",
    "load_heads",
    "parse_catalogue",
    "read_control",
    "read_head",
    "read_yaml",
]

#: The catalogues that Clinigate ships, in the order in which reports list them.
BUILT_IN = (
    "hipaa-security",
    "hipaa-breach",
    "hipaa-privacy",
    "hipaa-safe-harbor",
    "part2",
    "part11",
    "gdpr",
    "soc2",
    "slo",
)

SCHEMA = "clinigate.controls/1"
_HEAD = ("schema", "catalogue", "title", "prefix", "source", "grammar", "revised", "controls")
_REVISED = re.compile(r"\d{4}-\d{2}-\d{2}")
_ROW = ("id", "title", "requirement", "mode", "fresh_days")


@cache
def load_catalogue() -> ControlCatalogue:
    """Return every control that Clinigate ships; read once, when first asked for.

    Raises:
        ControlError: a shipped catalogue is missing or malformed.
    """
    controls: list[Control] = []
    for name in BUILT_IN:
        controls += parse_catalogue(_shipped(name), f"{name}.yaml")
    return ControlCatalogue(controls)


@cache
def load_heads() -> tuple[CatalogueHead, ...]:
    """Return what each shipped catalogue says of itself, in their order.

    Raises:
        ControlError: a shipped catalogue is missing or malformed.
    """
    return tuple(_opened(_shipped(name), f"{name}.yaml")[0] for name in BUILT_IN)


def _shipped(name: str) -> str:
    file = files("clinigate.controls.catalogues") / f"{name}.yaml"
    return file.read_text(encoding="utf-8")


def parse_catalogue(text: str, file: str) -> tuple[Control, ...]:
    """Return the controls of one catalogue in YAML.

    Args:
        text: the YAML.
        file: its name, for messages.

    Raises:
        ControlError: not YAML, no such catalogue, or a control that is malformed; file and control
            are named.
    """
    head, rows = _opened(text, file)
    return tuple(
        read_control(row, head, f"{file}: control {number}") for number, row in enumerate(rows, 1)
    )


def read_yaml(text: str, file: str) -> Any:
    """Return what YAML holds.

    Raises:
        ControlError: it is none.
    """
    import yaml  # a report's table names clauses and reads no catalogue

    # libyaml's where it is there: every command that writes evidence reads the catalogues.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader, in C where there is one
    except yaml.YAMLError as error:
        raise ControlError(f"{file}: not YAML: {error}") from error


def _opened(text: str, file: str) -> tuple[CatalogueHead, list[Any]]:
    data = exactly(read_yaml(text, file), _HEAD, file)
    if data["schema"] != SCHEMA:
        raise ControlError(f"{file}: schema is {data['schema']!r}, wanted {SCHEMA!r}")
    rows = data["controls"]
    if not isinstance(rows, list) or not rows:
        raise ControlError(f"{file}: controls must be a list with at least one control")
    return read_head(data, file), rows


def read_head(data: Mapping[str, Any], file: str) -> CatalogueHead:
    """Return what a catalogue says of itself.

    Raises:
        ControlError: a text is none, or `revised` is no day.
    """
    if not isinstance(data["revised"], str) or not _REVISED.fullmatch(data["revised"]):
        raise ControlError(f'{file}: revised is {data["revised"]!r}, wanted a day, as "2026-11-22"')
    named = {key: data[key] for key in ("title", "prefix", "source", "grammar", "revised")}
    try:
        return from_plain(CatalogueHead, {"name": data["catalogue"], **named})
    except ValueError as error:
        raise ControlError(f"{file}: {error}") from error


def read_control(row: Any, head: CatalogueHead, where: str) -> Control:
    """Return one control of a catalogue.

    Raises:
        ControlError: it is malformed; the place is named.
    """
    fields = exactly(row, _ROW, where, optional=("fresh_days",))
    if not isinstance(fields["id"], str):
        raise ControlError(
            f"{where}: id is {fields['id']!r}; put it in quotes, YAML reads 164.410 as a number"
        )
    plain = {**fields, "catalogue": head.name, "prefix": head.prefix}
    try:
        control = from_plain(Control, plain)
    except ValueError as error:
        raise ControlError(f"{where}: {error}") from error
    if not control.id or control.id != control.id.strip() or not control.title.strip():
        raise ControlError(f"{where}: id and title must be texts without blanks around them")
    try:
        check_citation(control.id, head.grammar)
    except ControlError as error:
        raise ControlError(f"{where}: {error}") from None
    if control.fresh_days is not None and control.fresh_days < 1:
        raise ControlError(f"{where}: fresh_days is {control.fresh_days}, it must be at least 1")
    return control


def exactly(
    data: Any, keys: tuple[str, ...], where: str, *, optional: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """Return a mapping that has these keys and no others.

    Raises:
        ControlError: it is none, or a key is unknown or missing; the place is named.
    """
    if not isinstance(data, dict):
        raise ControlError(f"{where}: wanted a mapping with {', '.join(keys)}")
    unknown = [str(key) for key in data if key not in keys]
    if unknown:
        raise ControlError(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(keys)}")
    missing = [key for key in keys if key not in data and key not in optional]
    if missing:
        raise ControlError(f"{where}: {missing[0]} is missing")
    return data
