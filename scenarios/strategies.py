"""Hypothesis strategies for property tests of a system that answers people.

    from clinigate.strategies import conversations, crisis_messages

    @given(conversations(discloses=True))
    def test_an_early_disclosure_is_not_forgotten(turns):
        assert my_service.flags(turns)

Hypothesis is not a dependency of Clinigate: import this module from tests alone. Examples shrink
towards the first core of the pack, as it was written, and towards the lowest answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from clinigate.core.case import Case, Split, Turn
from clinigate.core.scoring import FORMS, Answers, Instrument
from clinigate.errors import PackError, UsageError
from clinigate.scenarios.counterfactual import base_count, generate_pairs
from clinigate.scenarios.generator import make_case, select
from clinigate.scenarios.loader import load_builtin
from clinigate.scenarios.pack import Kind, Pack

__all__ = [
    "Patient",
    "answers",
    "cases",
    "conversations",
    "crisis_cases",
    "crisis_messages",
    "ordinary_cases",
    "ordinary_messages",
    "pairs",
    "patients",
]

_SEEDS = st.integers(min_value=0, max_value=2**32 - 1)
_VARIANTS = st.integers(min_value=0, max_value=255)
#: Words that keep somebody talking and say nothing of what was disclosed.
_REPLIES = ("I see.", "Thank you for telling me.", "Go on, I'm listening.", "What happened then?")
_GIVEN = ("Alex", "Sam", "Maria", "Noor", "Jamal", "Mei", "Lakisha", "Greta", "Tomasz", "Aiyana")
_FAMILY = ("Example", "Sample", "Testperson", "Placeholder")
_OLDEST = 100
_MOST_BASES = 60


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody who does not exist.

    Attributes:
        id: as a service would know them. name: given and family name; the latter says that it is
            made up. age: in years, from 18 where `adult`. gender: f, m or x. language: a tag.
        consented: whether they agreed to be served.
    """

    id: str
    name: str
    age: int
    gender: str
    language: str
    consented: bool

    @property
    def adult(self) -> bool:
        """Whether they are of age."""
        return self.age >= 18


def patients(
    *, youngest: int = 18, oldest: int = _OLDEST, consented: bool | None = None
) -> st.SearchStrategy[Patient]:
    """People who do not exist, of these ages; with or without consent, or either.

    Raises:
        UsageError: no age lies between the two.
    """
    if not 0 <= youngest <= oldest:
        raise UsageError(f"patients: no age lies between {youngest} and {oldest}")
    return st.builds(
        Patient,
        id=st.integers(0, 2**32 - 1).map(lambda number: f"test-{number:08x}"),
        name=st.builds(
            lambda given, family: f"{given} {family}",
            st.sampled_from(_GIVEN),
            st.sampled_from(_FAMILY),
        ),
        age=st.integers(youngest, oldest),
        gender=st.sampled_from(("f", "m", "x")),
        language=st.sampled_from(("en-US", "en-GB", "es-US", "de-DE", "ar")),
        consented=st.booleans() if consented is None else st.just(consented),
    )


def answers(
    instrument: Instrument | str, *, missing: int = 0, fit: bool = True
) -> st.SearchStrategy[Answers]:
    """Sheets of a questionnaire, as tuples of answers.

    Args:
        instrument: `phq9`, `gad7`, `who5` or `ucla3`.
        missing: how many items are left out (None).
        fit: whether every answer given is one that the form has; otherwise exactly one is not.

    Raises:
        UsageError: no such questionnaire, or more items are left out than it has.
    """
    if instrument not in tuple(Instrument):
        raise UsageError(f"no questionnaire {instrument!r}; there are {', '.join(Instrument)}")
    form = FORMS[Instrument(instrument)]
    if not 0 <= missing <= form.items - (not fit):
        raise UsageError(f"{instrument} has {form.items} items; {missing} cannot be left out")
    places = st.permutations(range(form.items))
    sheets = st.lists(
        st.integers(form.lowest, form.highest), min_size=form.items, max_size=form.items
    )
    wrong = st.one_of(
        st.integers(min_value=form.highest + 1),
        st.integers(max_value=form.lowest - 1),
        st.sampled_from((form.lowest + 0.5, "often", "")),
    )

    def put(sheet: list[Any], order: list[int], bad: Any) -> Answers:
        for place in order[:missing]:
            sheet[place] = None
        if not fit:
            sheet[order[missing]] = bad
        return tuple(sheet)

    return st.builds(put, sheets, places, st.none() if fit else wrong)


def cases(pack: str | Pack, *, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases of a pack (or of the built-in pack of that id): any core, any chain of transforms.

    Raises:
        PackError: no such pack, a counterfactual one (take `pairs`), or no core in that split.
    """
    source = load_builtin(pack) if isinstance(pack, str) else pack
    if source.kind is Kind.COUNTERFACTUAL:
        raise PackError(f"pack {source.id!r} holds pairs; draw them with strategies.pairs")
    members = st.sampled_from(select(source, split))
    return st.builds(
        lambda member, seed, variant: make_case(source, *member, seed=seed, variant=variant),
        members,
        _SEEDS,
        _VARIANTS,
    )


def crisis_cases(*, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases that must be flagged, from the built-in packs."""
    return cases("crisis-en", split=split)


def ordinary_cases(*, split: Split | str | None = None) -> st.SearchStrategy[Case]:
    """Cases that must not be flagged, from the built-in packs."""
    return cases("hard-negatives-en", split=split)


def crisis_messages(*, split: Split | str | None = None) -> st.SearchStrategy[str]:
    """What people say who disclose a crisis with their first words, as single messages."""
    return crisis_cases(split=split).filter(_is_single).map(_words)


def ordinary_messages(*, split: Split | str | None = None) -> st.SearchStrategy[str]:
    """What people say who disclose none, however it sounds, as single messages."""
    return ordinary_cases(split=split).filter(_is_single).map(_words)


def conversations(
    *,
    discloses: bool | None = None,
    most_turns: int = 9,
    split: Split | str | None = None,
) -> st.SearchStrategy[tuple[Turn, ...]]:
    """Conversations: somebody and an assistant speak in turns, and the last word is theirs.

    Args:
        discloses: whether one of their messages discloses a crisis, early or late; None takes
            both kinds.
        most_turns: messages of both, an odd number of them at most.
        split: of the packs that the messages come from.

    Raises:
        UsageError: nobody would say anything.
    """
    if most_turns < 1:
        raise UsageError(f"conversations: most_turns is {most_turns}; it is 1 or more")
    most_others = (most_turns - 1) // 2
    ordinary = ordinary_messages(split=split)
    crisis = crisis_messages(split=split)
    told = {True: crisis, False: ordinary, None: st.one_of(ordinary, crisis)}[discloses]
    return st.builds(
        _in_turns,
        told,
        st.lists(ordinary, max_size=most_others),
        st.integers(0, most_others),
        st.lists(st.sampled_from(_REPLIES), min_size=most_others, max_size=most_others),
    )


def pairs(
    pack: str | Pack = "counterfactual-en", *, split: Split | str | None = None
) -> st.SearchStrategy[tuple[Case, ...]]:
    """Tuples of cases that differ in one demographic attribute alone: one case for each group.

    Raises:
        PackError: no such pack, or one that holds no pairs.
    """
    source = load_builtin(pack) if isinstance(pack, str) else pack
    grouped: dict[str, list[Case]] = {}
    for case in generate_pairs(source, seed=0, n=_bases(source, split), split=split):
        grouped.setdefault(str(case.pair_id), []).append(case)
    return st.sampled_from([tuple(group) for group in grouped.values()])


def _bases(pack: Pack, split: Split | str | None) -> int | None:
    """How many bases of each attribute to draw from: all of a small pack."""
    every = (base_count(pack, attribute.name, split) for attribute in pack.attributes)
    return min(_MOST_BASES, *every) if pack.attributes else None


def _is_single(case: Case) -> bool:
    return len(case.turns) == 1


def _words(case: Case) -> str:
    return case.turns[0].text


def _in_turns(told: str, others: list[str], place: int, replies: list[str]) -> tuple[Turn, ...]:
    said = [*others]
    said.insert(min(place, len(said)), told)
    turns = [Turn("user", said[0])]
    for text, reply in zip(said[1:], replies, strict=False):
        turns += [Turn("assistant", reply), Turn("user", text)]
    return tuple(turns)
