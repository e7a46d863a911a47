"""Plots: every mark stands inside, in order, and on the right side of the limit."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from clinigate.reports.model import Figures
from clinigate.reports.plot import Axis, axis_for, plot

NUMBER = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


@given(st.booleans(), NUMBER, NUMBER, NUMBER, NUMBER)
def test_marks_keep_their_order_inside_the_plot(
    caps: bool, limit: float, low: float, value: float, high: float
) -> None:
    low, value, high = sorted((low, value, high))
    figures = Figures(limit=limit, caps=caps, value=value, low=low, high=high)
    drawn = plot(figures)
    assert drawn.bar is not None
    assert drawn.value is not None
    assert 2 <= drawn.bar[0] <= drawn.bar_end <= 98.01
    assert drawn.bar[0] - 0.01 <= drawn.value <= drawn.bar_end + 0.01
    assert 2 <= drawn.limit <= 98
    assert all(0 <= tick.x <= 100 for tick in drawn.ticks)
    assert len(drawn.ticks) <= 6


@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_a_rate_is_drawn_in_the_shade_exactly_if_it_keeps_the_limit(
    value: float, limit: float, caps: bool
) -> None:
    assume(abs(value - limit) > 1e-3)
    figures = Figures(limit=limit, caps=caps, value=value, floor=0.0, ceiling=1.0)
    drawn = plot(figures)
    assert drawn.value is not None
    start, width = drawn.good
    inside = start <= drawn.value <= start + width
    assert inside == ((value < limit) if caps else (value > limit))


def test_ticks_are_round_and_latencies_in_milliseconds() -> None:
    latency = Figures(limit=0.1, caps=True, unit="s", value=0.08, high=0.09, floor=0.0)
    assert [tick.label for tick in plot(latency).ticks] == ["0 ms", "50 ms", "100 ms"]
    recovery = Figures(limit=300.0, caps=True, unit="s", value=4.1, floor=0.0)
    assert [tick.label for tick in plot(recovery).ticks] == ["0 s", "100 s", "200 s", "300 s"]
    rate = Figures(limit=0.001, caps=True, value=0.0, low=0.0, high=0.00094, floor=0.0, ceiling=1.0)
    assert [tick.label for tick in plot(rate).ticks] == ["0", "0.0005", "0.001"]


def test_an_open_side_runs_to_the_edge_and_no_interval_is_no_bar() -> None:
    assert plot(Figures(limit=1.0, caps=True, high=0.5, floor=0.0)).bar is not None
    half = plot(Figures(limit=0.5, caps=False, low=0.2, value=0.4, ceiling=1.0))
    assert half.bar is not None
    assert half.bar_end == 98
    assert plot(Figures(limit=0.5, caps=False, value=0.4)).bar is None


def test_one_axis_holds_all_parts() -> None:
    parts = [Figures(limit=0.1, caps=True, value=v, floor=0.0, ceiling=1.0) for v in (0.0, 0.9)]
    assert axis_for(parts) == Axis(0.0, 1.0)


def test_everything_at_one_point_still_has_an_axis() -> None:
    assert plot(Figures(limit=0.0, caps=True, value=0.0, floor=0.0)).limit == 2
    assert axis_for([Figures(limit=1.0, caps=False, value=1.0, ceiling=1.0)]).low < 1
