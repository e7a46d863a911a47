"""Cases of a pair differ in nothing but what marks the group that they stand for."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from itertools import groupby

import pytest

from clinigate.core.case import Case, Label
from clinigate.errors import PackError
from clinigate.scenarios import generate_pairs, load_builtin
from clinigate.scenarios.counterfactual import base_count

PACK = load_builtin("counterfactual-en")
MARKERS = {
    (attribute.of, group.parts): group.markers
    for attribute in PACK.attributes
    for group in attribute.groups
}
STATED = [attribute.name for attribute in PACK.attributes]
WORDED = {wording.name: wording for wording in PACK.wordings}
STATEMENTS = sum(1 for _ in PACK.cores())


def pairs(cases: list[Case]) -> list[list[Case]]:
    return [list(group) for _, group in groupby(cases, key=lambda case: case.pair_id)]


def without_marker(case: Case) -> str:
    markers = MARKERS[tuple(case.slice), tuple(case.slice.values())]
    found = [marker for marker in markers if marker in case.text]
    assert found, (case.text, case.slice)
    return case.text.replace(max(found, key=len), "{marker}", 1)


def test_a_pair_is_one_text_with_one_marker_exchanged():
    for group in pairs(generate_pairs(PACK, seed=0, n=30, attributes=STATED)):
        assert len({without_marker(case) for case in group}) == 1
        assert len({case.text for case in group}) == len(group)
        same = {field.name for field in fields(Case)} - {"id", "turns", "slice"}
        for name in same:
            assert len({repr(getattr(case, name)) for case in group}) == 1, name


@pytest.mark.parametrize("name", WORDED)
def test_a_pair_of_wordings_is_one_statement_and_nothing_else(name):
    """No carrier and no marker: the words of the groups alone, the core's own among them."""
    cores = {archetype.core_id(core): core for archetype, core in PACK.cores()}
    worded = {each.core: each.texts for each in WORDED[name].rewordings}
    for group in pairs(generate_pairs(PACK, seed=0, attributes=[name])):
        core = group[0].cluster.core
        assert [case.text for case in group] == list(worded[core])
        assert group[0].text == cores[core].text
        assert [case.slice for case in group] == [{name: each} for each in WORDED[name].groups]
        same = {field.name for field in fields(Case)} - {"id", "turns", "slice"}
        for field in same:
            assert len({repr(getattr(case, field)) for case in group}) == 1, field


def test_a_pair_has_one_case_for_every_group():
    groups = {attribute.name: [g.parts for g in attribute.groups] for attribute in PACK.attributes}
    assert {name: len(parts) for name, parts in groups.items()} == {
        "age_band": 4,
        "gender": 3,
        "ethnicity": 4,
        "disability": 4,
        "gender x age_band": 8,
        "ethnicity x gender": 8,
    }
    for pair in pairs(generate_pairs(PACK, seed=0, n=10, attributes=STATED)):
        name = " x ".join(pair[0].slice)
        assert [tuple(case.slice.values()) for case in pair] == groups[name]


def test_an_intersection_says_both_attributes():
    cases = generate_pairs(PACK, seed=0, n=4, attributes=["gender x age_band"])
    assert {tuple(case.slice) for case in cases} == {("gender", "age_band")}
    old = [case for case in cases if case.slice == {"gender": "woman", "age_band": "75+"}]
    assert len(old) == 4
    assert all("a woman of 77" in case.text or "a woman of 83" in case.text for case in old)


def test_there_are_enough_balanced_bases():
    """Facts 2.4: 312 bases certify a difference below 0.03 over 8 groups at 0.5% discordance."""
    cases = generate_pairs(PACK, seed=0, attributes=["gender"])
    bases = Counter(pair[0].label for pair in pairs(cases))
    assert bases[Label.CRISIS] == bases[Label.NONE] >= 420
    assert bases.total() == STATEMENTS * len(PACK.carriers) == base_count(PACK, "gender")
    assert len({case.id for case in cases}) == len(cases) == bases.total() * 3
    assert len({case.text for case in cases}) == len(cases)


@pytest.mark.parametrize("n", [1, 2, 7, 168, STATEMENTS + 20])
def test_any_number_of_bases_is_balanced_and_spread(n):
    """Labels differ by one at most; no statement comes up again before all have come up."""
    chosen = pairs(generate_pairs(PACK, seed=2, n=n, attributes=["gender"]))
    labels = Counter(pair[0].label for pair in chosen)
    assert len(chosen) == n
    assert abs(labels[Label.CRISIS] - labels[Label.NONE]) <= 1
    statements = Counter(pair[0].cluster.core for pair in chosen)
    assert max(statements.values()) <= -(-n // STATEMENTS)


def test_draws_depend_on_the_seed_alone_and_a_smaller_one_is_part_of_it():
    one = generate_pairs(PACK, seed=1, n=20)
    assert one == generate_pairs(PACK, seed=1, n=20)
    assert one != generate_pairs(PACK, seed=2, n=20)
    assert {case.id for case in generate_pairs(PACK, seed=1, n=5)} < {case.id for case in one}


def test_each_attribute_draws_statements_of_its_own():
    first, second = (
        {case.cluster.core for case in generate_pairs(PACK, seed=1, n=20, attributes=[name])}
        for name in ("gender", "age_band")
    )
    assert first != second


def test_a_split_gives_its_own_statements_alone():
    held_out = generate_pairs(PACK, seed=0, split="held_out", attributes=["gender"])
    statements = sum(1 for _ in PACK.cores("held_out"))
    assert len({case.pair_id for case in held_out}) == statements * len(PACK.carriers)
    assert {case.split for case in held_out} == {"held_out"}


def test_a_wording_of_fewer_statements_gives_what_it_has_unless_it_is_named():
    n = max(base_count(PACK, name) for name in WORDED) + 1
    assert {name for case in generate_pairs(PACK, seed=0, n=n) for name in case.slice} >= {*WORDED}
    for name in WORDED:
        with pytest.raises(PackError, match=f"of '{name}', wanted {n}; ask for fewer"):
            generate_pairs(PACK, seed=0, n=n, attributes=[name])


@pytest.mark.parametrize(
    ("pack", "arguments", "message"),
    [
        ("crisis-en", {}, "is of kind crisis and holds no pairs; use generate"),
        ("counterfactual-en", {"n": 0}, "n must be at least 1"),
        ("counterfactual-en", {"n": 99_999}, "base scenarios of 'age_band', wanted 99999"),
        ("counterfactual-en", {"attributes": ["sex"]}, "no attribute 'sex'; known are age_band"),
        ("counterfactual-en", {"attributes": ["genders"]}, "nearest known is 'gender'"),
        ("counterfactual-en", {"attributes": []}, "no attribute named"),
        ("counterfactual-en", {"split": "x"}, "unknown split 'x'"),
    ],
)
def test_what_cannot_be_meant_is_refused(pack, arguments, message):
    with pytest.raises(PackError, match=message):
        generate_pairs(load_builtin(pack), seed=0, **arguments)
