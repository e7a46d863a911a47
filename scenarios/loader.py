"""Reading scenario packs: strict, and every error names file, line and field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal

from clinigate.core.case import Label, Severity, Split, Turn
from clinigate.errors import PackError
from clinigate.scenarios.generator import conversation_key
from clinigate.scenarios.origin import match, provenance_of, review_of, utterance
from clinigate.scenarios.pack import (
    EMOTIONS,
    Archetype,
    Core,
    Kind,
    Pack,
    Voice,
)
from clinigate.scenarios.speakers import SPEAKER_KEYS, speakers
from clinigate.scenarios.transforms import TRANSFORMS
from clinigate.scenarios.vocabulary import forbidden_codes, obligation_codes
from clinigate.scenarios.wordings import with_wordings
from clinigate.scenarios.yamlnode import Field, nearest, read_yaml

__all__ = ["PACK_SCHEMA", "builtin_packs", "load_builtin", "load_pack", "load_packs"]

PACK_SCHEMA = "clinigate.pack/1"

_HOME = Path(__file__).parent / "packs"

_MANIFEST = "pack.yaml"
_CORES = "cores"
_WORDINGS = "wordings"
_FOLDERS = (_CORES, _WORDINGS)

_PACK_KEYS = (
    *("schema", "id", "version", "kind", "language", "locale", "title"),
    *("provenance", "review", "archetypes"),
)
_ARCHETYPE_KEYS = (
    *("id", "family", "severity", "label"),
    *("obligations", "forbidden", "rationale", "cores"),
)

_PACK_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME = re.compile(r"[a-z0-9][a-z0-9_.+-]*", re.IGNORECASE)
_VERSION = re.compile(r"\d+\.\d+\.\d+")
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
        PackError: one does not load, none is named, or two share a pack id, a core's id or a core's
            text, which would count one wording as two.
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
    if len(packs) > 1:
        _refuse_shared_texts(packs)
    return tuple(packs)


def _refuse_shared_texts(packs: Iterable[Pack]) -> None:
    """Refuse a text that two packs of one kind hold: it would count as two wordings."""
    first: dict[tuple[Kind, str], tuple[str, str]] = {}
    for pack in packs:
        for archetype, core in pack.cores():
            name, said = archetype.core_id(core), (pack.kind, conversation_key(core.turns))
            owner, other = first.setdefault(said, (pack.id, name))
            if owner != pack.id:
                raise PackError(
                    f"core {name!r} of pack {pack.id!r} says the same as core {other!r} of pack "
                    f"{owner!r}, and would count as a second wording; remove one"
                )


def load_pack(path: str | Path) -> Pack:
    """Return the pack in the YAML file `path`, or in a folder (format: docs/scenarios.md).

    A folder holds `pack.yaml`, and the cores of each archetype that names none there in
    `cores/<archetype>.yaml`; a counterfactual pack's may hold `wordings/<attribute>.yaml`.

    Raises:
        PackError: a file cannot be read or breaks the format, or belongs to no archetype; the
            message names file, line and field.
    """
    place = Path(path)
    if not place.is_dir():
        return _pack(read_yaml(place, shown=str(path)), cores=None)
    root = read_yaml(place / _MANIFEST, shown=str(place / _MANIFEST))
    _refuse_misnamed(place)
    return with_wordings(_pack(root, cores=place / _CORES), place / _WORDINGS)


def _pack(root: Field, *, cores: Path | None) -> Pack:
    fields = root.mapping(_PACK_KEYS, optional=SPEAKER_KEYS)
    fields["schema"].one_of((PACK_SCHEMA,), "schema")
    kind = Kind(fields["kind"].one_of(tuple(Kind), "kind"))
    carriers, attributes = speakers(root, fields, kind)
    return Pack(
        id=match(fields["id"], _PACK_ID, "lower-case words joined by hyphens"),
        version=match(fields["version"], _VERSION, "three numbers, as 1.0.0"),
        kind=kind,
        language=match(fields["language"], _LANGUAGE, "a language code, as en"),
        locale=match(fields["locale"], _LOCALE, "a locale, as en-US"),
        title=fields["title"].text(),
        provenance=provenance_of(fields["provenance"]),
        archetypes=_archetypes(fields["archetypes"], kind, cores),
        review=review_of(fields["review"]),
        carriers=carriers,
        attributes=attributes,
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


def _refuse_misnamed(folder: Path) -> None:
    """Refuse a folder `core` or `wording`: what is in it would be skipped in silence."""
    for path in sorted(folder.iterdir()):
        meant = get_close_matches(path.name.casefold(), _FOLDERS, n=1, cutoff=0.8)
        if meant and path.name not in _FOLDERS and path.is_dir():
            raise PackError(f"{path}: nothing reads this folder; name it {meant[0]}, or move it")


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
    name = match(fields["id"], _NAME, "letters, digits and . _ -")
    if cores is not None:
        place = cores / f"{name}.yaml"
        if _CORES not in fields:
            fields[_CORES] = read_yaml(place, shown=str(place))
        elif place.exists():
            fields[_CORES].fail(f"{place} has cores of {name!r} too; keep one place")
    return Archetype(
        id=name,
        family=match(fields["family"], _NAME, "letters, digits and . _ -"),
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
        id=match(fields["id"], _NAME, "letters, digits and . _ -"),
        split=Split(fields["split"].one_of(tuple(Split), "split")),
        turns=_turns(fields["turns"])
        if "turns" in fields
        else (Turn(role="user", text=utterance(fields["text"])),),
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
        turns.append(Turn(role=due, text=utterance(fields["text"])))
    if turns[-1].role != "user":
        field.fail("the last turn must be the user's; add it or drop the assistant's")
    return tuple(turns)
