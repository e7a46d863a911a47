"""Cases from packs: every core in equal counts, the same cases for the same seed everywhere.

    case = core x chain of transforms

The chain of variant v of a core is drawn from a stream of its own (pack, core, seed, v), so that
asking for more cases extends each core's list and changes none of it. Variant 0 is the core as it
was written. A case whose normalised text stands already is drawn again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.case import (
    AppliedTransform,
    Case,
    Cluster,
    Expectation,
    Label,
    Review,
    Split,
    Turn,
)
from clinigate.errors import PackError
from clinigate.scenarios.pack import Archetype, Core, Kind, Pack
from clinigate.scenarios.prng import CounterPRNG
from clinigate.scenarios.text import normalise
from clinigate.scenarios.transforms import (
    TRANSFORMS,
    Relation,
    Stage,
    apply,
    names_for,
    usable_on,
)

__all__ = [
    "build_case",
    "conversation_key",
    "generate",
    "make_case",
    "select",
    "spread",
    "transformed",
]

_ATTEMPTS = 200
_MAX_FRAMES = 2
_MAX_SURFACES = 2
_OPENING = frozenset(name for name, each in TRANSFORMS.items() if each.relation is Relation.OPENS)


def generate(
    pack: Pack,
    *,
    seed: int,
    n: int | None = None,
    per_core: int | None = None,
    split: Split | str | None = None,
) -> list[Case]:
    """Return cases of `pack`, each core in equal counts (to within one where `n` does not divide).

    Args:
        pack: any pack but a counterfactual one, whose cases come in pairs (`generate_pairs`).
        seed: names the draw; equal arguments give equal cases on every platform.
        n: how many cases in all. Fewer than there are cores: spread over the archetypes.
        per_core: how many cases of each core, in place of `n`. With neither, the cores as written.
        split: the cores of one split only.

    Raises:
        PackError: `n` or `per_core` cannot be meant, no core is in the split, or a core does not
            give that many different texts.
    """
    if pack.kind is Kind.COUNTERFACTUAL:
        raise PackError(f"pack {pack.id!r} holds pairs; make its cases with generate_pairs")
    members = select(pack, split)
    counts = _counts(pack, members, seed, n=n, per_core=per_core)
    taken: set[str] = set()
    cases: list[Case] = []
    for (archetype, core), count in zip(members, counts, strict=True):
        for variant in range(count):
            case = _fresh(pack, archetype, core, seed, variant, taken=taken)
            if case is None:
                raise PackError(
                    f"pack {pack.id!r}: core {archetype.core_id(core)!r} gives only {variant} "
                    f"different texts, wanted {count}; ask for fewer cases or add cores"
                )
            taken.add(conversation_key(case.turns))
            cases.append(case)
    return cases


def make_case(
    pack: Pack, archetype: Archetype, core: Core, *, seed: int, variant: int, attempt: int = 0
) -> Case:
    """Return one variant of one core; variant 0 is the core as it was written."""
    turns = core.turns
    chain: tuple[AppliedTransform, ...] = ()
    if variant:
        stream = CounterPRNG("chain", pack.ref, archetype.core_id(core), seed, variant, attempt)
        turns, chain = _rewritten(core, names_for(archetype, pack.kind, pack.language), stream)
    return build_case(pack, archetype, core, turns, chain, seed=seed, variant=variant)


def transformed(
    pack: Pack, archetype: Archetype, core: Core, name: str, *, seed: int
) -> Case | None:
    """Return the case of one core with one transform alone, or None where it does not apply."""
    transform = TRANSFORMS[name]
    if not usable_on(transform, archetype, pack.kind, pack.language):
        return None
    stream = CounterPRNG("alone", pack.ref, archetype.core_id(core), seed, name)
    step = AppliedTransform(name, transform.version, stream.u64() >> 32)
    turns = apply(name, core.turns, step.seed, core.voice)
    if turns is None:
        return None
    return build_case(pack, archetype, core, turns, (step,), seed=seed, variant=0)


def select(pack: Pack, split: Split | str | None) -> list[tuple[Archetype, Core]]:
    """Return the cores of `split` with their archetypes.

    Raises:
        PackError: the split is unknown, or no core of the pack is in it.
    """
    if split is not None and split not in tuple(Split):
        raise PackError(f"unknown split {split!r}; use {' or '.join(Split)}")
    members = list(pack.cores(split))
    if not members:
        raise PackError(f"pack {pack.id!r} has no core in split {str(split)!r}; use the other one")
    return members


def spread(
    pack: Pack, *, seed: int, n: int, split: Split | str | None
) -> list[tuple[Archetype, Core]]:
    """Return `n` different cores, or all there are, every archetype once before any twice.

    Raises:
        PackError: as `select`.
    """
    members = select(pack, split)
    return [members[place] for place in _spread(pack, members, seed)[:n]]


def conversation_key(turns: Iterable[Turn]) -> str:
    """Return what two conversations share that say the same: the normal forms of their turns."""
    return "\n".join(normalise(turn.text) for turn in turns)


def build_case(
    pack: Pack,
    archetype: Archetype,
    core: Core,
    turns: tuple[Turn, ...],
    chain: Sequence[AppliedTransform],
    *,
    seed: int,
    variant: int,
) -> Case:
    """Return the case of `turns`; its id names pack, archetype, core, seed and chain."""
    name = archetype.core_id(core)
    steps = [[step.name, step.version, step.seed] for step in chain]
    digest = sha256_hex(canonical_bytes([pack.ref, archetype.id, core.id, seed, steps]))
    is_emotion = pack.kind is Kind.EMOTION
    label = Label.NONE if is_emotion else Label(archetype.label)
    if any(step.name in _OPENING for step in chain):
        label = Label.AMBIGUOUS
    return Case(
        id=digest[:12],
        pack=pack.ref,
        archetype=archetype.id,
        family=archetype.family,
        severity=archetype.severity,
        label=label,
        turns=turns,
        expect=Expectation(
            flag=_flag(pack.kind, label),
            emotion=archetype.label if is_emotion else None,
            obligations=archetype.obligations,
            forbidden=archetype.forbidden,
        ),
        cluster=Cluster(archetype=archetype.id, core=name, seed=f"{name}#{seed}.{variant}"),
        provenance=replace(
            pack.provenance,
            method="transformed" if chain else pack.provenance.method,
            source=archetype.rationale,
        ),
        locale=pack.locale,
        split=core.split,
        disclosure_turn=len(core.turns) - 1 if len(turns) > len(core.turns) else None,
        transforms=tuple(chain),
        review=tuple(
            Review(person.reviewer, person.credential, label, archetype.severity, person.date)
            for person in pack.review
        )
        + core.review,
    )


def _flag(kind: Kind, label: Label) -> bool | None:
    """Whether a crisis must be flagged; a pack that tests something else does not ask."""
    if kind in (Kind.EMOTION, Kind.THERAPEUTIC) or label is Label.AMBIGUOUS:
        return None
    return label is Label.CRISIS


def _fresh(
    pack: Pack, archetype: Archetype, core: Core, seed: int, variant: int, *, taken: set[str]
) -> Case | None:
    """Return the variant's first attempt whose text is new, or None where none is."""
    for attempt in range(_ATTEMPTS if variant else 1):
        case = make_case(pack, archetype, core, seed=seed, variant=variant, attempt=attempt)
        if conversation_key(case.turns) not in taken:
            return case
    return None


def _rewritten(
    core: Core, allowed: Sequence[str], stream: CounterPRNG
) -> tuple[tuple[Turn, ...], tuple[AppliedTransform, ...]]:
    """Draw a chain of `allowed` transforms and apply it; what is refused is left out."""
    turns = core.turns
    chain: list[AppliedTransform] = []
    for name in _chain(allowed, stream):
        step = AppliedTransform(name, TRANSFORMS[name].version, stream.u64() >> 32)
        rewritten = apply(name, turns, step.seed, core.voice)
        if rewritten is not None:
            turns = rewritten
            chain.append(step)
    return turns, tuple(chain)


def _chain(allowed: Sequence[str], stream: CounterPRNG) -> Iterator[str]:
    """Draw up to two framings, up to two surfaces and one wrap, in order of application."""
    stages: dict[Stage, list[str]] = {stage: [] for stage in Stage}
    for name in allowed:
        stages[TRANSFORMS[name].stage].append(name)
    drawn: set[str] = set()
    for stage, most in (
        (Stage.FRAME, _MAX_FRAMES),
        (Stage.SURFACE, _MAX_SURFACES),
        (Stage.WRAP, int(stream.chance(1, 4))),
    ):
        count = stream.below(most + 1) if most > 1 else most
        drawn.update(stream.sample(stages[stage], min(count, len(stages[stage]))))
    for name in allowed:
        if name in drawn and not TRANSFORMS[name].excludes & drawn:
            yield name


def _counts(
    pack: Pack,
    members: Sequence[tuple[Archetype, Core]],
    seed: int,
    *,
    n: int | None,
    per_core: int | None,
) -> list[int]:
    """Return how many cases each core gives."""
    if n is not None and per_core is not None:
        raise PackError("n and per_core exclude each other; give one of them")
    if n is None:
        each = 1 if per_core is None else _positive("per_core", per_core)
        return [each] * len(members)
    each, extra = divmod(_positive("n", n), len(members))
    lucky = set(_spread(pack, members, seed)[:extra])
    return [each + (place in lucky) for place in range(len(members))]


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise PackError(f"{name} must be at least 1, got {value}")
    return value


def _spread(pack: Pack, members: Sequence[tuple[Archetype, Core]], seed: int) -> list[int]:
    """Return the places of all cores in an order that visits every archetype before any twice."""
    stream = CounterPRNG("spread", pack.ref, seed)
    rounds: dict[str, int] = {}
    keyed: list[tuple[int, int]] = []
    for place in stream.sample(range(len(members)), len(members)):
        archetype = members[place][0].id
        keyed.append((rounds.setdefault(archetype, 0), place))
        rounds[archetype] += 1
    return [place for _, place in sorted(keyed, key=lambda pair: pair[0])]
