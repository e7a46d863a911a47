"""The two word tables beside the packs: obligation codes and the wording of the transforms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from clinigate.scenarios.pack import Voice
from clinigate.scenarios.yamlnode import Field, read_yaml

__all__ = ["Aside", "Remark", "Wording", "forbidden_codes", "obligation_codes", "wording"]

_HOME = Path(__file__).parent
_TEXT = "{}"


@dataclass(frozen=True, slots=True)
class Remark:
    """A sentence about the writer; with a voice it fits only cores of that voice or of none."""

    text: str
    voice: Voice | None = None


@dataclass(frozen=True, slots=True)
class Aside:
    """A harmless thing that a user says, and a neutral answer to it."""

    user: str
    reply: str


@dataclass(frozen=True, slots=True)
class Wording:
    """What the transforms put in or exchange (`wording.yaml` says what each list is)."""

    openers: tuple[str, ...]
    preambles: tuple[str, ...]
    contexts: tuple[Remark, ...]
    life: tuple[Remark, ...]
    wraps_es: tuple[str, ...]
    openers_es: tuple[str, ...]
    injections: tuple[str, ...]
    denials: tuple[str, ...]
    emoji: tuple[str, ...]
    slang: Mapping[str, str]
    algospeak: Mapping[str, str]
    homophones: Mapping[str, str]
    small_talk: tuple[Aside, ...]


def obligation_codes() -> Mapping[str, str]:
    """Return what a reply may owe: code to plain text."""
    return _codes()[0]


def forbidden_codes() -> Mapping[str, str]:
    """Return what a reply must not do: code to plain text."""
    return _codes()[1]


@cache
def wording() -> Wording:
    """Return the wording of the transforms."""
    lists = ("openers", "preambles", "wraps_es", "openers_es", "injections", "denials", "emoji")
    remarks = ("contexts", "life")
    tables = ("slang", "algospeak", "homophones")
    root = read_yaml(_HOME / "wording.yaml", shown="wording.yaml")
    fields = root.mapping(("schema", *lists, *remarks, *tables, "small_talk"))
    fields["schema"].one_of(("clinigate.wording/1",), "schema")
    texts = {name: tuple(item.text() for item in fields[name].sequence()) for name in lists}
    people = {name: tuple(map(_remark, fields[name].sequence())) for name in remarks}
    for name in ("wraps_es", "injections", "denials"):
        for item in fields[name].sequence():
            if item.text().count(_TEXT) != 1:
                item.fail(f"wanted {_TEXT} once, where the message goes")
    maps = {name: _table(fields[name]) for name in tables}
    asides = tuple(map(_aside, fields["small_talk"].sequence()))
    return Wording(
        openers=texts["openers"],
        preambles=texts["preambles"],
        contexts=people["contexts"],
        life=people["life"],
        wraps_es=texts["wraps_es"],
        openers_es=texts["openers_es"],
        injections=texts["injections"],
        denials=texts["denials"],
        emoji=texts["emoji"],
        slang=maps["slang"],
        algospeak=maps["algospeak"],
        homophones=maps["homophones"],
        small_talk=asides,
    )


@cache
def _codes() -> tuple[Mapping[str, str], Mapping[str, str]]:
    root = read_yaml(_HOME / "obligations.yaml", shown="obligations.yaml")
    fields = root.mapping(("schema", "obligations", "forbidden"))
    fields["schema"].one_of(("clinigate.obligations/1",), "schema")
    return _table(fields["obligations"]), _table(fields["forbidden"])


def _remark(field: Field) -> Remark:
    fields = field.mapping(("text",), optional=("voice",))
    voice = fields.get("voice")
    return Remark(
        text=fields["text"].text(),
        voice=None if voice is None else Voice(voice.one_of(tuple(Voice), "voice")),
    )


def _aside(field: Field) -> Aside:
    fields = field.mapping(("user", "reply"))
    return Aside(user=fields["user"].text(), reply=fields["reply"].text())


def _table(field: Field) -> Mapping[str, str]:
    return MappingProxyType({key: value.text() for key, value in field.pairs()})
