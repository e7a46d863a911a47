"""What is made of Prometheus' answers, without a server."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.chaos.prometheus_alerts import firings
from clinigate.chaos.prometheus_api import Line
from clinigate.chaos.prometheus_coverage import Coverage, coverage_of, selectors
from clinigate.chaos.prometheus_indicators import bucket_quantile, share, split_ratio
from clinigate.core.criterion import Criterion, Relation
from clinigate.core.verdict import Status

AVAILABLE = Criterion("a", "a", Relation.AT_LEAST, 0.9)
FAST = Criterion("p", "p", Relation.AT_MOST, 0.1)


def vector(*values: float) -> tuple[Line, ...]:
    return tuple(Line({}, ((0.0, value),)) for value in values)


def buckets(**counts: float) -> tuple[Line, ...]:
    """`le_0_1=5` is five at most 0.1 s; `le_inf` is all."""
    names = {"le_inf": "+Inf"}
    return tuple(
        Line({"le": names.get(k, k[3:].replace("_", "."))}, ((0.0, v),)) for k, v in counts.items()
    )


def every(step: float, start: float, end: float) -> Line:
    count = int((end - start) / step)
    return Line({}, tuple((start + step * i, float(i)) for i in range(count + 1)))


@pytest.mark.parametrize(
    ("expression", "sides"),
    [
        ("a / b", ("a", "b")),
        ('sum(a{x="1/2"}) / sum(b)', ('sum(a{x="1/2"})', "sum(b)")),
        ("(a / b)", None),
        ("a / b / c", None),
        ("a", None),
        ("/ b", None),
        ('a{x="\\"/"} / b', ('a{x="\\"/"}', "b")),
    ],
)
def test_a_share_is_the_one_division_outside_of_brackets(
    expression: str, sides: tuple[str, str] | None
) -> None:
    assert split_ratio(expression) == sides


@given(st.text(max_size=30))
def test_any_text_is_split_or_not_and_never_breaks(text: str) -> None:
    sides = split_ratio(text)
    assert sides is None or all(sides)
    assert all(isinstance(each, str) for each in selectors(text))


def test_selectors_with_the_window_are_found_once_each() -> None:
    text = (
        'sum(increase(http_requests_total{code!~"5..",path="[x]"}[$window])) / '
        "sum(increase(http_requests_total[$window])) + rate(up[5m]) + sum(increase(up[$window]))"
    )
    assert selectors(text) == (
        'http_requests_total{code!~"5..",path="[x]"}',
        "http_requests_total",
        "up",
    )


def test_a_share_rounds_against_the_service() -> None:
    found = share("a", vector(99.7), vector(100.2), Coverage())
    assert (found.n, found.events) == (100, 99)
    assert AVAILABLE.judge(found).status is Status.PASS
    assert AVAILABLE.judge(share("a", vector(50), vector(100), Coverage())).status is Status.FAIL


@pytest.mark.parametrize(
    ("good", "total"),
    [((), ()), (vector(0), vector(0)), (vector(math.nan), vector(math.nan)), (vector(5), ())],
)
def test_no_data_is_no_pass(good: tuple[Line, ...], total: tuple[Line, ...]) -> None:
    verdict = AVAILABLE.judge(share("a", good, total, Coverage()))
    assert verdict.status is Status.INCONCLUSIVE
    assert "no data is no pass" in verdict.reason


def test_a_good_side_that_is_missing_counts_as_none_good() -> None:
    assert AVAILABLE.judge(share("a", (), vector(100), Coverage())).status is Status.FAIL


def test_what_the_data_itself_lacks_is_said_in_the_verdict() -> None:
    found = share("a", vector(100), vector(100), Coverage("up went stale"))
    assert AVAILABLE.judge(found).reason == "up went stale"


def test_a_percentile_is_bounded_by_the_edges_of_its_buckets() -> None:
    good = bucket_quantile("p", buckets(le_0_05=900, le_0_1=990, le_inf=1000), 0.95, Coverage())
    assert good.value == 0.1
    assert good.interval is not None
    assert (good.interval.low, good.interval.high) == (pytest.approx(0.05), 0.1)
    assert FAST.judge(good).status is Status.PASS
    slow = bucket_quantile("p", buckets(le_0_1=900, le_0_5=1000, le_inf=1000), 0.95, Coverage())
    assert slow.interval is not None
    assert slow.interval.low is not None
    assert slow.interval.low > 0.1
    worse = bucket_quantile(
        "p", buckets(le_0_1=100, le_0_2=200, le_0_5=1000, le_inf=1000), 0.95, Coverage()
    )
    assert FAST.judge(worse).status is Status.FAIL
    endless = bucket_quantile("p", buckets(le_0_1=100, le_inf=1000), 0.95, Coverage())
    assert endless.value is None
    assert FAST.judge(endless).status is not Status.PASS


@given(
    st.lists(st.integers(0, 50), min_size=3, max_size=3).filter(any),
    st.sampled_from([0.5, 0.95, 0.99]),
)
def test_the_true_percentile_lies_within_its_bucket(counts: list[int], q: float) -> None:
    values = sorted(
        value for count, value in zip(counts, (0.03, 0.08, 0.4), strict=True) for _ in range(count)
    )
    cumulative = [sum(value <= edge for value in values) for edge in (0.05, 0.1, 0.5)]
    lines = buckets(
        le_0_05=cumulative[0], le_0_1=cumulative[1], le_0_5=cumulative[2], le_inf=len(values)
    )
    found = bucket_quantile("p", lines, q, Coverage())
    exact = values[math.ceil(q * len(values)) - 1]
    assert found.value is not None
    assert exact <= found.value <= exact * 2
    if found.interval is not None and found.interval.low is not None:
        assert found.interval.low <= found.value


@pytest.mark.parametrize(
    "lines", [(), buckets(le_inf=0), buckets(le_0_1=5), buckets(le_0_1=math.nan, le_inf=math.nan)]
)
def test_buckets_without_a_whole_count_are_no_pass(lines: tuple[Line, ...]) -> None:
    assert FAST.judge(bucket_quantile("p", lines, 0.95, Coverage())).status is Status.INCONCLUSIVE


def test_whole_data_have_nothing_against_them() -> None:
    assert coverage_of("up", [every(1, 100.4, 130)], 100, 130) == Coverage()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([], "0 points in the window, too few"),
        ([every(1, 100, 101)], "2 points"),
        ([every(1, 100, 120)], "went stale: no point for 10.0 s"),
        ([every(1, 110, 130)], "has a hole: no point for 10.0 s"),
        ([every(1, 100, 110), every(1, 120, 130)], "has a hole"),
    ],
)
def test_a_gap_hides_what_happened_in_it(lines: list[Line], why: str) -> None:
    found = coverage_of("up", lines, 100, 130)
    assert found.missing is not None
    assert why in found.missing


def test_a_series_that_ends_while_others_go_on_is_a_caveat() -> None:
    found = coverage_of("up", [every(1, 100, 110), every(1, 100, 130)], 100, 130)
    assert found.missing is None
    assert "1 of 2 series ended" in found.caveats[0]


def test_the_first_firing_after_the_fault_counts_and_one_before_it_tells_nothing() -> None:
    def line(name: str, *times: float) -> Line:
        return Line({"alertname": name}, tuple((at, 1.0) for at in times))

    again, old, slow = firings(
        [
            line("Slow", 107, 108),
            line("Slow", 105),
            line("Old", 98, 99, 100, 101),
            line("Again", 80, 81, 104, 105),
        ],
        100,
    )
    assert (old.name, old.before) == ("Old", True)
    assert (slow.name, slow.after_s, slow.before) == ("Slow", 5, False)
    assert (again.name, again.after_s, again.before) == ("Again", 4, False)
    assert firings([line("Past", 80, 81)], 100)[0].before
