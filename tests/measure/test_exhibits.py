"""A figure's numbers are those of the run: nothing invented, no extreme left out."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.exhibit import Form, Mark, Span
from clinigate.errors import UsageError
from clinigate.measure.exhibits import (
    budget_exhibit,
    distribution_exhibit,
    percentiles_exhibit,
    thin,
    timeline_exhibit,
)
from clinigate.measure.histogram import Histogram
from clinigate.measure.timelinefile import Sample

SECONDS = st.lists(st.floats(0, 1e4), min_size=1, max_size=60)


def of(seconds):
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


def due(at, *, ok=True, took=0.01):
    return Sample(at, at, at + took, ok, "ok" if ok else "refused")


@given(first=SECONDS, second=SECONDS)
def test_every_request_is_in_one_bin_of_a_distribution(first, second):
    figure = distribution_exhibit("m", {"a": of(first), "b": of(second)}, title="t", limit=0.1)
    assert figure.marks == (Mark("limit", 0.1),)
    for series, values in zip(figure.series, (first, second), strict=True):
        assert series.y[-1] is None
        assert sum(series.y[:-1]) == pytest.approx(1)
        assert list(series.x) == sorted(set(series.x))
        assert len(series.x) <= 61
        for share, low, high in zip(series.y, series.x, series.x[1:], strict=False):
            inside = sum(low * 1.002 <= value < high * 0.998 for value in values)
            around = sum(low * 0.998 <= value < high * 1.002 or value < 1e-6 for value in values)
            assert inside <= round(share * len(values)) <= around


@given(SECONDS)
def test_percentiles_rise_and_end_before_the_slowest(values):
    (series,) = percentiles_exhibit("m", of(values), title="t").series
    assert list(series.y) == sorted(series.y)
    assert all(0 < share <= 1 - 1 / len(values) + 1e-9 or share == 0.5 for share in series.x)
    assert series.y[-1] <= max(values) * 1.001 + 1e-9


def test_a_timeline_counts_every_request_where_it_was_due():
    samples = [due(n / 10, ok=not 50 <= n < 80, took=2.0 if n == 60 else 0.01) for n in range(200)]
    figure = timeline_exhibit(
        "m", samples, title="t", spans=(Span("fault", 5, 8),), marks=(Mark("r", 8),), limit=0.1
    )
    good, bad, p95, slowest = figure.series
    assert (figure.form, figure.y_unit, good.unit, p95.unit) == (Form.TIMELINE, "s", "1/s", None)
    assert figure.note == "each point sums up 0.5 s"
    assert sum(good.y) * 0.5 == pytest.approx(170)
    assert sum(bad.y) * 0.5 == pytest.approx(30)
    assert [x for x, y in zip(bad.x, bad.y, strict=True) if y] == [
        5.25,
        5.75,
        6.25,
        6.75,
        7.25,
        7.75,
    ]
    assert max(slowest.y) == pytest.approx(2.0)
    assert max(p95.y) == pytest.approx(2.0)


def test_a_prober_that_was_late_shows_it():
    samples = [due(n / 10) for n in range(50)]
    samples[20] = Sample(2.0, 2.3, 2.31, True, "ok")
    *_, late = timeline_exhibit("m", samples, title="t").series
    assert (late.name, max(late.y)) == ("sent late by", pytest.approx(0.3))


def test_a_step_without_requests_has_no_latency():
    quiet = timeline_exhibit("m", [due(n / 10) for n in (*range(50), *range(100, 150))], title="t")
    _, _, p95, _ = quiet.series
    assert p95.y.count(None) == 5
    assert p95.x == tuple(n + 0.5 for n in range(15))


@given(length=st.floats(1, 1e6), n=st.integers(1, 300))
def test_a_timeline_has_few_enough_points_whatever_its_length(length, n):
    figure = timeline_exhibit("m", [due(k * length / n) for k in range(n)], title="t")
    good = figure.series[0]
    assert len(good.x) <= 242
    step = float(figure.note.split()[-2])
    assert sum(good.y) * step == pytest.approx(n)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=300), st.integers(4, 100))
def test_a_thinned_line_keeps_its_extremes_and_invents_nothing(y, most):
    x = tuple(float(number) for number in range(len(y)))
    thin_x, thin_y = thin(x, y, most)
    assert len(thin_x) == len(thin_y) <= max(most, 4)
    assert list(thin_x) == sorted(set(thin_x))
    assert all(y[int(at)] == value for at, value in zip(thin_x, thin_y, strict=True))
    known = [value for value in y if value is not None]
    kept = [value for value in thin_y if value is not None]
    assert (not known) == (not kept)
    if known:
        assert (min(kept), max(kept)) == (min(known), max(known))


def test_a_budget_is_a_bar_for_each_name():
    figure = budget_exhibit("m", {"this run": 0.27, "allowed": 1.4}, title="t", limit=1.0)
    assert [(s.name, s.y) for s in figure.series] == [("this run", (0.27,)), ("allowed", (1.4,))]
    assert figure.form is Form.BUDGET


def test_nothing_is_no_figure():
    for call in (
        lambda: distribution_exhibit("m", Histogram(), title="t"),
        lambda: percentiles_exhibit("m", {}, title="t"),
        lambda: timeline_exhibit("m", [], title="t"),
        lambda: budget_exhibit("m", {}, title="t"),
    ):
        with pytest.raises(UsageError, match=r"^m: "):
            call()


def test_one_request_is_a_figure():
    assert percentiles_exhibit("m", of([0.2]), title="t").series[0].x == (0.5,)
    assert timeline_exhibit("m", [due(3.0)], title="t").series[0].y == (pytest.approx(10),)
    (series,) = distribution_exhibit("m", of([0.0]), title="t").series
    assert series.y == (1.0, None)
    assert math.isfinite(series.x[0])
