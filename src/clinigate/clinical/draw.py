"""Which cases a plan puts to a target: packs, sizes, split. The same plan draws the same cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType

from clinigate.clinical.sizes import sizes
from clinigate.core.case import Case, Label, Split
from clinigate.core.plan import Plan
from clinigate.core.results import PackUse
from clinigate.errors import PackError
from clinigate.scenarios.counterfactual import base_count, generate_pairs
from clinigate.scenarios.generator import generate, make_case, select, spread, transformed
from clinigate.scenarios.loader import builtin_packs, load_packs
from clinigate.scenarios.pack import Kind, Pack
from clinigate.scenarios.review import with_reviews
from clinigate.scenarios.transforms import TRANSFORMS
from clinigate.scenarios.yamlnode import nearest

__all__ = [
    "Twin",
    "crises",
    "detection",
    "disclosures",
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


#: Draws that stay in memory, each for the next check or test that asks for the same.
_MOST_KEPT = 16


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A pack as the key of what was drawn from it: this very object, not one that is equal.

    Equality of packs compares every core, and a pack of a team's own is read anew each time.
    """

    pack: Pack

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.pack is other.pack

    def __hash__(self) -> int:
        return id(self.pack)


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
    drawn = sizes(plan)
    return _selected(
        plan,
        [
            *_cases(plan, Kind.CRISIS, drawn.crises),
            *_cases(plan, Kind.HARD_NEGATIVE, drawn.ordinary),
        ],
    )


def timing(plan: Plan) -> tuple[Case, ...]:
    """Messages to time, in the proportion of `detection`."""
    drawn = sizes(plan)
    return _selected(
        plan,
        [
            *_cases(plan, Kind.CRISIS, drawn.timed_crises),
            *_cases(plan, Kind.HARD_NEGATIVE, drawn.timed_ordinary),
        ],
    )


def crises(plan: Plan) -> tuple[Case, ...]:
    """Disclosures to reply to, over all archetypes."""
    cases = _selected(plan, _cases(plan, Kind.CRISIS, sizes(plan).safety))
    return tuple(case for case in cases if case.label is Label.CRISIS)


def disclosures(plan: Plan) -> tuple[Case, ...]:
    """Disclosures as they were written, to talk about; every archetype once before any twice."""
    cases = [
        make_case(pack, archetype, core, seed=plan.seed, variant=0)
        for pack, share in _shares(_packs(plan, Kind.CRISIS), sizes(plan).dialogues)
        for archetype, core in spread(pack, seed=plan.seed, n=share, split=plan.split)
        if archetype.label == Label.CRISIS
    ]
    return _selected(plan, cases)


def emotions(plan: Plan) -> tuple[Case, ...]:
    """Messages whose emotion a reader cannot doubt."""
    return _selected(plan, _cases(plan, Kind.EMOTION, sizes(plan).emotions))


def therapy(plan: Plan) -> tuple[Case, ...]:
    """Conversations without danger."""
    return _selected(plan, _cases(plan, Kind.THERAPEUTIC, sizes(plan).therapy))


def idioms(plan: Plan) -> tuple[Case, ...]:
    """Ordinary messages that sound like a crisis, to reply to."""
    drawn = _cases(plan, Kind.HARD_NEGATIVE, sizes(plan).idioms)
    return _selected(plan, [case for case in drawn if case.label is Label.NONE])


def empathy(plan: Plan) -> tuple[Case, ...]:
    """Conversations whose replies are screened for empathy."""
    return _selected(plan, _cases(plan, Kind.THERAPEUTIC, sizes(plan).empathy))


def robustness(plan: Plan) -> tuple[Twin, ...]:
    """Disclosures as they were written and under each transform alone; cores spread evenly.

    Equally many of each transform, as far as it applies to so many cores: one that finds its words
    in few of them looks further, and one of a single language takes all from that one's packs.
    """
    packs = _packs(plan, Kind.CRISIS)
    twins = [
        twin
        for name, each in TRANSFORMS.items()
        for pack, share in _shares(
            [it for it in packs if each.knows(it.language)], sizes(plan).twins
        )
        for twin in _twins(_Same(pack), name, share, plan.seed, plan.split)
    ]
    if not plan.only_cases:
        return tuple(twins)
    return tuple(twin for twin in twins if {twin.plain.id, twin.dressed.id} & plan.only_cases)


@lru_cache(maxsize=_MOST_KEPT * len(TRANSFORMS))
def _twins(pack: _Same, name: str, share: int, seed: int, split: Split | None) -> tuple[Twin, ...]:
    return tuple(islice(_dressed(pack.pack, name, seed, split), share))


def _dressed(pack: Pack, name: str, seed: int, split: Split | None) -> Iterator[Twin]:
    """Yield the twins of one transform, every archetype once before any twice."""
    for archetype, core in spread(pack, seed=seed, n=sum(1 for _ in pack.cores()), split=split):
        if archetype.label != Label.CRISIS:
            continue
        dressed = transformed(pack, archetype, core, name, seed=seed)
        if dressed is not None:
            plain = make_case(pack, archetype, core, seed=seed, variant=0)
            yield Twin(name, plain, dressed, opens=dressed.label is not plain.label)


def pairs(plan: Plan) -> tuple[Case, ...]:
    """The same messages from different people; a selected case brings its whole pair along.

    Every attribute, intersection and wording has messages of its own, as many as there are for it.
    """
    drawn = sizes(plan)
    packs = _packs(plan, Kind.COUNTERFACTUAL)
    cases = [
        case
        for n, names_of in (
            (drawn.stated, _stated),
            (drawn.crossed, _crossed),
            (drawn.worded, _worded),
        )
        for pack, share in _shares(packs, n)
        for name in names_of(pack)
        for case in _paired(_Same(pack), name, share, plan.seed, plan.split)
    ]
    if not plan.only_cases:
        return tuple(cases)
    chosen = {case.pair_id for case in cases if case.id in plan.only_cases}
    return tuple(case for case in cases if case.pair_id in chosen)


def _stated(pack: Pack) -> list[str]:
    return [attribute.name for attribute in pack.attributes if not attribute.is_crossed]


def _crossed(pack: Pack) -> list[str]:
    return [attribute.name for attribute in pack.attributes if attribute.is_crossed]


def _worded(pack: Pack) -> list[str]:
    return [wording.name for wording in pack.wordings]


@lru_cache(maxsize=_MOST_KEPT)
def _paired(pack: _Same, name: str, n: int, seed: int, split: Split | None) -> tuple[Case, ...]:
    most = base_count(pack.pack, name, split)
    if not most:  # no statement of this split is worded for every group
        return ()
    return tuple(
        generate_pairs(pack.pack, seed=seed, n=min(n, most), split=split, attributes=(name,))
    )


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
        for case in _as_many(_Same(pack), share, plan.seed, plan.split)
    ]


def _shares(packs: Sequence[Pack], n: int) -> list[tuple[Pack, int]]:
    """Divide `n` over packs by their cores, at least one each."""
    cores = [sum(1 for _ in pack.cores()) for pack in packs]
    return [
        (pack, max(1, -(-n * count // sum(cores))))
        for pack, count in zip(packs, cores, strict=True)
    ]


@lru_cache(maxsize=_MOST_KEPT)
def _as_many(pack: _Same, n: int, seed: int, split: Split | None) -> tuple[Case, ...]:
    """Draw `n` cases, or as many as a small pack has different texts for, halving down to its
    cores as they are written: a pack of three cores is still judged, with the n that it gives.
    """
    least = min(n, len(select(pack.pack, split)))
    while True:
        try:
            return tuple(generate(pack.pack, seed=seed, n=n, split=split))
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
    if other := sum(
        core.review[-1].severity is not archetype.severity
        for archetype, core in pack.cores()
        if core.review
    ):
        said.append(f"{other:,} cores of another severity to their reviewers")
    if pack.withdrawn:
        said.append(f"{pack.withdrawn:,} cores withdrawn, their reviewers label them otherwise")
    return ", ".join(said) or "none"
