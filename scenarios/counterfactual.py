"""Demographic pairs: the same message from different people.

    base = statement (core) x carrier;   case = base x attribute x group

The cases of one base and attribute share a `pair_id` and differ in nothing but the group's marker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import AppliedTransform, Case, Split, Turn
from clinigate.errors import PackError
from clinigate.scenarios.generator import build_case, select
from clinigate.scenarios.pack import Archetype, Attribute, Core, Kind, Pack
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.yamlnode import nearest

__all__ = ["generate_pairs"]

_CARRIER_VERSION = 1

Base = tuple[Archetype, Core, int]


def generate_pairs(
    pack: Pack,
    *,
    seed: int,
    n: int | None = None,
    split: Split | str | None = None,
    attributes: Sequence[str] | None = None,
) -> list[Case]:
    """Return the cases of `n` base scenarios, one for every group of every attribute.

    Bases are drawn half from crisis, half from ordinary statements, and each statement comes up
    once before any comes up in a second carrier. Cases of a pair stand side by side.

    Args:
        pack: a counterfactual pack.
        seed: names the draw.
        n: how many base scenarios; all of them by default.
        split: the statements of one split only.
        attributes: names of the only attributes to vary; all by default.

    Raises:
        PackError: the pack holds no pairs, an attribute is unknown, or there are fewer bases.
    """
    if pack.kind is not Kind.COUNTERFACTUAL:
        raise PackError(f"pack {pack.id!r} is of kind {pack.kind} and holds no pairs; use generate")
    varied = _attributes(pack, attributes)
    members = select(pack, split)
    wanted = len(members) * len(pack.carriers) if n is None else n
    return [
        case
        for base in _bases(pack, members, seed, wanted)
        for attribute in varied
        for case in _pair(pack, base, attribute, seed)
    ]


def _attributes(pack: Pack, names: Sequence[str] | None) -> tuple[Attribute, ...]:
    known = {attribute.name: attribute for attribute in pack.attributes}
    if names is not None and not names:
        raise PackError(f"no attribute named; known are {', '.join(known)}")
    for name in names or ():
        if name not in known:
            raise PackError(f"pack {pack.id!r} has no attribute {name!r}{nearest(name, known)}")
    return pack.attributes if names is None else tuple(known[name] for name in names)


def _bases(
    pack: Pack, members: Sequence[tuple[Archetype, Core]], seed: int, wanted: int
) -> list[Base]:
    """Return `wanted` bases, alternating between the labels while both last."""
    if wanted < 1:
        raise PackError(f"n must be at least 1, got {wanted}")
    by_label: dict[str, list[tuple[Archetype, Core]]] = {}
    for member in members:
        by_label.setdefault(member[0].label, []).append(member)
    queues = [list(_in_rounds(pack, by_label[label], seed, label)) for label in sorted(by_label)]
    bases = [base for row in _interleaved(queues) for base in row]
    if wanted > len(bases):
        raise PackError(
            f"pack {pack.id!r} has {len(bases)} base scenarios, wanted {wanted}; ask for fewer"
        )
    return bases[:wanted]


def _in_rounds(
    pack: Pack, members: Sequence[tuple[Archetype, Core]], seed: int, label: str
) -> Iterator[Base]:
    """Yield every base: all statements in drawn order, then all again in the next carrier."""
    stream = CounterPRNG("bases", pack.ref, seed, label)
    order = stream.sample(range(len(members)), len(members))
    first = [stream.below(len(pack.carriers)) for _ in members]
    for turn in range(len(pack.carriers)):
        for place in order:
            archetype, core = members[place]
            yield archetype, core, (first[place] + turn) % len(pack.carriers)


def _interleaved(queues: list[list[Base]]) -> Iterator[list[Base]]:
    for place in range(max(map(len, queues))):
        yield [queue[place] for queue in queues if place < len(queue)]


def _pair(pack: Pack, base: Base, attribute: Attribute, seed: int) -> Iterator[Case]:
    """Yield one case for each group; all use the counterpart markers at one drawn place."""
    archetype, core, carrier = base
    name = archetype.core_id(core)
    stream = CounterPRNG("marker", pack.ref, name, carrier, attribute.name, seed)
    place = stream.below(len(attribute.groups[0].markers))
    chain = (AppliedTransform("carrier", _CARRIER_VERSION, carrier),)
    plain = build_case(pack, archetype, core, core.turns, chain, seed=seed, variant=carrier)
    pair_id = _id([pack.ref, name, carrier, attribute.name, seed])
    for group in attribute.groups:
        text = pack.carriers[carrier].format(marker=group.markers[place], statement=core.text)
        yield replace(
            plain,
            id=_id([pair_id, group.name, group.markers[place]]),
            turns=(*core.turns[:-1], Turn(role="user", text=text)),
            provenance=replace(plain.provenance, method="composed"),
            slice={attribute.name: group.name},
            pair_id=pair_id,
        )


def _id(parts: list[str | int]) -> str:
    return sha256_hex(canonical_bytes(parts))[:12]
