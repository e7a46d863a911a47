"""The same plan draws the same cases, enough of them to certify, and never silently none."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from clinigate.clinical import draw
from clinigate.clinical.criteria import SAFETY_MIN_N
from clinigate.clinical.sizes import sizes
from clinigate.core.case import Label, Split
from clinigate.core.plan import Plan, Profile
from clinigate.core.statistics import CALIBRATION_N_TO_CERTIFY, need_n, quantile_need_n
from clinigate.errors import PackError
from clinigate.scenarios import load_builtin
from clinigate.scenarios.transforms import TRANSFORMS

FULL, PR = Plan(), Plan(profile=Profile.PR)
LARGER = Plan(sample=0.2)
DRAWS = [
    draw.detection,
    draw.timing,
    draw.crises,
    draw.emotions,
    draw.therapy,
    draw.idioms,
    draw.empathy,
    draw.pairs,
]


@pytest.mark.parametrize("cases_of", DRAWS)
def test_a_plan_draws_the_same_distinct_cases_again(cases_of):
    first = cases_of(PR)
    assert first == cases_of(PR)
    assert len({case.id for case in first}) == len(first) > 0


@pytest.mark.parametrize("cases_of", DRAWS)
def test_a_sample_is_part_of_the_full_draw(cases_of):
    larger = {case.id for case in cases_of(LARGER)}
    assert {case.id for case in cases_of(PR)} <= larger
    assert {case.id for case in cases_of(replace(LARGER, sample=0.05))} <= larger


def test_the_full_draw_is_large_enough_to_certify():
    asked = sizes(FULL)
    assert asked.crises >= need_n(0.001, 5, 0.95)
    assert asked.crises + asked.ordinary >= CALIBRATION_N_TO_CERTIFY
    assert asked.safety >= SAFETY_MIN_N
    assert asked.timed_crises + asked.timed_ordinary >= quantile_need_n(0.99, 0.95)
    assert asked.twins >= 113


def test_every_held_out_core_is_asked_in_several_dresses():
    asked: Counter[str] = Counter()
    for case in draw.detection(FULL):
        if case.label is Label.CRISIS and case.split is Split.HELD_OUT:
            asked[case.cluster.core] += 1
    held_out = list(load_builtin("crisis-en").cores(Split.HELD_OUT))
    crises = [core for archetype, core in held_out if archetype.label == Label.CRISIS]
    assert len(asked) == len(crises) >= need_n(0.001, 0, 0.95)
    assert set(asked.values()) <= {3, 4}
    assert asked.total() >= 12_000


def test_bases_are_of_both_labels_alike():
    bases = {case.pair_id.split()[0]: case.label for case in draw.pairs(LARGER)}
    labels = Counter(bases.values())
    assert labels[Label.CRISIS] == pytest.approx(labels[Label.NONE], rel=0.1)


def test_each_transform_has_its_own_twins():
    twins = Counter(twin.transform for twin in draw.robustness(replace(LARGER, sample=0.05)))
    assert set(twins) == set(TRANSFORMS) - {"opener_es"}
    assert set(twins.values()) == {sizes(replace(LARGER, sample=0.05)).twins}


def test_crises_to_reply_to_are_of_every_archetype():
    archetypes = {case.archetype for case in draw.crises(LARGER)}
    assert archetypes == {case.archetype for case in draw.detection(LARGER) if case.expect.flag}


def test_what_was_drawn_is_kept_for_the_next_who_asks():
    assert draw.detection(PR)[0] is draw.detection(PR)[0]
    assert draw.pairs(PR)[0] is draw.pairs(PR)[0]


def test_a_split_restricts_the_cores():
    held_out = replace(PR, split=Split.HELD_OUT)
    for cases_of in DRAWS:
        assert {case.split for case in cases_of(held_out)} == {Split.HELD_OUT}


def test_selected_cases_come_from_the_full_draw_and_pairs_stay_whole():
    chosen = draw.detection(FULL)[14_000]
    assert draw.detection(replace(PR, only_cases=frozenset({chosen.id}))) == (chosen,)
    paired = draw.pairs(LARGER)[500]
    pair = draw.pairs(replace(PR, only_cases=frozenset({paired.id})))
    assert {case.pair_id for case in pair} == {paired.pair_id}
    assert len(pair) > 1


def test_a_small_pack_gives_what_it_has(tiny_pack):
    plan = replace(FULL, packs={"crisis": (tiny_pack("crisis", cores=2),)})
    cases = draw.crises(plan)
    assert 2 <= len(cases) <= 640
    assert {case.pack for case in cases} == {"tiny-crisis@1.0.0"}


def test_several_packs_share_the_draw(tiny_pack):
    plan = replace(PR, packs={"crisis": ("crisis-en", tiny_pack("crisis", cores=2))})
    drawn = {case.pack.partition("@")[0] for case in draw.crises(plan)}
    assert drawn == {"crisis-en", "tiny-crisis"}


def test_a_pack_of_another_kind_is_refused():
    with pytest.raises(PackError, match=r"'emotion-en' is of kind emotion.*as crisis"):
        draw.detection(replace(PR, packs={"crisis": ("emotion-en",)}))


def test_an_unknown_kind_of_pack_is_refused():
    with pytest.raises(PackError, match="unknown kind 'crises'"):
        draw.detection(replace(PR, packs={"crises": ("crisis-en",)}))


def test_the_packs_of_a_run_are_named_with_digest_and_review():
    used = {use.name: use for use in draw.packs_used(PR)}
    assert list(used) == [
        "crisis-en",
        "hard-negatives-en",
        "emotion-en",
        "therapeutic-en",
        "counterfactual-en",
    ]
    for use in used.values():
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", use.digest)
        assert (use.review, use.origin) == ("none", "Clinigate authors")
        assert use.cores > 0


def test_an_unknown_pack_in_the_exposure_is_refused_before_the_run():
    with pytest.raises(PackError, match=r"'crisis_en'.*'crisis-en'"):
        draw.packs_used(replace(PR, exposed_to=("crisis_en",)))


def test_a_core_is_unseen_only_if_held_out_and_not_named():
    held_out = draw.crises(replace(PR, split=Split.HELD_OUT))[0]
    dev = draw.crises(replace(PR, split=Split.DEV))[0]

    def seen(case, *exposed_to):
        return draw.is_seen(case, draw.exposure(replace(PR, exposed_to=exposed_to)))

    assert not seen(held_out)
    assert not seen(held_out, "crisis-en#dev", "emotion-en")
    assert seen(held_out, "crisis-en")
    assert seen(held_out, "crisis-en#held_out")
    assert seen(dev)


def test_no_case_is_told_with_its_reason():
    assert "the packs hold no crisis case" in draw.nothing("crisis", PR)
    assert "2 selected" in draw.nothing("crisis", replace(PR, only_cases=frozenset({"a", "b"})))


def test_a_severity_that_reviewers_change_is_on_record(tmp_path):
    from clinigate.scenarios import load_builtin
    from clinigate.scenarios.review import begin_sheet
    from clinigate.scenarios.reviewsheet import SHEET_COLUMNS, read_rows, write_rows

    pack = load_builtin("crisis-es")
    for name in ("Ann", "Bo"):
        path = begin_sheet(
            pack, tmp_path, reviewer=name, credential="MD", date="2026-11-22", most=3
        )
        rows = read_rows(path, SHEET_COLUMNS)
        for row in rows:
            row.update(label="crisis", severity="U")
        write_rows(path, SHEET_COLUMNS, rows)
    plan = replace(PR, reviews=str(tmp_path), packs={"crisis": ("crisis-es",)})
    (use,) = (each for each in draw.packs_used(plan) if each.name == "crisis-es")
    graded = sum(case.severity != "U" for case in draw.crises(plan) if case.review)
    assert graded
    assert use.review.endswith("3 cores of another severity to their reviewers")


def test_reviews_of_a_folder_reach_the_cases_and_the_record(tmp_path):
    from clinigate.scenarios import load_builtin
    from clinigate.scenarios.review import begin_sheet
    from clinigate.scenarios.reviewsheet import SHEET_COLUMNS, read_rows, write_rows

    pack = load_builtin("emotion-en")
    for name in ("Ann", "Bo"):
        path = begin_sheet(pack, tmp_path, reviewer=name, credential="MD", date="2026-11-22")
        rows = {row["item"]: row for row in read_rows(path, SHEET_COLUMNS)}
        for item in sorted(rows)[:20]:
            rows[item]["label"] = "ambiguous"  # of no emotion: such a core is withdrawn
        write_rows(path, SHEET_COLUMNS, list(rows.values()))
    plan = replace(PR, reviews=str(tmp_path))
    (use,) = (each for each in draw.packs_used(plan) if each.name == "emotion-en")
    assert use.review == "20 cores withdrawn, their reviewers label them otherwise"
    assert use.cores == sum(1 for _ in pack.cores()) - 20
    assert use.digest != f"sha256:{pack.digest}"
