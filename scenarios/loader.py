"""Reading scenario packs: strict, and every error names file, line and field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from clinigate.core.case import Label, Provenance, Severity, Split, Turn
from clinigate.errors import PackError
from clinigate.scenarios.pack import (
    EMOTIONS,
    Archetype,
    Attribute,
    Core,
    Group,
    Kind,
    Pack,
    Reviewer,
    Voice,
)
from clinigate.scenarios.text import word_count
from clinigate.scenarios.transforms import TRANSFORMS
from clinigate.scenarios.vocabulary import forbidden_codes, obligation_codes
from clinigate.scenarios.yamlnode import Field, nearest, read_yaml

__all__ = ["PACK_SCHEMA", "builtin_packs", "load_builtin", "load_pack", "load_packs"]

PACK_SCHEMA = "clinigate.pack/1"

_HOME = Path(__file__).parent / "packs"

_MANIFEST = "pack.yaml"
_CORES = "cores"

_PACK_KEYS = (
    *("schema", "id", "version", "kind", "language", "locale", "title"),
    *("provenance", "review", "archetypes"),
)
_ARCHETYPE_KEYS = (
    *("id", "family", "severity", "label"),
    *("obligations", "forbidden", "rationale", "cores"),
)
_PROVENANCE_KEYS = ("author", "method", "date", "source", "licence")

_PACK_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.+-]*", re.IGNORECASE)
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")

_LABELS: dict[Kind, tuple[str, ...]] = {
    Kind.CRISIS: (Label.CRISIS, Label.AMBIGUOUS),
    Kind.HARD_NEGATIVE: (Label.NONE, Label.AMBIGUOUS),
    Kind.EMOTION: EMOTIONS,
    Kind.THERAPEUTIC: (Label.NONE,),
    Kind.COUNTERFACTUAL: (Label.CRISIS, Label.NONE),
}


def builtin_packs() -> tuple[str, ...]:
    """Return the ids of the packs that ship with Clinigate, sorted."""
    files = (path.stem for path in _HOME.glob("*.yaml"))
    return tuple(sorted((*files, *(path.parent.name for path in _HOME.glob(f"*/{_MANIFEST}")))))


@cache
def load_builtin(name: str) -> Pack:
    """Return the built-in pack `name`, as `crisis-en`.

    Raises:
        PackError: no such built-in pack.
    """
    if name not in builtin_packs():
        raise PackError(f"no built-in pack {name!r}{nearest(name, builtin_packs())}")
    folder = _HOME / name
    return load_pack(folder if folder.is_dir() else _HOME / f"{name}.yaml")


def load_packs(sources: Iterable[str | Path]) -> tuple[Pack, ...]:
    """Return the packs in the given order; a source is a built-in pack's id or a file's path.

    Raises:
        PackError: one does not load, none is named, or two share a pack id or a core's id.
    """
    packs: list[Pack] = []
    owner: dict[str, str] = {}
    for source in sources:
        pack = load_builtin(str(source)) if str(source) in builtin_packs() else load_pack(source)
        if any(pack.id == other.id for other in packs):
            raise PackError(f"{source}: id: pack {pack.id!r} is loaded twice; name it once")
        for archetype, core in pack.cores():
            name = archetype.core_id(core)
            if name in owner:
                raise PackError(
                    f"{source}: core {name!r} of pack {pack.id!r} also stands in pack "
                    f"{owner[name]!r}; rename one"
                )
            owner[name] = pack.id
        packs.append(pack)
    if not packs:
        raise PackError(f"no pack named; name a file or one of {', '.join(builtin_packs())}")
    return tuple(packs)


def load_pack(path: str | Path) -> Pack:
    """Return the pack in the YAML file `path`, or in a folder (format: docs/scenarios.md).

    A folder holds `pack.yaml`, and the cores of each archetype that names none there in
    `cores/<archetype>.yaml`.

    Raises:
        PackError: a file cannot be read or breaks the format, or belongs to no archetype; the
            message names file, line and field.
    """
    place = Path(path)
    if not place.is_dir():
        return _pack(read_yaml(place, shown=str(path)), cores=None)
    return _pack(read_yaml(place / _MANIFEST, shown=str(place / _MANIFEST)), cores=place / _CORES)


def _pack(root: Field, *, cores: Path | None) -> Pack:
    fields = root.mapping(_PACK_KEYS, optional=("carriers", "attributes"))
    fields["schema"].one_of((PACK_SCHEMA,), "schema")
    kind = Kind(fields["kind"].one_of(tuple(Kind), "kind"))
    carriers, attributes = _counterfactual_parts(root, fields, kind)
    return Pack(
        id=_match(fields["id"], _PACK_ID, "lower-case words joined by hyphens"),
        version=_match(fields["version"], _VERSION, "three numbers, as 1.0.0"),
        kind=kind,
        language=_match(fields["language"], _LANGUAGE, "a language code, as en"),
        locale=_match(fields["locale"], _LOCALE, "a locale, as en-US"),
        title=fields["title"].text(),
        provenance=_provenance(fields["provenance"]),
        archetypes=_archetypes(fields["archetypes"], kind, cores),
        review=_review(fields["review"]),
        carriers=carriers,
        attributes=attributes,
    )


def _match(field: Field, pattern: re.Pattern[str], wanted: str) -> str:
    value = field.word()
    if not pattern.fullmatch(value):
        field.fail(f"{value!r} is not {wanted}")
    return value


def _provenance(field: Field) -> Provenance:
    fields = field.mapping(_PROVENANCE_KEYS)
    return Provenance(
        author=fields["author"].text(),
        method=fields["method"].one_of(("authored", "composed", "transformed"), "method"),
        date=_match(fields["date"], _DATE, "a date, as 2026-11-21"),
        source=fields["source"].text(),
        licence=fields["licence"].text(),
    )


def _review(field: Field) -> tuple[Reviewer, ...]:
    if not field.is_sequence():
        field.one_of(("none",), "review")
        return ()
    return tuple(_reviewer(item) for item in field.sequence())


def _reviewer(field: Field) -> Reviewer:
    fields = field.mapping(("reviewer", "credential", "date"))
    return Reviewer(
        reviewer=fields["reviewer"].text(),
        credential=fields["credential"].text(),
        date=_match(fields["date"], _DATE, "a date, as 2026-11-21"),
    )


def _archetypes(field: Field, kind: Kind, cores: Path | None) -> tuple[Archetype, ...]:
    found: dict[str, Archetype] = {}
    elsewhere = () if cores is None else (_CORES,)
    wanted = tuple(key for key in _ARCHETYPE_KEYS if key not in elsewhere)
    for item in field.sequence():
        fields = item.mapping(wanted, optional=("transforms", *elsewhere))
        archetype = _archetype(fields, kind, cores)
        if archetype.id in found:
            fields["id"].fail(f"archetype {archetype.id!r} stands twice; rename one")
        found[archetype.id] = archetype
    _refuse_strays(cores, found)
    return tuple(found.values())


def _refuse_strays(cores: Path | None, known: Iterable[str]) -> None:
    """Refuse a file of cores that no archetype would read: it would be skipped in silence."""
    for path in sorted(cores.iterdir()) if cores is not None and cores.is_dir() else ():
        if path.suffix != ".yaml" or path.stem not in known:
            raise PackError(
                f"{path}: belongs to no archetype of pack.yaml; name it <archetype id>.yaml"
                f"{nearest(path.stem, known)}"
            )


def _archetype(fields: dict[str, Field], kind: Kind, cores: Path | None) -> Archetype:
    label = fields["label"].one_of(_LABELS[kind], f"label of a pack of kind {kind}")
    severity = Severity(fields["severity"].one_of(tuple(Severity), "severity"))
    if (label == Label.CRISIS) == (severity is Severity.NONE) and label != Label.AMBIGUOUS:
        fields["severity"].fail(f"{severity.value!r} does not go with label {label!r}")
    allowed = fields.get("transforms")
    name = _match(fields["id"], _NAME, "letters, digits and . _ -")
    if cores is not None and _CORES not in fields:
        place = cores / f"{name}.yaml"
        fields[_CORES] = read_yaml(place, shown=str(place))
    return Archetype(
        id=name,
        family=_match(fields["family"], _NAME, "letters, digits and . _ -"),
        severity=severity,
        label=label,
        obligations=fields["obligations"].words_of(obligation_codes(), "obligation"),
        forbidden=fields["forbidden"].words_of(forbidden_codes(), "forbidden act"),
        rationale=fields["rationale"].text(),
        cores=_cores(fields["cores"]),
        transforms=None if allowed is None else allowed.words_of(TRANSFORMS, "transform"),
    )


def _cores(field: Field) -> tuple[Core, ...]:
    found: dict[str, Core] = {}
    for item in field.sequence():
        fields = item.mapping(("id", "split"), optional=("text", "turns", "voice"))
        core = _core(item, fields)
        if core.id in found:
            fields["id"].fail(f"core {core.id!r} stands twice in this archetype; rename one")
        found[core.id] = core
    return tuple(found.values())


def _core(item: Field, fields: dict[str, Field]) -> Core:
    if ("text" in fields) == ("turns" in fields):
        item.fail("a core has either 'text' or 'turns'; write one of them")
    voice = fields.get("voice")
    return Core(
        id=_match(fields["id"], _NAME, "letters, digits and . _ -"),
        split=Split(fields["split"].one_of(tuple(Split), "split")),
        turns=_turns(fields["turns"])
        if "turns" in fields
        else (Turn(role="user", text=_utterance(fields["text"])),),
        voice=None if voice is None else Voice(voice.one_of(tuple(Voice), "voice")),
    )


def _turns(field: Field) -> tuple[Turn, ...]:
    turns: list[Turn] = []
    for item in field.sequence():
        fields = item.mapping(("role", "text"))
        due: Literal["user", "assistant"] = "user" if len(turns) % 2 == 0 else "assistant"
        role = fields["role"].one_of(("user", "assistant"), "role")
        if role != due:
            fields["role"].fail(f"user and assistant take turns, here the {due}'s is due")
        turns.append(Turn(role=due, text=_utterance(fields["text"])))
    if turns[-1].role != "user":
        field.fail("the last turn must be the user's; add it or drop the assistant's")
    return tuple(turns)


def _utterance(field: Field) -> str:
    text = field.text()
    if not word_count(text):
        field.fail("the text holds no word; write what a person would say")
    return text


def _counterfactual_parts(
    root: Field, fields: dict[str, Field], kind: Kind
) -> tuple[tuple[str, ...], tuple[Attribute, ...]]:
    """Carriers and attributes: a counterfactual pack needs both, any other has neither."""
    for key in ("carriers", "attributes"):
        if kind is Kind.COUNTERFACTUAL and key not in fields:
            root.fail(f"key {key!r} is missing; a pack of kind {kind} needs it")
        if kind is not Kind.COUNTERFACTUAL and key in fields:
            fields[key].fail(f"a pack of kind {kind} has no {key}; remove the key")
    if kind is not Kind.COUNTERFACTUAL:
        return (), ()
    carriers = tuple(_carrier(item) for item in fields["carriers"].sequence())
    attributes = tuple(_attribute(*pair) for pair in fields["attributes"].pairs())
    if not attributes:
        fields["attributes"].fail("no attribute; add one with its groups")
    return carriers, attributes


def _carrier(field: Field) -> str:
    text = field.text()
    if sorted(re.findall(r"[{].*?[}]|[{}]", text)) != ["{marker}", "{statement}"]:
        field.fail("a carrier holds {marker} and {statement} once each, and no other brace")
    return text


def _attribute(name: str, field: Field) -> Attribute:
    groups = tuple(
        Group(name=group, markers=tuple(item.text() for item in markers.sequence()))
        for group, markers in field.pairs()
    )
    if len(groups) < 2:
        field.fail("an attribute needs at least two groups to compare")
    if len({len(group.markers) for group in groups}) != 1:
        field.fail("its groups need equally many markers, as each has its counterpart")
    if len({marker for group in groups for marker in group.markers}) != sum(
        len(group.markers) for group in groups
    ):
        field.fail("a marker stands twice, so that two groups could not be told apart")
    return Attribute(name=name, groups=groups)
