"""Which cases a plan puts to a target: packs, sizes, split. The same plan draws the same cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import MappingProxyType

from clinigate.core.case import Case, Label, Split
from clinigate.core.plan import Plan, Profile
from clinigate.core.results import PackUse
from clinigate.errors import PackError
from clinigate.scenarios.counterfactual import generate_pairs
from clinigate.scenarios.generator import generate, make_case, select, spread, transformed
from clinigate.scenarios.loader import builtin_packs, load_packs
from clinigate.scenarios.pack import Archetype, Core, Kind, Pack
from clinigate.scenarios.review import with_reviews
from clinigate.scenarios.transforms import TRANSFORMS
from clinigate.scenarios.yamlnode import nearest

__all__ = [
    "Twin",
    "crises",
    "detection",
    "emotions",
    "empathy",
    "exposure",
    "idioms",
    "is_seen",
    "nothing",
    "packs_used",
    "pairs",
    "robustness",
    "therapy",
    "timing",
]

_BUILT_IN: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        Kind.CRISIS: ("crisis-en",),
        Kind.HARD_NEGATIVE: ("hard-negatives-en",),
        Kind.EMOTION: ("emotion-en",),
        Kind.THERAPEUTIC: ("therapeutic-en",),
        Kind.COUNTERFACTUAL: ("counterfactual-en",),
    }
)


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Cases to draw. What the full profile's figures rest on stands beside them."""

    crises: int
    ordinary: int
    bases: int
    emotions: int
    therapy: int
    idioms: int
    empathy: int
    safety: int
    twins: int
    timed_crises: int
    timed_ordinary: int


_SIZES: Mapping[Profile, _Sizes] = MappingProxyType(
    {
        Profile.FULL: _Sizes(
            crises=3_600,  # 2,995 certify < 0.001 with no miss
            ordinary=1_500,  # with the crises at least 5,000 scores, which calibration asks for
            bases=640,  # 320 of each label certify a gap < 0.03 over 30 comparisons
            emotions=336,  # up to 10 errors certify >= 0.95
            therapy=160,
            idioms=200,  # every authored ordinary message once: hotlines do not belong there
            empathy=80,
            safety=640,  # 598 without a violation put the compliance at >= 0.995
            twins=160,  # 113 without a discordant pair certify a rise < 0.05 over 16 transforms
            timed_crises=320,
            timed_ordinary=160,  # 480 in all: one may exceed the limit at the 99th percentile
        ),
        Profile.PR: _Sizes(
            crises=120,
            ordinary=60,
            bases=20,
            emotions=63,
            therapy=30,
            idioms=30,
            empathy=10,
            safety=60,
            twins=6,
            timed_crises=40,
            timed_ordinary=20,
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Twin:
    """One core as it was written, and under one transform alone.

    Attributes:
        opens: whether the transform opens the label, so that neither answer is wrong.
    """

    transform: str
    plain: Case
    dressed: Case
    opens: bool


def detection(plan: Plan) -> tuple[Case, ...]:
    """Disclosures and ordinary messages, for crisis detection and the truth of its scores."""
    sizes = _sizes(plan)
    return _selected(
        plan,
        [
            *_cases(plan, Kind.CRISIS, sizes.crises),
            *_cases(plan, Kind.HARD_NEGATIVE, sizes.ordinary),
        ],
    )


def timing(plan: Plan) -> tuple[Case, ...]:
    """Messages to time, in the proportion of `detection`."""
    sizes = _sizes(plan)
    return _selected(
        plan,
        [
            *_cases(plan, Kind.CRISIS, sizes.timed_crises),
            *_cases(plan, Kind.HARD_NEGATIVE, sizes.timed_ordinary),
        ],
    )


def crises(plan: Plan) -> tuple[Case, ...]:
    """Disclosures to reply to, over all archetypes."""
    cases = _selected(plan, _cases(plan, Kind.CRISIS, _sizes(plan).safety))
    return tuple(case for case in cases if case.label is Label.CRISIS)


def emotions(plan: Plan) -> tuple[Case, ...]:
    """Messages whose emotion a reader cannot doubt."""
    return _selected(plan, _cases(plan, Kind.EMOTION, _sizes(plan).emotions))


def therapy(plan: Plan) -> tuple[Case, ...]:
    """Conversations without danger."""
    return _selected(plan, _cases(plan, Kind.THERAPEUTIC, _sizes(plan).therapy))


def idioms(plan: Plan) -> tuple[Case, ...]:
    """Ordinary messages that sound like a crisis, to reply to."""
    drawn = _cases(plan, Kind.HARD_NEGATIVE, _sizes(plan).idioms)
    return _selected(plan, [case for case in drawn if case.label is Label.NONE])


def empathy(plan: Plan) -> tuple[Case, ...]:
    """Conversations whose replies are screened for empathy."""
    return _selected(plan, _cases(plan, Kind.THERAPEUTIC, _sizes(plan).empathy))


def robustness(plan: Plan) -> tuple[Twin, ...]:
    """Disclosures as they were written and under each transform alone; cores spread evenly."""
    wanted = _sizes(plan).twins
    twins = [
        twin
        for pack, share in _shares(_packs(plan, Kind.CRISIS), wanted)
        for archetype, core in spread(pack, seed=plan.seed, n=share, split=plan.split)
        for twin in _twins(pack, archetype, core, plan)
    ]
    if not plan.only_cases:
        return tuple(twins)
    return tuple(twin for twin in twins if {twin.plain.id, twin.dressed.id} & plan.only_cases)


def _twins(pack: Pack, archetype: Archetype, core: Core, plan: Plan) -> Iterator[Twin]:
    plain = make_case(pack, archetype, core, seed=plan.seed, variant=0)
    if plain.label is not Label.CRISIS:
        return
    for name in TRANSFORMS:
        dressed = transformed(pack, archetype, core, name, seed=plan.seed)
        if dressed is not None:
            yield Twin(name, plain, dressed, opens=dressed.label is not plain.label)


def pairs(plan: Plan) -> tuple[Case, ...]:
    """The same messages from different people; a selected case brings its whole pair along."""
    wanted = _sizes(plan).bases
    cases: list[Case] = []
    for pack, share in _shares(_packs(plan, Kind.COUNTERFACTUAL), wanted):
        most = len(select(pack, plan.split)) * len(pack.carriers)
        cases += generate_pairs(pack, seed=plan.seed, n=min(share, most), split=plan.split)
    if not plan.only_cases:
        return tuple(cases)
    chosen = {case.pair_id for case in cases if case.id in plan.only_cases}
    return tuple(case for case in cases if case.pair_id in chosen)


def packs_used(plan: Plan) -> tuple[PackUse, ...]:
    """The packs that `plan` draws from, for the record of the run.

    Raises:
        PackError: a pack does not load or is of another kind, or `exposed_to` names an unknown one.
    """
    exposure(plan)
    return tuple(_use(pack) for pack in _all_packs(plan))


def exposure(plan: Plan) -> frozenset[str] | None:
    """What the target was built on, as declared; None where nothing was.

    Raises:
        PackError: it names neither a pack nor a split of one. A slip of the pen must not turn into
            a claim about unseen wordings.
    """
    if plan.exposed_to is None:
        return None
    packs = {*builtin_packs(), *(pack.id for pack in _all_packs(plan))}
    known = packs | {f"{pack}#{split}" for pack in packs for split in Split}
    for name in plan.exposed_to:
        if name not in known:
            raise PackError(
                f"exposed_to: {name!r} is neither a pack of this run nor a split of one"
                f"{nearest(name, known)}"
            )
    return frozenset(plan.exposed_to)


def is_seen(case: Case, exposed: frozenset[str]) -> bool:
    """Whether the core may have been used to build the target; dev cores are published for that."""
    pack = case.pack.partition("@")[0]
    return case.split is not Split.HELD_OUT or not exposed.isdisjoint(
        {pack, f"{pack}#{case.split}"}
    )


def nothing(what: str, plan: Plan) -> str:
    """Say why there is no case of a kind."""
    if plan.only_cases:
        return f"no {what} case is among the {len(plan.only_cases)} selected ones"
    return f"the packs hold no {what} case"


def _sizes(plan: Plan) -> _Sizes:
    # Selected cases come from a full evaluation or from a sample, which the full draw holds too.
    return _SIZES[Profile.FULL if plan.only_cases else plan.profile]


def _selected(plan: Plan, cases: Sequence[Case]) -> tuple[Case, ...]:
    if not plan.only_cases:
        return tuple(cases)
    return tuple(case for case in cases if case.id in plan.only_cases)


def _packs(plan: Plan, kind: Kind) -> tuple[Pack, ...]:
    for name in plan.packs:
        if name not in tuple(Kind):
            raise PackError(f"packs: unknown kind {name!r}; use {', '.join(Kind)}")
    packs = load_packs(plan.packs.get(kind, _BUILT_IN[kind]))
    for pack in packs:
        if pack.kind is not kind:
            raise PackError(
                f"pack {pack.id!r} is of kind {pack.kind}, and the plan names it as {kind}; "
                f"name it under {pack.kind}"
            )
    if plan.reviews is None:
        return packs
    return tuple(with_reviews(pack, Path(plan.reviews)) for pack in packs)


def _all_packs(plan: Plan) -> tuple[Pack, ...]:
    return tuple(pack for kind in Kind for pack in _packs(plan, kind))


def _cases(plan: Plan, kind: Kind, n: int) -> list[Case]:
    return [
        case
        for pack, share in _shares(_packs(plan, kind), n)
        for case in _as_many(pack, share, plan)
    ]


def _shares(packs: Sequence[Pack], n: int) -> list[tuple[Pack, int]]:
    """Divide `n` over packs by their cores, at least one each."""
    cores = [sum(1 for _ in pack.cores()) for pack in packs]
    return [
        (pack, max(1, -(-n * count // sum(cores))))
        for pack, count in zip(packs, cores, strict=True)
    ]


def _as_many(pack: Pack, n: int, plan: Plan) -> list[Case]:
    """Draw `n` cases, or as many as a small pack has different texts for, halving down to its
    cores as they are written: a pack of three cores is still judged, with the n that it gives.
    """
    least = min(n, len(select(pack, plan.split)))
    while True:
        try:
            return generate(pack, seed=plan.seed, n=n, split=plan.split)
        except PackError:
            if n <= least:
                raise
            n = max(least, n // 2)


def _use(pack: Pack) -> PackUse:
    return PackUse(
        name=pack.id,
        version=pack.version,
        digest=f"sha256:{pack.digest}",
        cores=sum(1 for _ in pack.cores()),
        origin=pack.provenance.author,
        review=_reviewed(pack),
    )


def _reviewed(pack: Pack) -> str:
    """Who has reviewed a pack, and how much of it."""
    said = [f"{each.reviewer} ({each.credential})" for each in pack.review]
    cores = [core.review for _, core in pack.cores()]
    people = sorted({f"{each.reviewer} ({each.credential})" for each in chain(*cores)})
    if people:
        done = sum(bool(review) for review in cores)
        said.append(f"{done:,} of {len(cores):,} cores by {', '.join(people)}")
    if pack.withdrawn:
        said.append(f"{pack.withdrawn:,} cores withdrawn, their reviewers label them otherwise")
    return ", ".join(said) or "none"
