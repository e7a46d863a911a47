"""The comparison: what its interval means, and a small sample of its campaign."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.verdict import Status
from clinigate.errors import UsageError
from clinigate.gpu_bench.ai.criteria import REGRESSION, regression_criteria
from clinigate.gpu_bench.regression.baseline import differences
from clinigate.gpu_bench.regression.compare import ratio_measurement
from clinigate.gpu_bench.regression.ranks import rank_sum_greater, signed_rank_greater

ROOT = Path(__file__).resolve().parents[2]
(CRITERION,) = regression_criteria(tail=False)
blocks = st.lists(st.floats(0.001, 0.1), min_size=5, max_size=15)


@pytest.fixture(scope="module")
def campaign():
    path = ROOT / "benchmarks" / "campaign_regression.py"
    spec = importlib.util.spec_from_file_location("campaign_regression", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("name", ["apart", "in_turns"])
def test_it_hardly_ever_cries_wolf_and_sees_ten_percent(campaign, name) -> None:
    draw, paired = getattr(campaign, name), name == "in_turns"
    itself = campaign.compare(draw, 1.0, paired=paired, trials=100)
    slower = campaign.compare(draw, 1.10, paired=paired, trials=100)
    assert itself.failed <= 5
    assert slower.failed >= 90
    assert slower.passed == 0


@given(blocks, blocks, st.booleans())
def test_it_fails_exactly_where_the_ratio_and_the_test_say_so(before, after, paired) -> None:
    """The rule, counted anew: median ratio above 1.05 and p below .05."""
    if paired:
        size = min(len(before), len(after))
        before, after = before[:size], after[:size]
    measured = ratio_measurement(REGRESSION, before, after, confidence=0.95, paired=paired)

    logs = [[math.log(each) for each in side] for side in (before, after)]
    if paired:
        p = signed_rank_greater([b - a for a, b in zip(*logs, strict=True)])
    else:
        p = rank_sum_greater(logs[1], logs[0])
    slower = measured.value > 1.05 and p < 0.05
    assert (CRITERION.judge(measured).status is Status.FAIL) is slower


@given(blocks, blocks)
def test_the_value_lies_within_its_bounds(before, after) -> None:
    measured = ratio_measurement(REGRESSION, before, after, confidence=0.95, paired=False)
    assert measured.interval.low <= measured.value <= measured.interval.high


def test_a_comparison_too_noisy_to_tell_is_open() -> None:
    before, after = [1.0, 1.5, 0.8, 1.3, 0.9], [1.2, 0.9, 1.4, 0.8, 1.5]
    measured = ratio_measurement(REGRESSION, before, after, confidence=0.95, paired=False)
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


def test_too_few_blocks_are_open_whatever_they_show() -> None:
    measured = ratio_measurement(REGRESSION, [1.0] * 9, [9.0] * 4, confidence=0.95, paired=False)
    assert "4 blocks on one side" in measured.unmeasurable
    assert CRITERION.judge(measured).status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("before", "after", "paired", "told"),
    [
        ([], [1.0], False, "needs blocks"),
        ([1.0], [], False, "needs blocks"),
        ([1.0, 2.0], [1.0], True, "no pairs"),
        ([0.0], [1.0], False, "not above 0"),
    ],
)
def test_what_is_no_comparison_is_refused(before, after, paired, told) -> None:
    with pytest.raises(UsageError, match=told):
        ratio_measurement(REGRESSION, before, after, confidence=0.95, paired=paired)


def test_fingerprints_differ_by_field() -> None:
    one = {"model": "a", "device": "cpu", "dtype": "float32"}
    assert differences(one, one) == ()
    assert differences(one, {"model": "b", "device": "cpu"}) == (
        "dtype was 'float32' and is 'not stated'",
        "model was 'a' and is 'b'",
    )
