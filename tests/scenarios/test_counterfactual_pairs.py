"""Cases of a pair differ in nothing but the marker of the group that they stand for."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from itertools import groupby

import pytest

from clinigate.core.case import Case, Label
from clinigate.errors import PackError
from clinigate.scenarios import generate_pairs, load_builtin

PACK = load_builtin("counterfactual-en")
MARKERS = {
    (attribute.name, group.name): group.markers
    for attribute in PACK.attributes
    for group in attribute.groups
}


def pairs(cases: list[Case]) -> list[list[Case]]:
    return [list(group) for _, group in groupby(cases, key=lambda case: case.pair_id)]


def without_marker(case: Case) -> str:
    ((attribute, group),) = case.slice.items()
    found = [marker for marker in MARKERS[attribute, group] if marker in case.text]
    assert found, (case.text, attribute, group)
    return case.text.replace(max(found, key=len), "{marker}", 1)


def test_a_pair_is_one_text_with_one_marker_exchanged():
    for group in pairs(generate_pairs(PACK, seed=0, n=60)):
        assert len({without_marker(case) for case in group}) == 1
        assert len({case.text for case in group}) == len(group)
        same = {field.name for field in fields(Case)} - {"id", "turns", "slice"}
        for name in same:
            assert len({repr(getattr(case, name)) for case in group}) == 1, name


def test_a_pair_has_one_case_for_every_group():
    groups = {attribute.name: [g.name for g in attribute.groups] for attribute in PACK.attributes}
    assert {name: len(names) for name, names in groups.items()} == {
        "age_band": 4,
        "gender": 3,
        "ethnicity": 4,
    }
    for pair in pairs(generate_pairs(PACK, seed=0, n=20)):
        (attribute,) = pair[0].slice
        assert [case.slice[attribute] for case in pair] == groups[attribute]


def test_there_are_enough_balanced_bases():
    """Facts 2.4: 312 bases certify a difference below 0.03 over 8 groups at 0.5% discordance."""
    cases = generate_pairs(PACK, seed=0, attributes=["gender"])
    bases = Counter(pair[0].label for pair in pairs(cases))
    assert bases == {Label.CRISIS: 420, Label.NONE: 420}
    assert len({case.id for case in cases}) == len(cases) == 840 * 3
    assert len({case.text for case in cases}) == len(cases)


@pytest.mark.parametrize("n", [1, 2, 7, 168, 400])
def test_any_number_of_bases_is_balanced_and_spread(n):
    """Labels differ by one at most; no statement comes up again before all have come up."""
    chosen = pairs(generate_pairs(PACK, seed=2, n=n, attributes=["gender"]))
    labels = Counter(pair[0].label for pair in chosen)
    assert len(chosen) == n
    assert abs(labels[Label.CRISIS] - labels[Label.NONE]) <= 1
    statements = Counter(pair[0].cluster.core for pair in chosen)
    assert max(statements.values()) <= -(-n // 168)


def test_draws_depend_on_the_seed_alone():
    one = generate_pairs(PACK, seed=1, n=50)
    assert one == generate_pairs(PACK, seed=1, n=50)
    assert one != generate_pairs(PACK, seed=2, n=50)


def test_a_split_gives_its_own_statements_alone():
    held_out = generate_pairs(PACK, seed=0, split="held_out")
    assert len({case.pair_id for case in held_out}) == 96 * 5 * 3
    assert {case.split for case in held_out} == {"held_out"}


@pytest.mark.parametrize(
    ("pack", "arguments", "message"),
    [
        ("crisis-en", {}, "is of kind crisis and holds no pairs; use generate"),
        ("counterfactual-en", {"n": 0}, "n must be at least 1"),
        ("counterfactual-en", {"n": 841}, "has 840 base scenarios, wanted 841"),
        ("counterfactual-en", {"attributes": ["sex"]}, "no attribute 'sex'; known are age_band"),
        ("counterfactual-en", {"attributes": ["genders"]}, "nearest known is 'gender'"),
        ("counterfactual-en", {"attributes": []}, "no attribute named"),
        ("counterfactual-en", {"split": "x"}, "unknown split 'x'"),
    ],
)
def test_what_cannot_be_meant_is_refused(pack, arguments, message):
    with pytest.raises(PackError, match=message):
        generate_pairs(load_builtin(pack), seed=0, **arguments)
