"""Counterfactuals: the same message from different people.

    stated attribute:  base = statement (core) x carrier;  case = base x group's marker
    wording:           base = statement;                   case = its words as the group's

The cases of one base and attribute share a `pair_id` and differ in nothing but the group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import AppliedTransform, Case, Label, Review, Split, Turn
from clinigate.errors import PackError
from clinigate.scenarios.generator import build_case, select
from clinigate.scenarios.pack import Archetype, Attribute, Core, Kind, Pack, Wording
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.yamlnode import nearest

__all__ = ["CARRIER", "WORDING", "base_count", "generate_pairs"]

CARRIER = "carrier"
"""Name of the step that put a statement into a sentence about the speaker."""
WORDING = "wording"
"""Name of the step that put a statement into the words of the speaker's group."""

_CARRIER_VERSION = 1
_WORDING_VERSION = 1

Varied = Attribute | Wording
Member = tuple[Archetype, Core]
Base = tuple[Archetype, Core, int]


def generate_pairs(
    pack: Pack,
    *,
    seed: int,
    n: int | None = None,
    split: Split | str | None = None,
    attributes: Sequence[str] | None = None,
) -> list[Case]:
    """Return the cases of `n` base scenarios of each attribute, one for every group.

    Bases are drawn half from crisis, half from ordinary statements, anew for each attribute, and
    each statement comes up once before any comes up in a second carrier. Cases of a pair stand
    side by side.

    Args:
        pack: a counterfactual pack.
        seed: names the draw.
        n: how many base scenarios of each attribute; all of them by default. Not named, a wording
            of fewer statements gives all it has.
        split: the statements of one split only.
        attributes: names of the only attributes, intersections and wordings to vary; all by
            default.

    Raises:
        PackError: the pack holds no pairs, an attribute is unknown, or it has fewer bases.
    """
    _refuse_other_kinds(pack)
    if n is not None and n < 1:
        raise PackError(f"n must be at least 1, got {n}")
    cases: list[Case] = []
    for varied in _varied(pack, attributes):
        most = base_count(pack, varied.name, split)
        spares = attributes is None and isinstance(varied, Wording)
        wanted = most if n is None or (spares and most < n) else n
        if wanted or not spares:
            cases += _cases(pack, varied, seed, wanted, split)
    return cases


def base_count(pack: Pack, attribute: str, split: Split | str | None = None) -> int:
    """Return how many base scenarios `pack` has of an attribute, an intersection or a wording.

    Raises:
        PackError: the pack holds no pairs, or no such attribute.
    """
    _refuse_other_kinds(pack)
    (varied,) = _varied(pack, (attribute,))
    members = _members(pack, varied, split)
    return len(members) * (len(pack.carriers) if isinstance(varied, Attribute) else 1)


def _refuse_other_kinds(pack: Pack) -> None:
    if pack.kind is not Kind.COUNTERFACTUAL:
        raise PackError(f"pack {pack.id!r} is of kind {pack.kind} and holds no pairs; use generate")


def _varied(pack: Pack, names: Sequence[str] | None) -> tuple[Varied, ...]:
    every: tuple[Varied, ...] = (*pack.attributes, *pack.wordings)
    known = {varied.name: varied for varied in every}
    if names is not None and not names:
        raise PackError(f"no attribute named; known are {', '.join(known)}")
    for name in names or ():
        if name not in known:
            raise PackError(f"pack {pack.id!r} has no attribute {name!r}{nearest(name, known)}")
    return every if names is None else tuple(known[name] for name in names)


def _members(pack: Pack, varied: Varied, split: Split | str | None) -> list[Member]:
    members = select(pack, split)
    if isinstance(varied, Attribute):
        return members
    worded = {rewording.core for rewording in varied.rewordings}
    return [member for member in members if member[0].core_id(member[1]) in worded]


def _cases(
    pack: Pack, varied: Varied, seed: int, wanted: int, split: Split | str | None
) -> Iterator[Case]:
    carriers = len(pack.carriers) if isinstance(varied, Attribute) else 1
    stream = ("bases", pack.ref, seed, varied.name)
    bases = _bases(_members(pack, varied, split), carriers, wanted, stream)
    if not bases or len(bases) < wanted:
        raise PackError(
            f"pack {pack.id!r} has {len(bases)} base scenarios of {varied.name!r}, "
            f"wanted {wanted or 'some'}; ask for fewer"
        )
    if isinstance(varied, Attribute):
        for base in bases:
            yield from _stated(pack, base, varied, seed)
        return
    texts = {rewording.core: rewording.texts for rewording in varied.rewordings}
    for base in bases:
        yield from _worded(pack, base, varied, texts, seed)


def _bases(
    members: Sequence[Member], carriers: int, wanted: int, stream: tuple[str | int, ...]
) -> list[Base]:
    """Return up to `wanted` bases, alternating between the labels while both last."""
    by_label: dict[str, list[Member]] = {}
    for member in members:
        by_label.setdefault(member[0].label, []).append(member)
    queues = [
        list(_in_rounds(by_label[label], carriers, CounterPRNG(*stream, label)))
        for label in sorted(by_label)
    ]
    bases = [base for row in _interleaved(queues) for base in row]
    return bases[:wanted]


def _in_rounds(members: Sequence[Member], carriers: int, stream: CounterPRNG) -> Iterator[Base]:
    """Yield every base: all statements in drawn order, then all again in the next carrier."""
    order = stream.sample(range(len(members)), len(members))
    first = [stream.below(carriers) for _ in members]
    for turn in range(carriers):
        for place in order:
            archetype, core = members[place]
            yield archetype, core, (first[place] + turn) % carriers


def _interleaved(queues: list[list[Base]]) -> Iterator[list[Base]]:
    for place in range(max(map(len, queues), default=0)):
        yield [queue[place] for queue in queues if place < len(queue)]


def _stated(pack: Pack, base: Base, attribute: Attribute, seed: int) -> Iterator[Case]:
    """Yield one case for each group; all use the counterpart markers at one drawn place."""
    archetype, core, carrier = base
    name = archetype.core_id(core)
    stream = CounterPRNG("marker", pack.ref, name, carrier, attribute.name, seed)
    place = stream.below(len(attribute.groups[0].markers))
    chain = (AppliedTransform(CARRIER, _CARRIER_VERSION, carrier),)
    plain = build_case(pack, archetype, core, core.turns, chain, seed=seed, variant=carrier)
    plain = replace(plain, provenance=replace(plain.provenance, method="composed"))
    pair_id = _id([pack.ref, name, carrier, attribute.name, seed])
    for group in attribute.groups:
        marker = group.markers[place]
        text = pack.carriers[carrier].format(marker=marker, statement=core.text)
        speaker = dict(zip(attribute.of, group.parts, strict=True))
        yield _told(plain, pair_id, text, speaker, group.name, marker)


def _worded(
    pack: Pack, base: Base, wording: Wording, texts: Mapping[str, Sequence[str]], seed: int
) -> Iterator[Case]:
    """Yield one case for each group, in its own words."""
    archetype, core, _ = base
    name = archetype.core_id(core)
    chain = (AppliedTransform(WORDING, _WORDING_VERSION, 0),)
    plain = replace(
        build_case(pack, archetype, core, core.turns, chain, seed=seed, variant=0),
        provenance=wording.provenance,
        review=tuple(
            Review(
                each.reviewer,
                each.credential,
                Label(archetype.label),
                archetype.severity,
                each.date,
            )
            for each in wording.review
        ),
    )
    pair_id = _id([pack.ref, name, WORDING, wording.name, seed])
    for group, text in zip(wording.groups, texts[name], strict=True):
        yield _told(plain, pair_id, text, {wording.name: group}, group, text)


def _told(plain: Case, pair_id: str, text: str, speaker: Mapping[str, str], *group: str) -> Case:
    return replace(
        plain,
        id=_id([pair_id, *group]),
        turns=(*plain.turns[:-1], Turn(role="user", text=text)),
        slice=speaker,
        pair_id=pair_id,
    )


def _id(parts: list[str | int]) -> str:
    return sha256_hex(canonical_bytes(parts))[:12]
