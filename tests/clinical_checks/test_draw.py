"""The same plan draws the same cases, enough of them to certify, and never silently none."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from clinigate.clinical import draw
from clinigate.clinical.criteria import SAFETY_MIN_N
from clinigate.core.case import Label, Split
from clinigate.core.plan import Plan, Profile
from clinigate.core.statistics import CALIBRATION_N_TO_CERTIFY, need_n, quantile_need_n
from clinigate.errors import PackError

FULL, PR = Plan(), Plan(profile=Profile.PR)
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
    assert {case.id for case in cases_of(PR)} <= {case.id for case in cases_of(FULL)}


def test_the_full_draw_is_large_enough_to_certify():
    detection = draw.detection(FULL)
    crises = sum(case.label is Label.CRISIS for case in detection)
    assert crises >= need_n(0.001, 0, 0.95)
    assert len(detection) >= CALIBRATION_N_TO_CERTIFY
    assert len(draw.crises(FULL)) >= SAFETY_MIN_N
    assert len(draw.timing(FULL)) >= quantile_need_n(0.99, 0.95)
    assert len(draw.emotions(FULL)) >= 336
    assert len(draw.therapy(FULL)) >= 120
    bases = {case.pair_id: case.label for case in draw.pairs(FULL) if "gender" in case.slice}
    assert sorted(bases.values()) == [Label.CRISIS] * 320 + [Label.NONE] * 320


def test_crises_to_reply_to_are_of_every_archetype():
    archetypes = {case.archetype for case in draw.crises(FULL)}
    assert archetypes == {case.archetype for case in draw.detection(FULL) if case.expect.flag}


def test_a_split_restricts_the_cores():
    held_out = replace(PR, split=Split.HELD_OUT)
    for cases_of in DRAWS:
        assert {case.split for case in cases_of(held_out)} == {Split.HELD_OUT}


def test_selected_cases_come_from_the_full_draw_and_pairs_stay_whole():
    chosen = draw.detection(FULL)[4_000]
    assert draw.detection(replace(PR, only_cases=frozenset({chosen.id}))) == (chosen,)
    paired = draw.pairs(FULL)[500]
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
