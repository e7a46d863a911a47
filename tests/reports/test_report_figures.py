"""Figures: every number stands where it belongs, no extreme is left out, and words say the same."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinigate.core.exhibit import Exhibit, Form, Mark, Series, Span
from clinigate.reports.build import build_report
from clinigate.reports.drawing import Drawing
from clinigate.reports.figures import draw
from clinigate.reports.html import render_html
from clinigate.reports.scales import height_scale, linear_scale, log_scale, tail_scale
from clinigate.reports.units import SHARE, words

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
HOLES = st.none() | NUMBERS


def timeline(*series: Series, **more: object) -> Exhibit:
    return Exhibit("m", Form.TIMELINE, "t", "s", "1", series, **more)  # type: ignore[arg-type]


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](\S+?) ([\d.]+)", path)]


@st.composite
def exhibits(make: st.DrawFn) -> Exhibit:
    """Any figure that the core lets through, of any form."""
    units = st.sampled_from(["1", "s", "1/s", "B", "W"])
    series = []
    for _ in range(make(st.integers(0, 3))):
        x = tuple(sorted(make(st.lists(NUMBERS, max_size=6))))
        y = tuple(make(HOLES) for _ in x)
        series.append(Series(make(st.text(max_size=5)), x, y, make(st.none() | units)))
    anything = st.floats()
    return Exhibit(
        "m",
        make(st.sampled_from(list(Form))),
        "t",
        make(units),
        make(units),
        tuple(series),
        spans=tuple(make(st.lists(st.builds(Span, st.text(max_size=3), anything, anything)))),
        marks=tuple(make(st.lists(st.builds(Mark, st.text(max_size=3), anything)))),
        limit=make(st.none() | anything),
    )


@given(exhibits())
def test_whatever_is_exhibited_is_drawn_inside_its_panels(exhibit: Exhibit) -> None:
    drawing = draw(exhibit)
    across = [*drawing.ticks, *drawing.shades, *drawing.flags]
    assert all(0 <= each.at <= 100 for each in across)
    assert all(0 <= bar.end <= 100 for bar in drawing.bars)
    for panel in drawing.panels:
        assert all(0 <= tick.at <= panel.height for tick in panel.ticks)
        for line in panel.lines:
            assert all(0 <= x <= 1000 and 0 <= y <= panel.height for x, y in points(line.path))
            assert all(0 <= x <= 100 and 0 <= y <= panel.height for x, y in line.dots)
    known = any(
        y is not None and max(abs(x), abs(y)) <= 1e15
        for series in exhibit.series
        for x, y in zip(series.x, series.y, strict=True)
    )
    assert known == bool(drawing.panels or drawing.bars)
    assert known != ("nothing was recorded for this figure" in drawing.notes)


def test_later_is_to_the_right_and_more_is_higher() -> None:
    (panel,) = draw(timeline(Series("a", (0.0, 5.0, 10.0), (0.0, 2.0, 1.0)))).panels
    assert points(panel.lines[0].path) == [(0, 190), (500, 0), (1000, 95)]
    assert [tick.label for tick in panel.ticks] == ["0", "0.5", "1", "1.5", "2"]


def test_a_hole_interrupts_the_line_and_a_lonely_point_stays_visible() -> None:
    y = (1.0, 1.0, None, 2.0, None, 2.0, 2.0)
    (panel,) = draw(timeline(Series("a", tuple(float(n) for n in range(7)), y))).panels
    assert panel.lines[0].path.count("M") == 3
    assert panel.lines[0].dots == ((50.0, 0.0),)


def test_a_long_line_keeps_its_spikes_and_says_that_it_was_thinned() -> None:
    y = [0.5] * 50_000
    y[31_111], y[44_444] = 9.0, 0.0
    drawing = draw(timeline(Series("load", tuple(float(n) for n in range(50_000)), tuple(y))))
    (panel,) = drawing.panels
    heights = [at for _, at in points(panel.lines[0].path)]
    assert len(heights) <= 600
    assert (min(heights), max(heights)) == (pytest.approx(19.0), 190.0)
    assert drawing.notes[-1].startswith("load: of 50,000 points 600 at most are drawn")


def test_each_unit_has_its_panel_and_the_limit_stands_in_its_own() -> None:
    x = (0.0, 1.0)
    drawing = draw(
        replace(
            timeline(Series("good", x, (50.0, 40.0), "1/s"), Series("p95", x, (0.01, 0.02))),
            y_unit="s",
            limit=0.05,
        )
    )
    rates, latency = drawing.panels
    assert (rates.caption, latency.caption) == ("per second", "latency")
    assert rates.limit is None
    assert latency.limit == (21.7, "limit 50 ms")
    assert (rates.lines[0].style, latency.lines[0].style) == ("good", "l0")


def test_times_that_differ_widely_stand_on_a_logarithmic_axis_and_it_says_so() -> None:
    wide = replace(timeline(Series("p95", (0.0, 1.0), (0.01, 5.0))), y_unit="s")
    (panel,) = draw(wide).panels
    assert panel.caption == "latency, logarithmic"
    assert [tick.label for tick in panel.ticks][:2] == ["10 ms", "100 ms"]


def test_spans_are_letters_marks_are_numbers_and_none_hides_another() -> None:
    drawing = draw(
        timeline(
            Series("a", (0.0, 30.0), (1.0, 1.0)),
            spans=(Span("fault", 8.0, 10.0),),
            marks=(Mark("applied", 8.0), Mark("seen", 8.1), Mark("undone", 10.0)),
        )
    )
    assert drawing.signs == (
        ("A", "fault, 8 s to 10 s"),
        ("1", "applied, at 8 s"),
        ("2", "seen, at 8.1 s"),
        ("3", "undone, at 10 s"),
    )
    assert [flag.sign for flag in drawing.flags if not flag.line] == ["A"]
    for row in range(8):
        places = [flag.at for flag in drawing.flags if flag.row == row]
        assert all(later - sooner >= 8 for sooner, later in pairwise(places))
    (shade,) = drawing.shades
    assert (shade.at, shade.at + shade.width) == (pytest.approx(26.67), pytest.approx(33.33))


def test_a_mark_that_came_a_hundred_times_has_one_sign_and_is_counted() -> None:
    marks = tuple(Mark("crisis missed", number / 10) for number in range(100))
    drawing = draw(timeline(Series("a", (0.0, 30.0), (1.0, 1.0)), marks=marks))
    assert drawing.signs == (("1", "crisis missed, at 0 s, 100 ms, 200 ms, 300 ms and 96 more"),)
    assert sum(flag.sign == "1" for flag in drawing.flags) <= 5
    assert len(drawing.flags) == 100


def test_bars_of_a_distribution_cover_its_bins() -> None:
    exhibit = Exhibit(
        "m", Form.DISTRIBUTION, "t", "s", "1", (Series("a", (0.1, 0.2, 0.3), (0.25, 0.75, None)),)
    )
    (panel,) = draw(exhibit).panels
    assert panel.lines[0].path == "M0 190L0 130.6H500L500 11.9H1000"
    assert panel.lines[0].area.endswith("V190Z")
    assert draw(exhibit).table.rows == (("100 ms", "25%"), ("200 ms", "75%"))


def test_a_budget_says_what_lies_beyond_its_limit() -> None:
    exhibit = Exhibit(
        "m",
        Form.BUDGET,
        "t",
        "1",
        "1",
        (Series("api", (0.0,), (0.003,)), Series("inference", (0.0,), (0.061,))),
        limit=0.05,
    )
    drawing = draw(exhibit)
    assert [(bar.name, bar.text, bar.beyond) for bar in drawing.bars] == [
        ("api", "0.3%", False),
        ("inference", "6.1%", True),
    ]
    assert drawing.bar_limit is not None
    assert drawing.bars[0].end < drawing.bar_limit[0] < drawing.bars[1].end


def test_percentiles_stand_by_their_nines() -> None:
    shares = (0.5, 0.9, 0.99, 0.999)
    exhibit = Exhibit(
        "m", Form.PERCENTILES, "t", "1", "s", (Series("a", shares, (0.1, 0.2, 0.3, 0.35)),)
    )
    drawing = draw(exhibit)
    assert [tick.label for tick in drawing.ticks] == ["50%", "90%", "99%", "99.9%"]
    at = [tick.at for tick in drawing.ticks]
    assert at[2] - at[1] == pytest.approx(at[3] - at[2], abs=0.02)
    assert drawing.table.rows[-1] == ("99.9%", "350 ms")


def test_a_long_table_of_percentiles_gives_those_that_people_ask_for() -> None:
    shares = tuple(number / 1000 for number in range(1, 1000))
    series = Series("a", shares, tuple(share / 10 for share in shares))
    rows = draw(Exhibit("m", Form.PERCENTILES, "t", "1", "s", (series,))).table.rows
    wanted = ["50%", "75%", "90%", "95%", "97.5%", "99%", "99.5%", "99.9%"]
    assert [row[0] for row in rows] == wanted


def test_long_tables_give_the_extremes_of_stretches() -> None:
    y = [1.0] * 1000
    y[555] = 7.0
    table = draw(timeline(Series("a", tuple(float(n) for n in range(1000)), tuple(y)))).table
    assert len(table.rows) == 20
    assert table.note == "1,000 places in 20 stretches: the lowest and the highest of each"
    assert [row[1] for row in table.rows if row[1] != "1"] == ["1 – 7"]


def test_the_description_tells_what_the_eye_sees() -> None:
    drawing = draw(
        replace(
            timeline(Series("p95", (0.0, 9.0), (0.01, 2.0)), spans=(Span("fault", 2.0, 4.0),)),
            y_unit="s",
            limit=0.1,
            marks=(Mark("recovered", 5.5),),
        )
    )
    assert drawing.description == (
        "p95: 10 ms to 2 s; fault from 2 s to 4 s; recovered at 5.5 s; limit 100 ms."
    )


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_ticks_are_few_ascend_and_stand_inside(one: float, other: float) -> None:
    low, high = sorted((one, other))
    for scale in (
        linear_scale(low, high, "s"),
        linear_scale(-low, high, "1", whole=True),
        log_scale(low, high, "s"),
        log_scale(low, high, "s", whole=True),
        height_scale([low, high], "s", most=6),
    ):
        values = [value for value, _ in scale.ticks]
        assert len(values) <= 13
        assert values == sorted(set(values))
        assert all(-1e-6 <= scale.at(value) <= 1 + 1e-6 for value in values)
        assert len({label for _, label in scale.ticks}) == len(values)


@given(st.floats(0, 1))
def test_an_axis_of_nines_ends_where_the_data_end(share: float) -> None:
    scale = tail_scale(share)
    assert all(math.isfinite(scale.at(value)) for value, _ in scale.ticks)
    assert 0 <= scale.at(share) <= 1


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (0.0, "s", "0 s"),
        (3.2e-5, "s", "32 µs"),
        (0.01234, "s", "12.3 ms"),
        (346.3, "s", "5.77 min"),
        (2.5, "s", "2.5 s"),
        (86_400.0, "s", "24 h"),
        (5 * 2**30, "B", "5 GiB"),
        (117_700.0, "1/s", "118,000/s"),
        (0.9999, SHARE, "99.99%"),
        (0.00309, SHARE, "0.309%"),
        (250.0, "W", "250 W"),
        (0.8, "1", "0.8"),
    ],
)
def test_numbers_are_said_in_the_unit_that_fits(value: float, unit: str, said: str) -> None:
    assert words(value, unit) == said


def test_the_section_is_there_with_figures_and_absent_without(examples: ModuleType) -> None:
    made = examples.reports()
    with_figures, without = render_html(made["experiments"]), render_html(made["clean"])
    assert with_figures.count('<figure class="card exhibit"') == 7
    assert '<a href="#figures">' in with_figures
    assert 'class="card exhibit' not in without
    assert '<a href="#figures">' not in without


def test_a_figure_stands_beside_the_criteria_of_its_metric(examples: ModuleType) -> None:
    figures: tuple[Drawing, ...] = build_report(examples.experiments()).figures
    assert figures[0].criteria == (("c1", "Service is back in five minutes"),)
    assert figures[1].criteria == ()


def test_strangers_words_in_a_figure_are_escaped(examples: ModuleType) -> None:
    bad = '<script>alert(1)</script>"\u202e'
    run = examples.experiments()
    exhibit = timeline(
        Series(bad, (0.0, 1.0), (1.0, 2.0), unit=bad),
        spans=(Span(bad, 0.0, 1.0),),
        marks=(Mark(bad, 0.5),),
    )
    hostile = replace(exhibit, title=bad, note=bad, metric=bad, x_unit=bad)
    seen = replace(run.observations[0], about=hostile)
    page = render_html(build_report(replace(run, observations=(seen,), verdicts=())))
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "[U+202E]" in page
