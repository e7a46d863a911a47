"""Equal arguments give equal cases everywhere; cores get equal counts; labels never change."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinigate.core.case import Label, Severity, Split
from clinigate.core.codec import to_plain
from clinigate.errors import PackError
from clinigate.scenarios import (
    TRANSFORMS,
    generate,
    load_builtin,
    load_pack,
    make_case,
    replay,
)
from clinigate.scenarios.generator import conversation_key
from clinigate.scenarios.text import word_count

PACKS = ("crisis-en", "emotion-en", "hard-negatives-en", "therapeutic-en")


def some_of(name):
    """A built-in pack with every tenth core of each archetype: its kinds of text, fewer of them."""
    pack = load_builtin(name)
    return replace(pack, archetypes=tuple(replace(a, cores=a.cores[::10]) for a in pack.archetypes))


@settings(max_examples=12)
@given(st.sampled_from(PACKS), st.integers(), st.integers(1, 400))
def test_the_same_arguments_give_the_same_cases(name, seed, n):
    pack = load_builtin(name)
    assert to_plain(generate(pack, seed=seed, n=n)) == to_plain(generate(pack, seed=seed, n=n))


@settings(max_examples=12)
@given(st.sampled_from(PACKS), st.integers(0, 9), st.integers(1, 500))
def test_cores_get_equal_counts_and_no_text_stands_twice(name, seed, n):
    pack = load_builtin(name)
    cases = generate(pack, seed=seed, n=n)
    cores = sum(1 for _ in pack.cores())
    counts = Counter(case.cluster.core for case in cases)
    assert len(cases) == n
    assert set(counts.values()) <= {n // cores, n // cores + 1}
    assert len({conversation_key(case.turns) for case in cases}) == n
    assert len({case.id for case in cases}) == n


@settings(max_examples=40)
@given(st.sampled_from(PACKS), st.data())
def test_a_case_keeps_what_its_core_says_of_it(name, data):
    """No transform changes label, severity, obligations or split, nor leaves an empty turn."""
    pack = load_builtin(name)
    archetype, core = data.draw(st.sampled_from(list(pack.cores())))
    seed, variant = data.draw(st.integers()), data.draw(st.integers(0, 99))
    case = make_case(pack, archetype, core, seed=seed, variant=variant)
    written = make_case(pack, archetype, core, seed=0, variant=0)
    for field in ("archetype", "family", "label", "severity", "expect", "split", "locale"):
        assert getattr(case, field) == getattr(written, field)
    assert case.cluster.core == archetype.core_id(core)
    assert [turn.role for turn in case.turns] == [turn.role for turn in core.turns]
    assert all(word_count(turn.text) for turn in case.turns)
    assert case.turns == replay(core.turns, case.transforms, core.voice)


def test_variant_0_is_the_core_as_written():
    pack = load_builtin("crisis-en")
    for case, (_, core) in zip(generate(pack, seed=5), pack.cores(), strict=True):
        assert case.turns == core.turns
        assert case.transforms == ()
        assert case.provenance.method == "authored"


def test_more_cases_extend_the_list_of_each_core():
    pack = some_of("hard-negatives-en")
    few = {case.id for case in generate(pack, seed=1, per_core=3)}
    many = {case.id for case in generate(pack, seed=1, per_core=5)}
    assert few < many


def test_another_seed_gives_other_cases():
    pack = some_of("crisis-en")
    one = {case.text for case in generate(pack, seed=1, per_core=3) if case.transforms}
    other = {case.text for case in generate(pack, seed=2, per_core=3) if case.transforms}
    assert len(one & other) < len(one) / 20


def test_few_cases_visit_every_archetype_once():
    pack = load_builtin("crisis-en")
    assert Counter(c.archetype for c in generate(pack, seed=3, n=60)).most_common(1)[0][1] == 1
    assert len({c.archetype for c in generate(pack, seed=3, n=60)}) == 60


def test_a_split_gives_its_own_cores_alone():
    pack = load_builtin("crisis-en")
    dev = {case.cluster.core for case in generate(pack, seed=0, split="dev")}
    held_out = {case.cluster.core for case in generate(pack, seed=0, split=Split.HELD_OUT)}
    assert (len(dev), len(held_out)) == (300, 3000)
    assert not dev & held_out


def test_each_transform_is_used():
    used = Counter(
        step.name
        for case in generate(some_of("crisis-en"), seed=0, per_core=8)
        for step in case.transforms
    )
    assert set(used) == {
        name
        for name, each in TRANSFORMS.items()
        if each.chained and "en" in (each.languages or {"en"})
    }


def test_a_chain_holds_no_transforms_that_undo_each_other():
    for case in generate(some_of("crisis-en"), seed=4, per_core=12):
        names = [step.name for step in case.transforms]
        assert len(names) == len(set(names))
        assert names == [name for name in TRANSFORMS if name in names]
        for name in names:
            assert not TRANSFORMS[name].excludes & set(names)


def test_an_allow_list_binds():
    pack = some_of("hard-negatives-en")
    allowed = {archetype.id: archetype.transforms for archetype in pack.archetypes}
    for case in generate(pack, seed=0, per_core=6):
        names = {step.name for step in case.transforms}
        assert allowed[case.archetype] is None or names <= set(allowed[case.archetype])


@pytest.mark.parametrize(
    ("name", "label", "flag"),
    [
        ("crisis-en", Label.CRISIS, True),
        ("hard-negatives-en", Label.NONE, False),
        ("emotion-en", Label.NONE, None),
        ("therapeutic-en", Label.NONE, None),
    ],
)
def test_what_is_expected_follows_the_kind_of_pack(name, label, flag):
    pack = load_builtin(name)
    emotions = {archetype.id: archetype.label for archetype in pack.archetypes}
    for case in generate(pack, seed=0):
        assert (case.label, case.expect.flag) == (label, flag)
        assert case.expect.emotion == (emotions[case.archetype] if name == "emotion-en" else None)
        assert case.review == ()


def test_an_ambiguous_case_asks_for_no_flag(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text.replace("label: crisis", "label: ambiguous", 1)))
    case = generate(pack, seed=0)[0]
    assert (case.label, case.expect.flag) == (Label.AMBIGUOUS, None)


def test_a_review_is_on_every_case(pack_text, write_pack):
    review = "review: [{reviewer: R1, credential: LCSW, date: 2026-11-22}]"
    pack = load_pack(write_pack(pack_text.replace("review: none", review)))
    case = generate(pack, seed=0, per_core=2)[-1]
    (word,) = case.review
    assert (word.reviewer, word.label, word.severity) == ("R1", Label.CRISIS, Severity.EMERGENCY)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "n must be at least 1, got 0"),
        ({"per_core": -1}, "per_core must be at least 1"),
        ({"n": 5, "per_core": 2}, "n and per_core exclude each other"),
        ({"split": "test"}, "unknown split 'test'; use dev or held_out"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments, message):
    with pytest.raises(PackError, match=message):
        generate(load_builtin("crisis-en"), seed=0, **arguments)


def test_a_split_without_cores_is_refused(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text.replace("held_out", "dev")))
    with pytest.raises(PackError, match="'tiny-en' has no core in split 'held_out'"):
        generate(pack, seed=0, split="held_out")


def test_a_core_that_gives_too_few_texts_is_named(pack_text, write_pack):
    pack = load_pack(write_pack(pack_text.replace("[typo, opener]", "[lower]")))
    with pytest.raises(
        PackError, match=r"core 'si\.two#01' gives only 1 different texts, wanted 3"
    ):
        generate(pack, seed=0, per_core=3)


def test_pairs_are_not_drawn_one_by_one():
    with pytest.raises(PackError, match="holds pairs; make its cases with generate_pairs"):
        generate(load_builtin("counterfactual-en"), seed=0)


def test_ten_thousand_cases_are_there():
    cases = generate(load_builtin("crisis-en"), seed=0, n=10_000)
    assert len({case.id for case in cases}) == 10_000
